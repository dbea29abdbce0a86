"""`maxconn` needs more descriptors than HAProxy can get, and it refuses to start.

## What it does

Compares twice the global `maxconn`, and `ulimit-n`, with `fd-hard-limit`; and `ulimit-n` with the LimitNOFILE= of a
unit with `User=` other than root.

## Why it drops connections

Since 2.3 limits are strict: "Cannot raise FD limit to 20017, limit is 1000", and the reload is refused, a restart ends
in an outage. `haproxy -c` does not try.

## Example

```cfg
global
    maxconn 10000
    fd-hard-limit 1000
```

## Use instead

```cfg
global
    maxconn 10000
```

## Known problems

HAProxy needs some descriptors besides two for each connection; only what is certain to fail is reported. Root may
raise its own limit, so LimitNOFILE= is not judged there. What `maxconn` asks of `ulimit-n` and LimitNOFILE= is HL208's.

## Fix safety

Unsafe for LimitNOFILE=, which costs memory.

## References

- HAProxy 2.8 configuration.txt section 3.1 `strict-limits`, `ulimit-n`, `fd-hard-limit`; src/haproxy.c main()
- tried on 2.6.12, 2.8.25, 3.2.26 (refused), 2.2.9 (a message only)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.findings import Evidence, Finding, Fix, Safety, Severity, UnitEdit
from hitless.subject.places import config_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject

_DESCRIPTORS_PER_CONNECTION = 2
_RESERVE = 1024


def _check(subject: Subject) -> Iterator[Finding]:
    connections = _number(subject, "maxconn")
    wanted = _number(subject, "ulimit-n")
    need = max(connections * _DESCRIPTORS_PER_CONNECTION, wanted)
    if not need:
        return
    for limit, name, source, fix in _limits(subject, need, wanted):
        if need > limit:
            strict = subject.version_in((2, 3)) and not subject.in_global("no", "strict-limits")
            line = subject.model.global_value("maxconn") or subject.model.global_value("ulimit-n")
            yield RULE.finding(
                subject,
                f"HAProxy needs {need} descriptors and more, and {name} allows {limit}",
                severity=Severity.ERROR if strict else Severity.WARNING,
                place=config_place(subject, line.where) if line else None,
                evidence=(Evidence(text=f"{name} is {limit}", source=source),),
                fix=fix,
            )
            return


def _limits(subject: Subject, need: int, wanted: int) -> Iterator[tuple[int, str, str, Fix]]:
    """Yield each bound: its value, its name, where it is set, and the fix."""
    hard = subject.model.global_value("fd-hard-limit")
    hard_limit = _number(subject, "fd-hard-limit")
    if hard and hard_limit and subject.version_in((2, 6)):
        yield hard_limit, "`fd-hard-limit`", hard.where, Fix(summary=f"fd-hard-limit {need + _RESERVE}")
    unit = subject.unit
    if unit is None or unit.user in {"", "root", "0"} or not wanted:
        return
    privileged = any(word.upper() == "CAP_SYS_RESOURCE" for word in unit.ambient_capabilities)
    limit = unit.descriptor_hard_limit
    if limit is not None and not privileged:
        lines = (f"LimitNOFILE={need + _RESERVE}",)
        fix = Fix(
            summary=f"{lines[0]} in the unit, and a restart",
            safety=Safety.UNSAFE,
            edits=(UnitEdit(unit=unit.name, section="Service", lines=lines),),
            commands=("systemctl daemon-reload",),
        )
        yield limit, "LimitNOFILE=", unit.place_of("LimitNOFILE"), fix


def _number(subject: Subject, keyword: str) -> int:
    directive = subject.model.global_value(keyword)
    words = directive.words[1:2] if directive else ()
    return int(words[0]) if words and words[0].isascii() and words[0].isdigit() and len(words[0]) < 12 else 0


RULE = Rule(
    code="HL420",
    name="limits-refuse-reload",
    severity=Severity.ERROR,
    summary="HAProxy needs more descriptors than it can get, and refuses to start",
    versions="2.3 and later; before, a warning",
    needs=frozenset({Need.CONFIGURATION, Need.VERSION}),
    check=_check,
)
