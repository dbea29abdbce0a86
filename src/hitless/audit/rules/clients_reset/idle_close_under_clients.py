"""Idle keep-alive connections are closed under clients at every reload.

## What it does

Finds `defaults` sections and frontends in HTTP mode without `option idle-close-on-response`, and without a
`close-spread-time` in `global`, which is the other choice.

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

HTTP/2 connections get a GOAWAY either way; the option changes nothing for them. Whether clients look before they reuse
a connection is not visible in a configuration: `hitless prove` measures it for three kinds of clients.

## Fix safety

Safe: idle connections stay until their next response or their timeout (`timeout http-keep-alive`, `timeout client`),
and the old worker lives as long as the last of them; `hard-stop-after` bounds that.

## References

- HAProxy 2.8 configuration.txt section 4.2 `option idle-close-on-response`, section 3.2 `close-spread-time`
- https://github.com/haproxy/haproxy/issues/1506, https://github.com/haproxy/haproxy/issues/3472
- measured by `hitless prove` on 2.6.12 and 2.8.25
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.edits import add_to_section
from hitless.audit.places import config_place
from hitless.audit.rule import Need, Rule
from hitless.findings import Finding, Fix, Safety, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.audit.subject import Subject

_OPTION = "option idle-close-on-response"
_OPTION_PRICE = (
    f"{_OPTION}: no request is lost; the old worker lives until its idle connections have had their next response or "
    "their timeout"
)
_SPREAD_PRICE = (
    "close-spread-time (global): old workers end sooner, closes are spread over the time given; clients that reuse "
    "without looking still lose requests, and one that has connected but not asked can get a 408"
)


def _check(subject: Subject) -> Iterator[Finding]:
    if subject.in_global("close-spread-time") or (
        subject.version is not None and not subject.version_in((2, 4))
    ):
        return
    seen: set[str] = set()
    for where in _sections_without(subject):
        if where not in seen:
            seen.add(where)
            yield _finding(subject, where)


def _sections_without(subject: Subject) -> Iterator[str]:
    """Yield the line of each section that sets the options of an HTTP frontend without this one."""
    for proxy in subject.frontends:
        if proxy.mode == "http" and "idle-close-on-response" not in proxy.options:
            yield proxy.defaults_where or proxy.where
    if not subject.frontends:
        for file, section in subject.sections("defaults"):
            lines = [file.line(n).words for n in range(section.header, section.stop)]
            if ("mode", "http") in lines and ("option", "idle-close-on-response") not in lines:
                yield file.where(section.header)


def _finding(subject: Subject, where: str) -> Finding:
    fix = Fix(
        summary=_OPTION,
        safety=Safety.SAFE,
        edits=add_to_section(subject, where, _OPTION, beside=("mode", "option")),
    )
    return RULE.finding(
        subject, place=config_place(subject, where), fix=fix, prices=(_OPTION_PRICE, _SPREAD_PRICE)
    )


RULE = Rule(
    code="HL501",
    name="idle-close-under-clients",
    severity=Severity.WARNING,
    summary="a reload closes idle keep-alive connections under clients that are about to use them",
    versions="2.4 and later; the option exists since 2.6 (and in late 2.4 and 2.5)",
    needs=frozenset({Need.CONFIGURATION}),
    check=_check,
)
