"""Nobody receives what HAProxy logs.

## What it does

Compares `log` targets on this host (a loopback address over UDP, or a path) with the sockets that are bound.

## Why it drops connections

A datagram to a port that nobody has bound is gone, and HAProxy does not say so. Tutorials write `log 127.0.0.1
local0`, and the syslog daemon of the distribution has no UDP input: no line of the whole year was kept, and nobody
can tell afterwards whom a reload hurt.

## Example

```cfg
global
    log 127.0.0.1:514 local0
defaults
    log global
    mode http
    option httplog
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend www
    bind :80
    default_backend app
backend app
    server a 192.0.2.1:80
```

```json host
{"logging": {"daemon": "rsyslogd", "dev_log": {"path": "/dev/log", "kind": "socket"},
  "udp_listeners": [],
  "unix_datagram_sockets": ["/run/systemd/journal/dev-log"]},
  "paths": []}
```

## Use instead

```cfg
global
    log 127.0.0.1:514 local0
defaults
    log global
    mode http
    option httplog
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend www
    bind :80
    default_backend app
backend app
    server a 192.0.2.1:80
```

```json host
{"logging": {"daemon": "rsyslogd", "dev_log": {"path": "/dev/log", "kind": "socket"},
  "udp_listeners": ["127.0.0.1:514"],
  "unix_datagram_sockets": ["/run/systemd/journal/dev-log"]},
  "paths": []}
```

## Known problems

A receiver in another network namespace is not seen. Targets on other hosts are not tried.

## Fix safety

Unsafe where the target can become /dev/log: lines are written from then on, which takes room on the disk. Elsewhere
manual.

## References

- HAProxy 2.8 configuration.txt section 4.2 `log`
- Debian 12 /etc/rsyslog.conf: `imudp` is commented out
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.edits import replace_line
from hitless.audit.rule import Need, Rule
from hitless.findings import (
    Evidence,
    Finding,
    Fix,
    Safety,
    Severity,
)
from hitless.subject.places import config_line, config_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.config.model import Address, LogTarget
    from hitless.facts import LoggingFacts
    from hitless.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    logging = subject.host.logging if subject.host else None
    if logging is None or not (logging.daemon or logging.dev_log or logging.udp_listeners):
        return  # Nothing of the host's logging was seen.
    seen: set[str] = set()
    for target in (
        *subject.model.log_targets,
        *(t for proxy in subject.frontends for t in proxy.log_targets),
    ):
        address = target.address
        if target.where in seen or not _is_missing(subject, logging, address):
            continue
        seen.add(target.where)
        place = config_place(subject, target.where, address.text)
        what = f"{address.host}:{address.port}" if address.kind != "unix" else address.host
        yield RULE.finding(
            subject,
            f"nobody receives what is logged to {what}",
            place=place,
            evidence=(_evidence(address, logging),),
            fix=_fix(subject, target, logging),
        )


def _is_missing(subject: Subject, logging: LoggingFacts, address: Address) -> bool:
    if address.kind in {"udp", "ip", "name"} and _is_loopback(address.host):
        if logging.udp_listeners is None:
            return False  # Who receives could not be seen.
        return not any(_receives(endpoint, address) for endpoint in logging.udp_listeners)
    if address.kind != "unix" or subject.in_global("chroot") or subject.host is None:
        return False
    fact = subject.host.path(address.host)
    if fact is None and logging.dev_log is not None and logging.dev_log.path == address.host:
        fact = logging.dev_log
    return fact is not None and fact.kind == "missing"


def _is_loopback(host: str) -> bool:
    return host in {"::1", "localhost"} or host.startswith("127.")


def _receives(endpoint: str, address: Address) -> bool:
    host, _, port = endpoint.rpartition(":")
    host = host.strip("[]")
    # A socket bound to :: receives IPv4 too, unless it is IPv6 only, which is not visible here.
    same = host in {address.host, "::", "*", ""} or host.startswith("0.") or address.host == "localhost"
    return port == str(address.port) and same


def _evidence(address: Address, logging: LoggingFacts) -> Evidence:
    if address.kind == "unix":
        return Evidence(text=f"{address.host} does not exist", source=f"stat({address.host})")
    bound = ", ".join((logging.udp_listeners or ())[:8]) or "none"
    return Evidence(text=f"UDP sockets that receive: {bound}", source="/proc/net/udp, /proc/net/udp6")


def _fix(subject: Subject, target: LogTarget, logging: LoggingFacts) -> Fix:
    summary = "let the syslog daemon receive there (rsyslog: module imudp), or log to /dev/log"
    found = config_line(subject, target.where)
    present = logging.dev_log is not None and logging.dev_log.kind == "socket"
    if found is None or not present or target.address.kind == "unix" or subject.in_global("chroot"):
        return Fix(summary=summary)
    body = found[0].line(found[1]).body.decode("utf-8", "surrogateescape")
    text = body.replace(target.address.text, "/dev/log", 1)
    if text == body:
        return Fix(summary=summary)
    return Fix(summary=f"`{text}`", safety=Safety.UNSAFE, edits=replace_line(subject, target.where, text))


RULE = Rule(
    code="HL703",
    name="log-target-without-receiver",
    severity=Severity.WARNING,
    summary="nobody receives what HAProxy logs",
    versions="all",
    needs=frozenset({Need.CONFIGURATION, Need.LOGGING}),
    check=_check,
)
