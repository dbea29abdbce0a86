"""Requests have no id: a client's failure cannot be found in the log.

## What it does

Looks for `unique-id-format`, `unique-id-header`, or a request id that is set, captured or logged, in frontends in
HTTP mode that have a log.

## Why it drops connections

When a client reports a failed request, its line is found by time and address, which behind another proxy is the same
for all. An id that client, HAProxy and server all log joins the three.

## Example

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

## Use instead

```cfg
global
    log /dev/log local0
defaults
    log global
    mode http
    option httplog
    unique-id-format %{+X}o%ci:%cp_%fi:%fp_%Ts_%rt:%pid
    unique-id-header X-Request-ID
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

Manual: a header is added to requests, and `log-format` needs `%ID`.

## References

- HAProxy 2.8 configuration.txt section 4.2 `unique-id-format`, section 8.2.4 (`%ID`)
"""

from __future__ import annotations

import re
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


_ID = re.compile(r"unique-id|request-?id|correlation-?id|trace-?(?:id|parent)|uuid\(|%ID\b", re.IGNORECASE)


def _check(subject: Subject) -> Iterator[Finding]:
    logged = [p for p in logged_frontends(subject) if p.mode == "http" and p.log_targets]
    if not logged or any(_ID.search(" ".join(d.words)) for p in logged for d in p.directives):
        return
    yield RULE.finding(
        subject,
        place=config_place(subject, logged[0].where),
        fix=Fix(
            summary="`unique-id-format %{+X}o%ci:%cp_%fi:%fp_%Ts_%rt:%pid` and `unique-id-header X-Request-ID` in "
            "defaults, and `%ID` in `log-format`"
        ),
    )


RULE = Rule(
    code="HL709",
    name="no-request-id",
    severity=Severity.NOTE,
    summary="requests have no id in the log",
    versions="all",
    needs=frozenset({Need.CONFIGURATION}),
    check=_check,
)
