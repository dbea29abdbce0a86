"""`close-spread-time` closes HTTP/2 connections under requests on their way.

## What it does

Finds a `close-spread-time` in `global` with binds that speak HTTP/2: `alpn` with h2, `proto h2`, or TLS on 2.8 and
later, where HTTP/2 is the default.

## Why it drops connections

Without `close-spread-time`, GOAWAY leaves the door open: streams that were on their way are answered. With it the old
process names the last stream that it knows and closes; a stream behind that is not processed. Clients must send it
again, and not all do (measured on 2.6.12 and 2.8.25).

## Example

```cfg
global
    close-spread-time 30s

defaults
    mode http
    timeout client 30s

frontend www
    bind :443 ssl crt /etc/haproxy/site.pem alpn h2,http/1.1
```

## Use instead

```cfg
defaults
    mode http
    option idle-close-on-response
    timeout client 30s

frontend www
    bind :443 ssl crt /etc/haproxy/site.pem alpn h2,http/1.1
```

## Known problems

Clients that keep to RFC 9113 repeat streams above the last stream of GOAWAY, whatever their method.

## Fix safety

Unsafe: without the window, idle HTTP/1 connections are closed at once, unless `option idle-close-on-response` keeps
them.

## References

- HAProxy 2.8 configuration.txt section 3.1 `close-spread-time`; src/mux_h2.c h2_process()
- RFC 9113 section 6.8
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from hitless.audit.idle_close import OPTION, instead_of_spreading
from hitless.audit.keep_alive import speaks_http2
from hitless.audit.rule import Need, Rule
from hitless.findings import Evidence, Finding, Fix, Safety, Severity
from hitless.subject.lifetimes import global_time
from hitless.subject.places import config_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    spread = global_time(subject, "close-spread-time")
    if spread is None or not spread.seconds or math.isinf(spread.seconds):
        return
    found = [
        (p, b) for p in subject.frontends if p.mode == "http" for b in p.binds if speaks_http2(subject, b)
    ]
    if not found:
        return
    proxy, bind = found[0]
    more = f" and {len(found) - 1} more binds" if len(found) > 1 else ""
    yield RULE.finding(
        subject,
        f"for {spread.text} after a reload, HTTP/2 connections to {proxy.kind} {proxy.name}{more} are closed under "
        "requests on their way",
        place=config_place(subject, spread.where, "close-spread-time"),
        evidence=(Evidence(text=f"{proxy.kind} {proxy.name} negotiates HTTP/2", source=bind.where),),
        fix=Fix(
            summary=f"no `close-spread-time`; for HTTP/1 `{OPTION}`",
            safety=Safety.UNSAFE,
            edits=instead_of_spreading(subject, spread.where),
        ),
        prices=(
            "close-spread-time: reconnects are spread over the window; HTTP/2 requests on their way must be sent again",
            "without it: all HTTP/2 clients are told to reconnect at once, no request is lost",
        ),
    )


RULE = Rule(
    code="HL504",
    name="h2-goaway-under-clients",
    severity=Severity.WARNING,
    summary="`close-spread-time` closes HTTP/2 connections under requests on their way",
    versions="2.6 and later, and late 2.5",
    needs=frozenset({Need.CONFIGURATION}),
    check=_check,
)
