"""Connections on which nothing was sent are not logged.

## What it does

Finds frontends with a log and `option dontlognull`.

## Why it drops connections

A client that had connected and was cut before its first byte, which is what happens at a reload, leaves no line.
Debian's configuration has this option.

## Example

```cfg
global
    log /dev/log local0
defaults
    log global
    mode http
    option httplog
    option dontlognull
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
global
    log /dev/log local0
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

## Known problems

None known.

## Fix safety

Manual: it is a choice, and its price is known now.

## References

- HAProxy 2.8 configuration.txt section 4.2 `option dontlognull`
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.log_lines import logged_frontends
from hitless.audit.rule import Need, Rule
from hitless.findings import (
    Finding,
    Fix,
    Severity,
)
from hitless.subject.places import config_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    hiding = [
        proxy for proxy in logged_frontends(subject) if proxy.log_targets and "dontlognull" in proxy.options
    ]
    if not hiding:
        return
    named = f"frontend {hiding[0].name}" if len(hiding) == 1 else f"{len(hiding)} frontends"
    yield RULE.finding(
        subject,
        f"{named}: clients cut before their first byte leave no line in the log",
        place=config_place(subject, hiding[0].options["dontlognull"].where, "dontlognull"),
        fix=Fix(summary="take `option dontlognull` out, at least while reloads are looked into"),
        prices=(
            "option dontlognull: no lines for port scans and checks, nor for clients that are cut early",
            "without it: a line (`<BADREQ>`, 400 or 408) for each such connection",
        ),
    )


RULE = Rule(
    code="HL710",
    name="null-connections-hidden",
    severity=Severity.NOTE,
    summary="connections on which nothing was sent are not logged",
    versions="all",
    needs=frozenset({Need.CONFIGURATION}),
    check=_check,
)
