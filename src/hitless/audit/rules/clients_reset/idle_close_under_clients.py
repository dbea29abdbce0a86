"""Idle keep-alive connections are closed under clients at every reload.

## What it does

Finds frontends in HTTP mode without `option idle-close-on-response`, and without a `close-spread-time` in `global`,
which is the other choice. Frontends that keep no HTTP/1 connection open are left out: with `option httpclose` or
`Connection: close` on every response, with a keep-alive timeout of a tenth of a second or less, with nothing but
HTTP/2 or QUIC, and those that serve HAProxy's own statistics only.

## Why it drops connections

Since 2.4 a soft stop closes idle keep-alive connections within 80 ms. A client that sends on a pooled connection
without looking loses that request: 1589 of 1600 kept-alive connections in eight reloads, with master-worker and socket
transfer all in place. Clients that retry silently (Go, browsers) hide it, which is why the usual test sees nothing.

## Example

```cfg
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s

frontend www
    bind :80
    default_backend app

backend app
    server a 192.0.2.1:80
```

## Use instead

```cfg
defaults
    mode http
    option idle-close-on-response
    timeout connect 5s
    timeout client 30s
    timeout server 30s

frontend www
    bind :80
    default_backend app

backend app
    server a 192.0.2.1:80
```

## Known problems

HTTP/2 connections get a GOAWAY either way; the option changes nothing for them. `option http-server-close` closes
connections to servers only: clients are kept, and the rule holds (tried on 2.6.12 to 3.2.26). Whether clients look
before they reuse a connection is not visible in a configuration: `hitless prove` measures it.

## Fix safety

Safe: idle connections stay until their next response or their timeout (`timeout http-keep-alive`, `timeout client`),
and the old worker lives as long as the last of them; `hard-stop-after` bounds that. Unsafe where
neither bounds it within an hour.

## References

- HAProxy 2.8 configuration.txt section 4.2 `option idle-close-on-response`, section 3.2 `close-spread-time`
- https://github.com/haproxy/haproxy/issues/1506, https://github.com/haproxy/haproxy/issues/3472
- measured by `hitless prove` on 2.6.12 and 2.8.25
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.idle_close import IDLE_CLOSE, OPTION, sections_without, turn_on
from hitless.audit.rule import Need, Rule
from hitless.findings import Evidence, Finding, Fix, Safety, Severity
from hitless.subject.lifetimes import HOUR_S, global_time, hard_stop, idle_between_requests
from hitless.subject.places import config_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.config.model import Proxy
    from hitless.subject import Subject

_OPTION_PRICE = (
    f"{OPTION}: no request is lost; the old worker lives until its idle connections have had their next response or "
    "their timeout"
)
_SPREAD_PRICE = (
    "close-spread-time (global): old workers end sooner, closes are spread over the time given; clients that reuse "
    "without looking still lose requests, and one that has connected but not asked can get a 408"
)


def _check(subject: Subject) -> Iterator[Finding]:
    spread = global_time(subject, "close-spread-time")
    if (spread and spread.seconds) or (subject.version is not None and not subject.version_in((2, 4))):
        return
    for where, proxies in sections_without(subject).items():
        yield _finding(subject, where, proxies)
    if not any(p.kind in {"frontend", "listen"} for p in subject.model.proxies):
        yield from _for_later(subject)


def _for_later(subject: Subject) -> Iterator[Finding]:
    """Yield a note where there is no frontend yet: those that are added inherit what stands here."""
    for file, section in subject.sections("defaults"):
        lines = [file.line(n).words for n in range(section.header, section.stop)]
        closes = ("option", "httpclose") in lines or any(
            words[-2:] == ("option", IDLE_CLOSE) for words in lines
        )
        if ("mode", "http") in lines and not closes:
            yield _finding(subject, file.where(section.header), [])


def _finding(subject: Subject, where: str, proxies: list[Proxy]) -> Finding:
    names = f"{proxies[0].kind} {proxies[0].name}" if proxies else "frontends that inherit this"
    if len(proxies) > 1:
        names += f" and {len(proxies) - 1} more"
    return RULE.finding(
        subject,
        f"a reload closes idle keep-alive connections of {names} under clients that are about to use them",
        severity=None if proxies else Severity.NOTE,
        place=config_place(subject, where),
        evidence=tuple(
            Evidence(text=f"{p.kind} {p.name}: mode http, no `{OPTION}` in force", source=p.where)
            for p in proxies[:5]
        ),
        fix=_fix(subject, where, proxies),
        prices=(_OPTION_PRICE, _SPREAD_PRICE),
    )


def _fix(subject: Subject, where: str, proxies: list[Proxy]) -> Fix:
    if subject.version_in((2, 4), (2, 5)):
        # Backported within these branches: whether the installed release has it, only HAProxy can say.
        version = subject.version_text
        return Fix(
            summary=f"`{OPTION}`, if this release ({version}) has it, as `haproxy -c` says; else HAProxy 2.6 or later"
        )
    edits = turn_on(subject, where, proxies)
    safe = Safety.UNSAFE if any(_holds_for_hours(subject, proxy) for proxy in proxies) else Safety.SAFE
    return Fix(summary=OPTION, safety=safe if edits else Safety.MANUAL, edits=edits)


def _holds_for_hours(subject: Subject, proxy: Proxy) -> bool:
    """Return whether an idle connection, kept, would hold the old process for hours: what HL510 then finds."""
    idle = idle_between_requests(proxy)
    return hard_stop(subject) is None and (idle is None or idle.seconds >= HOUR_S)


RULE = Rule(
    code="HL501",
    name="idle-close-under-clients",
    severity=Severity.WARNING,
    summary="a reload closes idle keep-alive connections under clients that are about to use them",
    versions="2.4 and later; the option exists since 2.6 (and in late 2.4 and 2.5)",
    needs=frozenset({Need.CONFIGURATION}),
    check=_check,
)
