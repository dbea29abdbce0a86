"""Nothing bounds the life of an old process: there is no `hard-stop-after`.

## What it does

Finds configurations without `hard-stop-after` (or with 0, which is the same). It is a warning where connections can be
seen to last: tunnels are routed, a tunnel or TCP session may be silent for an hour, timeouts are missing, or an old
process is alive now. Elsewhere it is a note.

## Why it drops connections

An old process lives until its last connection ends. Each reload can add one, with its memory, descriptors, source ports
and a list of servers that is never checked again, until the host runs out of something and new connections fail.
Before HAProxy 3.3 no number of reloads ends them either (`mworker-max-reloads` is unlimited by default).

## Example

```cfg
global
    maxconn 10000

defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
    timeout tunnel 8h

backend app
    server a 192.0.2.1:80
```

## Use instead

```cfg
global
    maxconn 10000
    hard-stop-after 30m

defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
    timeout tunnel 8h

backend app
    server a 192.0.2.1:80
```

## Known problems

The right value is that of the longest session that is worth waiting for.

## Fix safety

Unsafe: what lives longer than the value after a reload is cut.

## References

- HAProxy 2.8 configuration.txt section 3.1 `hard-stop-after` and `mworker-max-reloads`
- https://github.com/haproxy/haproxy/issues/155, https://github.com/haproxy/haproxy/issues/2371
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.edits import add_to_global, replace_line
from hitless.audit.rule import Need, Rule
from hitless.findings import Evidence, Finding, Fix, Place, Safety, Severity
from hitless.subject.lifetimes import (
    HOUR_S,
    global_time,
    hard_stop,
    old_processes,
    spell,
    suggested_hard_stop_s,
    timeout_of,
    tunnel_users,
)
from hitless.subject.places import config_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.config.model import Proxy
    from hitless.subject import Subject

_YOUNG_S = 60.0
_MODES = frozenset({"http", "tcp"})
_PRICES = (
    "a short hard stop: few old processes, but requests and tunnels that last longer are cut",
    "a long hard stop or none: nothing is cut; memory, descriptors and source ports of several generations add up",
)


def _check(subject: Subject) -> Iterator[Finding]:
    if hard_stop(subject) is not None:
        return
    reasons = [*_alive(subject), *_lasting(subject)]
    text = f"hard-stop-after {spell(suggested_hard_stop_s(subject))}"
    zero = global_time(subject, "hard-stop-after")
    if zero:
        edits = replace_line(subject, zero.where, text)
    else:
        edits = add_to_global(subject, text, beside=("maxconn", "hard-stop-after"))
    yield RULE.finding(
        subject,
        "nothing ends an old process after a reload: its last connection decides how long it lives",
        severity=Severity.WARNING if reasons else Severity.NOTE,
        place=config_place(subject, zero.where) if zero else _global_place(subject),
        evidence=tuple(reasons[:6]),
        fix=Fix(summary=f"`{text}` in `global`", safety=Safety.UNSAFE, edits=edits),
        prices=_PRICES,
    )


def _global_place(subject: Subject) -> Place:
    for file, section in subject.sections("global"):
        return config_place(subject, file.where(section.header))
    return Place(file=subject.files[0].filename)


def _alive(subject: Subject) -> Iterator[Evidence]:
    for process, since_s in old_processes(subject):
        if since_s > _YOUNG_S:
            yield Evidence(
                text=f"process {process.pid} was replaced {spell(float(int(since_s)))} ago and is still alive",
                source=f"/proc/{process.pid}/stat",
            )


def _lasting(subject: Subject) -> Iterator[Evidence]:
    for proxy, line in tunnel_users(subject):
        where = line.where if line else proxy.where
        yield Evidence(text=f"{proxy.kind} {proxy.name} carries WebSocket or other tunnels", source=where)
    seen: set[str] = set()
    for proxy in subject.model.proxies:
        for text, where in _long_timeouts(proxy):
            if where not in seen:
                seen.add(where)
                yield Evidence(text=text, source=where)


def _long_timeouts(proxy: Proxy) -> Iterator[tuple[str, str]]:
    if proxy.disabled or proxy.mode not in _MODES:
        return
    tunnel = timeout_of(proxy, "tunnel")
    if proxy.servers and tunnel and tunnel.seconds >= HOUR_S:
        yield f"timeout tunnel {spell(tunnel.seconds)}", tunnel.where
    for name, used in (("client", proxy.binds), ("server", proxy.servers)):
        timeout = timeout_of(proxy, name)
        if not used or (name == "server" and tunnel and proxy.mode == "tcp"):
            continue
        if timeout is None:
            yield f"{proxy.kind} {proxy.name} has no `timeout {name}`", proxy.where
        elif proxy.mode == "tcp" and timeout.seconds >= HOUR_S and not tunnel:
            yield f"timeout {name} {spell(timeout.seconds)} in mode tcp", timeout.where


RULE = Rule(
    code="HL203",
    name="no-hard-stop-after",
    severity=Severity.WARNING,
    summary="nothing bounds the life of an old process",
    versions="1.8 and later",
    needs=frozenset({Need.CONFIGURATION}),
    check=_check,
)
