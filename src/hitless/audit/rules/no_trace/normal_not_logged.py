"""Requests that went well are not logged.

## What it does

Finds frontends with a log and `option dontlog-normal`.

## Why it drops connections

The share of requests that failed during a reload cannot be told without those that went well, nor which process
served which client.

## Example

```cfg
global
    log /dev/log local0
defaults
    log global
    mode http
    option httplog
    option dontlog-normal
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

- HAProxy 2.8 configuration.txt section 4.2 `option dontlog-normal`
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
        proxy
        for proxy in logged_frontends(subject)
        if proxy.log_targets and "dontlog-normal" in proxy.options
    ]
    if not hiding:
        return
    named = f"frontend {hiding[0].name}" if len(hiding) == 1 else f"{len(hiding)} frontends"
    yield RULE.finding(
        subject,
        f"{named}: requests that went well are not logged, so that nobody can tell how many failed",
        place=config_place(subject, hiding[0].options["dontlog-normal"].where, "dontlog-normal"),
        fix=Fix(summary="take `option dontlog-normal` out, at least while reloads are looked into"),
        prices=(
            "option dontlog-normal: much less to write; no rate of failures, no proof that a reload was clean",
            "without it: a line for each request",
        ),
    )


RULE = Rule(
    code="HL707",
    name="normal-not-logged",
    severity=Severity.NOTE,
    summary="requests that went well are not logged",
    versions="all",
    needs=frozenset({Need.CONFIGURATION}),
    check=_check,
)
