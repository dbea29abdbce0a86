"""`close-spread-time` answers 408 to clients that have connected and not asked yet.

## What it does

Finds a `close-spread-time` in `global` with frontends in HTTP mode.

## Why it drops connections

Inside the window the old process ends connections at random moments, those that wait for a first request too: they get
408 although they did nothing wrong. Browsers and pools open connections ahead of time, and some report the 408 as the
answer to the request that they send next. Tried on 2.6.12, 2.8.25, 3.0.11 and 3.2.26: ten of ten. With
`option idle-close-on-response` beside it, it is the same, and idle connections are closed all the same.

## Example

```cfg
global
    close-spread-time 30s

defaults
    mode http
    timeout client 30s

frontend www
    bind :80
```

## Use instead

```cfg
defaults
    mode http
    option idle-close-on-response
    timeout client 30s

frontend www
    bind :80
```

## Known problems

`option http-ignore-probes` keeps HAProxy from sending a 408 to a connection without a byte; such a connection is then
closed without an answer.

## Fix safety

Unsafe: without the window all idle connections are kept until their next response, and old processes live longer.

## References

- HAProxy 2.8 configuration.txt section 3.1 `close-spread-time`, section 4.2 `option http-ignore-probes`
- measured on 2.6.12, 2.8.25, 3.0.11, 3.2.26: 408 with termination state `cR--`
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from hitless.audit.idle_close import IDLE_CLOSE, OPTION, instead_of_spreading
from hitless.audit.keep_alive import only_statistics
from hitless.audit.rule import Need, Rule
from hitless.findings import Evidence, Finding, Fix, Safety, Severity
from hitless.subject.lifetimes import global_time
from hitless.subject.places import config_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject

_IGNORES = "http-ignore-probes"
_SPREAD_PRICE = (
    "close-spread-time: old processes end sooner, closes are spread; 408 for connections without a request, and "
    "requests are lost where clients reuse without looking"
)
_OPTION_PRICE = f"{OPTION}: no request is lost; old processes live until idle connections have ended"


def _check(subject: Subject) -> Iterator[Finding]:
    spread = global_time(subject, "close-spread-time")
    if spread is None or not spread.seconds or math.isinf(spread.seconds):
        return
    hit = [
        p
        for p in subject.frontends
        if p.mode == "http" and _IGNORES not in p.options and not only_statistics(p)
    ]
    if not hit:
        return
    more = f" and {len(hit) - 1} more" if len(hit) > 1 else ""
    useless = [
        Evidence(text=f"`{OPTION}` has no effect inside the window", source=p.options[IDLE_CLOSE].where)
        for p in hit
        if IDLE_CLOSE in p.options
    ]
    yield RULE.finding(
        subject,
        f"for {spread.text} after a reload, connections to {hit[0].kind} {hit[0].name}{more} that have not asked yet "
        "get 408",
        place=config_place(subject, spread.where, "close-spread-time"),
        evidence=(
            Evidence(text=f"{hit[0].kind} {hit[0].name} in mode http", source=hit[0].where),
            *useless[:1],
        ),
        fix=Fix(
            summary=f"`{OPTION}` instead of `close-spread-time`",
            safety=Safety.UNSAFE,
            edits=instead_of_spreading(subject, spread.where),
        ),
        prices=(_SPREAD_PRICE, _OPTION_PRICE),
    )


RULE = Rule(
    code="HL503",
    name="spurious-408-while-spreading",
    severity=Severity.NOTE,
    summary="`close-spread-time` answers 408 to clients that have connected and not asked yet",
    versions="2.6 and later, and late 2.5",
    needs=frozenset({Need.CONFIGURATION}),
    check=_check,
)
