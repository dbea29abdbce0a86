"""An old process goes on routing on server states that it no longer checks.

## What it does

Finds HTTP frontends that keep idle connections across a reload (`option idle-close-on-response`, or
`close-spread-time`) in front of servers with `check`, where neither a timeout nor `hard-stop-after` ends those
connections within a minute.

## Why it drops connections

An old process stops its health checks at once. A request that arrives on a connection that it still holds goes to a
server that may be long gone: 503, termination state `SC`. Tried on 2.6.12, 2.8.25, 3.0.11 and 3.2.26: no check is sent
after the soft stop.

## Example

```cfg
defaults
    mode http
    option idle-close-on-response
    timeout connect 5s
    timeout client 10m
    timeout server 30s

frontend www
    bind :80
    default_backend app

backend app
    server a 192.0.2.1:80 check
```

## Use instead

```cfg
global
    hard-stop-after 60s

defaults
    mode http
    option idle-close-on-response
    timeout connect 5s
    timeout client 30s
    timeout http-keep-alive 10s
    timeout server 30s

frontend www
    bind :80
    default_backend app

backend app
    server a 192.0.2.1:80 check
```

## Known problems

With `option idle-close-on-response` each connection gives one more request to the old process, not more.

## Fix safety

Unsafe: idle connections are closed sooner, on a reload or not.

## References

- HAProxy 2.8 src/check.c: checks of stopped proxies are not scheduled again (8bca3cc8c, 2.8-dev12, in 2.6.12 too)
- https://github.com/haproxy/haproxy/issues/3330, https://github.com/ray-project/ray/pull/63996
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.edits import add_to_section, replace_line
from hitless.audit.rule import Need, Rule
from hitless.findings import Evidence, Finding, Fix, Safety, Severity
from hitless.subject.lifetimes import (
    backends_of,
    global_time,
    hard_stop,
    idle_between_requests,
    spell,
    timeout_of,
)
from hitless.subject.places import config_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.config.model import Proxy
    from hitless.subject import Subject

_SHORT_S = 60.0
_LONG_S = 600.0
_KEEP = "idle-close-on-response"


def _check(subject: Subject) -> Iterator[Finding]:
    stop = hard_stop(subject)
    if stop is not None and stop.seconds <= _SHORT_S:
        return
    spread = global_time(subject, "close-spread-time")
    found: dict[str, list[tuple[Proxy, str]]] = {}
    for frontend in subject.frontends:
        idle = idle_between_requests(frontend)
        keeps = _KEEP in frontend.options or (spread is not None and spread.seconds > _SHORT_S)
        checked = [s for b in backends_of(subject, frontend) for s in b.servers if s.has("check")]
        if frontend.mode == "http" and keeps and checked and idle and idle.seconds > _SHORT_S:
            found.setdefault(idle.where, []).append((frontend, checked[0].where))
    for where, frontends in found.items():
        yield _finding(subject, where, frontends, bounded=stop is not None)


def _finding(subject: Subject, where: str, frontends: list[tuple[Proxy, str]], *, bounded: bool) -> Finding:
    frontend, server = frontends[0]
    idle = idle_between_requests(frontend)
    seconds = idle.seconds if idle else 0.0
    more = f" and {len(frontends) - 1} more" if len(frontends) > 1 else ""
    text = "timeout http-keep-alive 10s"
    own = timeout_of(frontend, "http-keep-alive")
    if own:
        edits = replace_line(subject, own.where, text)
    else:
        edits = add_to_section(subject, frontend.defaults_where or frontend.where, text, beside=("timeout",))
    return RULE.finding(
        subject,
        f"{frontend.kind} {frontend.name}{more} may hand an old process a request {spell(seconds)} after it stopped "
        "checking servers",
        severity=Severity.WARNING if seconds >= _LONG_S and not bounded else Severity.NOTE,
        place=config_place(subject, where, "timeout"),
        evidence=(
            Evidence(text=f"idle connections may live for {spell(seconds)}", source=where),
            Evidence(text="the server is chosen by health checks", source=server),
        ),
        fix=Fix(summary=f"`{text}`, or a short `hard-stop-after`", safety=Safety.UNSAFE, edits=edits),
    )


RULE = Rule(
    code="HL205",
    name="frozen-server-list",
    severity=Severity.NOTE,
    summary="an old process routes on server states that it no longer checks",
    versions="2.6 and later",
    needs=frozenset({Need.CONFIGURATION}),
    check=_check,
)
