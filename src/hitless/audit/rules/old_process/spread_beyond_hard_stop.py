"""`close-spread-time` is not shorter than `hard-stop-after`: the hard stop cuts what was to be closed gently.

## What it does

Compares the two times of `global`.

## Why it drops connections

`close-spread-time` closes idle connections at random moments of its window. Those whose moment lies after the hard stop
are still in use when it comes, and the requests on them are cut: 502 up to 3.1, no answer from 3.2.

## Example

```cfg
global
    hard-stop-after 5m
    close-spread-time 10m
```

## Use instead

```cfg
global
    hard-stop-after 10m
    close-spread-time 5m
```

## Known problems

With `infinite` connections are never closed for being idle, only with a response: those that stay silent meet the hard
stop. This is a note.

## Fix safety

Unsafe: idle connections are closed sooner after a reload.

## References

- HAProxy 2.8 configuration.txt section 3.1 `close-spread-time` ("should be lower than hard-stop-after")
- https://github.com/ray-project/ray/pull/63996: 502 `KH` exactly at the hard stop
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from hitless.audit.edits import replace_line
from hitless.audit.rule import Need, Rule
from hitless.findings import Evidence, Finding, Fix, Safety, Severity
from hitless.subject.lifetimes import global_time, hard_stop, spell
from hitless.subject.places import config_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    stop, spread = hard_stop(subject), global_time(subject, "close-spread-time")
    if stop is None or spread is None or spread.seconds < stop.seconds:
        return
    half = stop.seconds / 2
    text = f"close-spread-time {spell(float(int(half)) if half >= 1 else half)}"
    yield RULE.finding(
        subject,
        f"`close-spread-time {spread.text}` does not end before `hard-stop-after {stop.text}`",
        severity=Severity.NOTE if math.isinf(spread.seconds) else Severity.WARNING,
        place=config_place(subject, spread.where, "close-spread-time"),
        evidence=(Evidence(text=f"hard-stop-after {stop.text}", source=stop.where),),
        fix=Fix(summary=text, safety=Safety.UNSAFE, edits=replace_line(subject, spread.where, text)),
    )


RULE = Rule(
    code="HL216",
    name="spread-beyond-hard-stop",
    severity=Severity.WARNING,
    summary="the hard stop comes before `close-spread-time` has closed idle connections",
    versions="2.6 and later, and late 2.5",
    needs=frozenset({Need.CONFIGURATION}),
    check=_check,
)
