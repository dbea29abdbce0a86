"""The cache is empty after each reload, and all misses go to the servers.

## What it does

Finds `cache` sections that a proxy uses.

## Why it drops connections

The cache lives in the process. With the first request after a reload everything is fetched again, in the seconds when
connections to the servers are opened anew too: servers that were sized with the cache in front of them can answer
late or with 503.

## Example

```cfg
cache small
    total-max-size 64
global
    server-state-file /var/lib/haproxy/server-state
defaults
    load-server-state-from-file cache small
    total-max-size 64
global
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend www
    bind :80
    default_backend app
backend app
    http-request cache-use small
    http-response cache-store small
    server a 192.0.2.1:80 check
    server b 192.0.2.2:80 check
```

## Use instead

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
    default_backend app
backend app
    server a 192.0.2.1:80 check
    server b 192.0.2.2:80 check
```

## Known problems

None known.

## Fix safety

Manual: nothing keeps it; fewer reloads, or servers that bear the burst.

## References

- HAProxy 2.8 configuration.txt section 6 (cache)
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
    for proxy in subject.model.proxies:
        lines = (
            () if proxy.disabled else (*proxy.all("http-request", "cache-use"), *proxy.all("filter", "cache"))
        )
        if lines:
            yield RULE.finding(
                subject,
                place=config_place(subject, lines[0].where),
                fix=Fix(
                    summary="change over the runtime API where possible; bound the burst with `maxconn` on servers"
                ),
            )
            return


RULE = Rule(
    code="HL810",
    name="cache-emptied",
    severity=Severity.NOTE,
    summary="the cache is empty after each reload",
    versions="all",
    needs=frozenset({Need.CONFIGURATION}),
    check=_check,
)
