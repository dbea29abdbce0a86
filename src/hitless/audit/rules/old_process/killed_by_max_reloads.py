"""`mworker-max-reloads` kills old workers with their connections, however long they still need.

## What it does

Finds `mworker-max-reloads` with a small number in master-worker mode: 0 ends the old worker at every reload, a few end
it as soon as reloads come quickly. From HAProxy 3.3 the limit is 50 without being set, which matters for tunnels.

## Why it drops connections

A worker that has outlived more reloads than this gets SIGTERM: a hard stop, which closes every connection it carries at
once. Tried on 2.6.12, 2.8.25, 3.0.11 and 3.2.26: with 0 an open session dies at the first reload, with 1 at the second.

## Example

```cfg
global
    mworker-max-reloads 0
```

## Use instead

```cfg
global
    mworker-max-reloads 20
    hard-stop-after 30m
```

## Known problems

What number is too small depends on how often reloads come. Up to 9 is a warning where WebSocket or other tunnels are
configured, and a note elsewhere.

## Fix safety

Unsafe: more old workers may live at the same time, each with its memory and descriptors.

## References

- HAProxy 2.8 configuration.txt section 3.1 `mworker-max-reloads`; default 50 since 3.3-dev14
- src/mworker.c mworker_kill_max_reloads()
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.edits import replace_line
from hitless.audit.rule import Need, Rule
from hitless.facts import RunMode
from hitless.findings import Evidence, Finding, Fix, Safety, Severity
from hitless.subject.lifetimes import tunnel_users
from hitless.subject.places import config_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.config.model import Directive
    from hitless.subject import Subject

_FEW = 10
_DEFAULT = 50
_WORD = "mworker-max-reloads"
_PRICES = (
    "a small number: memory and descriptors stay bounded; what is still open is cut without warning",
    "a large number: old workers live until their connections end or `hard-stop-after` ends them",
)


def _check(subject: Subject) -> Iterator[Finding]:
    if subject.mode is RunMode.CLASSIC:
        return
    lines = [d for d in subject.in_global(_WORD) if len(d.words) > 1 and d.words[1].isdecimal()]
    tunnels = list(tunnel_users(subject))
    if lines:
        number = int(lines[-1].words[1][:9])
        if number < _FEW:
            yield _finding(subject, lines[-1], number, tunnels=bool(tunnels))
    elif tunnels and subject.version_in((3, 3)):
        proxy, line = tunnels[0]
        yield RULE.finding(
            subject,
            f"old workers are killed after {_DEFAULT} reloads (the default since 3.3), and the tunnels of "
            f"{proxy.kind} {proxy.name} with them",
            severity=Severity.NOTE,
            place=config_place(subject, line.where if line else proxy.where),
            fix=Fix(summary=f"`{_WORD}` in `global`, with a number of your own, beside `hard-stop-after`"),
            prices=_PRICES,
        )


def _finding(subject: Subject, line: Directive, number: int, *, tunnels: bool) -> Finding:
    if not number:
        severity, message = (
            Severity.ERROR,
            f"`{_WORD} 0` kills the old worker and its connections at every reload",
        )
    else:
        severity = Severity.WARNING if tunnels or number == 1 else Severity.NOTE
        message = f"a worker that {number + 1} reloads have come after is killed with the connections it still carries"
    text = f"{_WORD} {_DEFAULT}"
    return RULE.finding(
        subject,
        message,
        severity=severity,
        place=config_place(subject, line.where, _WORD),
        evidence=(Evidence(text=f"{_WORD} {number}", source=line.where),),
        fix=Fix(summary=text, safety=Safety.UNSAFE, edits=replace_line(subject, line.where, text)),
        prices=_PRICES,
    )


RULE = Rule(
    code="HL202",
    name="killed-by-max-reloads",
    severity=Severity.WARNING,
    summary="`mworker-max-reloads` kills old workers that still carry connections",
    versions="2.0 and later in master-worker mode",
    needs=frozenset({Need.CONFIGURATION}),
    check=_check,
)
