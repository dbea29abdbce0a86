"""All counters begin at zero after each reload.

## What it does

Finds configurations that publish counters (statistics page, Prometheus exporter) without `stats-file`, on versions
that have it.

## Why it drops connections

Each process counts for itself. Graphs of errors and requests fall to zero at each reload, and what the old process
still counts is never seen: the errors of a reload are in neither.

## Example

```cfg
global
    server-state-file /var/lib/haproxy/server-state
defaults
    load-server-state-from-file global
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend www
    bind :80
    stats uri /stats
    default_backend app
backend app
    server a 192.0.2.1:80 check
    server b 192.0.2.2:80 check
```

```version 3.0.11
```

## Use instead

```cfg
global
    stats-file /var/lib/haproxy/stats
    server-state-file /var/lib/haproxy/server-state
defaults
    load-server-state-from-file global
    stats-file /var/lib/haproxy/stats
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend www
    bind :80
    stats uri /stats
    default_backend app
backend app
    server a 192.0.2.1:80 check
    server b 192.0.2.2:80 check
```

```version 3.0.11
```

## Known problems

None known.

## Fix safety

Manual: the file must be written before each reload, and proxies and servers need a `guid`.

## References

- HAProxy 3.0 configuration.txt section 3.1 `stats-file`, management.txt `dump stats-file`
- HAProxy 3.3 configuration.txt section 3.1 `shm-stats-file` (experimental)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    if (
        not subject.version_in((3, 0))
        or subject.in_global("stats-file")
        or subject.in_global("shm-stats-file")
    ):
        return
    for proxy in subject.frontends:
        for line in proxy.directives:
            if (
                line.words[:2] in {("stats", "uri"), ("stats", "enable")}
                or "prometheus-exporter" in line.words
            ):
                yield RULE.finding(
                    subject,
                    place=config_place(subject, line.where, line.keyword),
                    fix=Fix(
                        summary="`stats-file FILE` in `global`, a `guid` for each proxy and server, and "
                        "`dump stats-file` written to it before each reload"
                    ),
                )
                return


RULE = Rule(
    code="HL809",
    name="stats-counters-reset",
    severity=Severity.NOTE,
    summary="all counters begin at zero after each reload",
    versions="3.0 and later",
    needs=frozenset({Need.CONFIGURATION, Need.VERSION}),
    check=_check,
)
