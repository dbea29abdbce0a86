"""`option idle-close-on-response` keeps idle connections, and nothing ends them.

## What it does

Finds HTTP frontends with the option whose idle connections may last an hour or more (`timeout http-keep-alive`, else
`timeout http-request`, else `timeout client`), or for ever, where there is no `hard-stop-after`.

## Why it drops connections

With the option the old process waits for the next request of each idle connection. A client that keeps its pool open
and is silent holds the old process for as long as the timeout allows, and generations add up. When such a client speaks
at last, its request is served by a configuration and a list of servers of long ago.

## Example

```cfg
defaults
    mode http
    option idle-close-on-response
    timeout connect 5s
    timeout client 4h
    timeout server 30s

frontend www
    bind :80
```

## Use instead

```cfg
defaults
    mode http
    option idle-close-on-response
    timeout connect 5s
    timeout client 4h
    timeout http-keep-alive 60s
    timeout server 30s

frontend www
    bind :80
```

## Known problems

A keep-alive timeout that is shorter than that of the clients or of a load balancer in front moves the race between
close and reuse from the reload to every idle connection.

## Fix safety

Unsafe: idle connections are closed sooner, on a reload or not.

## References

- HAProxy 2.8 configuration.txt section 4.2 `option idle-close-on-response`, `timeout http-keep-alive`
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.edits import add_to_section, replace_line
from hitless.audit.idle_close import IDLE_CLOSE
from hitless.audit.keep_alive import keeps_http1_alive
from hitless.audit.rule import Need, Rule
from hitless.findings import Evidence, Finding, Fix, Safety, Severity
from hitless.subject.lifetimes import HOUR_S, global_time, hard_stop, idle_between_requests, spell
from hitless.subject.places import config_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.config.model import Proxy
    from hitless.findings import ConfigEdit
    from hitless.subject import Subject

_TEXT = "timeout http-keep-alive 60s"


def _check(subject: Subject) -> Iterator[Finding]:
    spread = global_time(subject, "close-spread-time")
    if hard_stop(subject) is not None or (spread and spread.seconds):
        return
    found: dict[str, list[Proxy]] = {}
    for proxy in subject.frontends:
        if IDLE_CLOSE in proxy.options and keeps_http1_alive(subject, proxy):
            idle = idle_between_requests(proxy)
            if idle is None or idle.seconds >= HOUR_S:
                where = idle.where if idle else proxy.defaults_where or proxy.where
                found.setdefault(where, []).append(proxy)
    for where, proxies in found.items():
        yield _finding(subject, where, proxies)


def _finding(subject: Subject, where: str, proxies: list[Proxy]) -> Finding:
    proxy = proxies[0]
    idle = idle_between_requests(proxy)
    how_long = f"for {spell(idle.seconds)}" if idle else "for ever"
    more = f" and {len(proxies) - 1} more" if len(proxies) > 1 else ""
    return RULE.finding(
        subject,
        f"an idle connection to {proxy.kind} {proxy.name}{more} may hold an old process {how_long}",
        place=config_place(subject, where, "timeout" if idle else ""),
        evidence=(
            Evidence(text=f"option {IDLE_CLOSE}, no hard-stop-after", source=proxy.options[IDLE_CLOSE].where),
        ),
        fix=Fix(
            summary=f"`{_TEXT}`, or `hard-stop-after` in `global`",
            safety=Safety.UNSAFE,
            edits=_edits(subject, proxies),
        ),
    )


def _edits(subject: Subject, proxies: list[Proxy]) -> tuple[ConfigEdit, ...]:
    edits: list[ConfigEdit] = []
    lines = [p.timeouts["http-keep-alive"].where for p in proxies if "http-keep-alive" in p.timeouts]
    for where in dict.fromkeys(lines):
        edits += replace_line(subject, where, _TEXT)
    sections = [p.defaults_where or p.where for p in proxies if "http-keep-alive" not in p.timeouts]
    for where in dict.fromkeys(sections):
        edits += add_to_section(subject, where, _TEXT, beside=("timeout",))
    return tuple(edits)


RULE = Rule(
    code="HL510",
    name="idle-close-without-bound",
    severity=Severity.WARNING,
    summary="idle connections that are kept for their next request have no end",
    versions="2.6 and later",
    needs=frozenset({Need.CONFIGURATION}),
    check=_check,
)
