"""The master has no CLI: a reload gives no answer, and old workers cannot be asked.

## What it does

Looks for `-S` on the command line of an HAProxy that runs in master-worker mode.

## Why it drops connections

Without the master's CLI a reload can only be a signal, which has no answer: whether it worked is guessed from logs.
Old workers have no other door either, so nobody can see whom they still serve, or close sessions in an orderly way
before the hard stop cuts them.

## Example

```argv
/usr/sbin/haproxy -Ws -f /etc/haproxy/haproxy.cfg -p /run/haproxy.pid
```

## Use instead

```argv
/usr/sbin/haproxy -Ws -f /etc/haproxy/haproxy.cfg -p /run/haproxy.pid -S /run/haproxy-master.sock
```

## Known problems

None known.

## Fix safety

Unsafe: a reload keeps the command line of the running master, so that the socket appears only after a restart, which
cuts connections. Do it at the next planned one.

## References

- HAProxy 2.8 management.txt section 3 `-S`, section 9.4 (master CLI), since 1.9
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.findings import (
    Evidence,
    Finding,
    Fix,
    Place,
    Safety,
    Severity,
    UnitEdit,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject


_OPTION = "-S /run/haproxy-master.sock"


def _check(subject: Subject) -> Iterator[Finding]:
    if not subject.master_worker or subject.arguments.master_sockets or not subject.arguments.program:
        return
    if subject.unit is not None and any("-S" in command.arguments for command in subject.unit.start):
        return  # The unit has it by now, and the next start brings it.
    launch = subject.instance.launch
    source = launch.source if launch else ""
    yield RULE.finding(
        subject,
        place=Place(file=source or subject.instance.name),
        evidence=(Evidence(text=" ".join(launch.arguments if launch else ()), source=source),),
        fix=_fix(subject),
    )


def _fix(subject: Subject) -> Fix:
    unit = subject.unit
    summary = f"start HAProxy with `{_OPTION}` (at the next restart; a reload keeps the old command line)"
    if unit is None or unit.environment_files or not any("$EXTRAOPTS" in c.text for c in unit.start):
        return Fix(summary=summary)
    old = dict(unit.environment).get("EXTRAOPTS", "")
    line = f'Environment="EXTRAOPTS={f"{old} {_OPTION}".strip()}"'
    if old and any(character in old for character in '"\\%'):
        return Fix(summary=summary)
    return Fix(
        summary=summary,
        safety=Safety.UNSAFE,
        edits=(UnitEdit(unit=unit.name, section="Service", lines=(line,)),),
        commands=("systemctl daemon-reload",),
    )


RULE = Rule(
    code="HL606",
    name="no-master-socket",
    severity=Severity.NOTE,
    summary="the master has no CLI socket (-S)",
    versions="1.9 and later in master-worker mode",
    needs=frozenset({Need.LAUNCH, Need.MODE}),
    check=_check,
)
