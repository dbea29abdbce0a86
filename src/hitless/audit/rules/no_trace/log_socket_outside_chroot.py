"""HAProxy logs to a socket that does not exist inside its chroot.

## What it does

Compares `log` targets that are paths with `chroot`: inside, the socket must exist at the same path, as a socket of
the syslog daemon or bound there by the unit (`BindReadOnlyPaths=`).

## Why it drops connections

HAProxy opens the log socket when it writes the first line, after it has changed its root. If there is no socket, it
says so once on standard error, and from then on every line is lost without a word. Nobody can tell afterwards whom a
reload hurt.

## Example

```cfg
global
    log /dev/log local0
    chroot /var/lib/haproxy
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
  "paths": [{"path": "/var/lib/haproxy/dev/log", "kind": "missing"}]}
```

## Use instead

```cfg
global
    log /dev/log local0
    chroot /var/lib/haproxy
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
  "paths": [{"path": "/var/lib/haproxy/dev/log", "kind": "missing"}]}
```

```unit
[Service]
BindReadOnlyPaths=/dev/log:/var/lib/haproxy/dev/log
ExecStart=/usr/sbin/haproxy -Ws -f /etc/haproxy/haproxy.cfg
```

## Known problems

None known.

## Fix safety

Safe: the drop-in binds /dev/log into the chroot. It takes effect when the service is started the next time.

## References

- HAProxy 2.8 configuration.txt section 3.1 `chroot`, section 4.2 `log`
- tried on 2.2 to 3.2: "sendmsg()/writev() failed in logger #1: No such file or directory", once; no line arrives
- Debian 12 haproxy.service: BindReadOnlyPaths=/dev/log:/var/lib/haproxy/dev/log; systemd.exec(5)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.findings import (
    Evidence,
    Finding,
    Fix,
    Safety,
    Severity,
    UnitEdit,
)
from hitless.subject.places import config_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.config.model import LogTarget
    from hitless.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    line = subject.model.global_value("chroot")
    root = line.words[1].rstrip("/") if line is not None and len(line.words) > 1 else ""
    if not root:
        return
    seen: set[str] = set()
    for target in _targets(subject):
        path = target.address.host
        if target.address.kind == "unix" and path.startswith("/") and path not in seen:
            seen.add(path)
            missing = _missing(subject, root + path)
            if missing:
                yield _finding(subject, target, root, missing)


def _targets(subject: Subject) -> Iterator[LogTarget]:
    yield from subject.model.log_targets
    for proxy in subject.frontends:
        yield from proxy.log_targets


def _missing(subject: Subject, inside: str) -> Evidence | None:
    """Return what shows that nobody receives at the path inside the chroot; None where somebody may."""
    host, logging = subject.host, subject.host.logging if subject.host else None
    bound = any(
        inside == to or inside.startswith(to.rstrip("/") + "/")
        for to in (_destination(path) for path in (subject.unit.bind_paths if subject.unit else ()))
    )
    if host is None or logging is None or bound or inside in (logging.unix_datagram_sockets or ()):
        return None
    if subject.unit is None and host.systemd:
        return None  # A unit that could not be seen may bind it there.
    if logging.daemon and any(inside in file.text for file in logging.files):
        return None
    fact = host.path(inside)
    if fact is not None and fact.kind in {"missing", "file", "directory"}:
        return Evidence(text=f"{inside}: {fact.kind}, no socket", source=f"stat({inside})")
    if fact is None and logging.unix_datagram_sockets:
        return Evidence(text=f"no datagram socket is bound to {inside}", source="/proc/net/unix")
    return None


def _destination(bind_path: str) -> str:
    """Return where a BindPaths= entry "SOURCE[:DESTINATION[:OPTIONS]]" appears."""
    parts = bind_path.removeprefix("-").split(":")
    return parts[1] if len(parts) > 1 else parts[0]


def _finding(subject: Subject, target: LogTarget, root: str, missing: Evidence) -> Finding:
    path, unit = target.address.host, subject.unit
    setting = f"BindReadOnlyPaths={path}:{root}{path}"
    edits = (UnitEdit(unit=unit.name, section="Service", lines=(setting,)),) if unit is not None else ()
    return RULE.finding(
        subject,
        f"HAProxy runs in {root} and there is no {root}{path}: every log line is lost",
        place=config_place(subject, target.where, path),
        evidence=(missing,),
        fix=Fix(
            summary=f"`{setting}` in the unit (from the next start on), or "
            f"`$AddUnixListenSocket {root}{path}` in rsyslog",
            safety=Safety.SAFE if edits else Safety.MANUAL,
            edits=edits,
            commands=("systemctl daemon-reload",) if edits else ("systemctl restart rsyslog",),
        ),
    )


RULE = Rule(
    code="HL702",
    name="log-socket-outside-chroot",
    severity=Severity.WARNING,
    summary="the log socket does not exist inside the chroot",
    versions="all",
    needs=frozenset({Need.CONFIGURATION, Need.LOGGING}),
    check=_check,
)
