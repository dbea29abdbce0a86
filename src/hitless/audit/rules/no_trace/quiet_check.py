"""The check before a reload is quiet: the journal does not say why a configuration was refused.

## What it does

Finds `-q` next to `-c` in `ExecReload=` and `ExecStartPre=` of the unit.

## Why it drops connections

With `-q` HAProxy says nothing at all, not even the line with the mistake. The journal holds "Control process exited,
code=exited, status=1/FAILURE" and no reason; at three in the morning somebody restarts the service to see, and the
restart fails too.

## Example

```unit
[Service]
Environment="CONFIG=/etc/haproxy/haproxy.cfg" "EXTRAOPTS=-S /run/haproxy-master.sock"
ExecStart=/usr/sbin/haproxy -Ws -f $CONFIG -p /run/haproxy.pid $EXTRAOPTS
ExecReload=/usr/sbin/haproxy -Ws -f $CONFIG -c -q $EXTRAOPTS
ExecReload=/bin/kill -USR2 $MAINPID
KillMode=mixed
Type=notify
```

## Use instead

```unit
[Service]
Environment="CONFIG=/etc/haproxy/haproxy.cfg" "EXTRAOPTS=-S /run/haproxy-master.sock"
ExecStart=/usr/sbin/haproxy -Ws -f $CONFIG -p /run/haproxy.pid $EXTRAOPTS
ExecReload=/usr/sbin/haproxy -Ws -f $CONFIG -c $EXTRAOPTS
ExecReload=/bin/kill -USR2 $MAINPID
KillMode=mixed
Type=notify
```

## Known problems

None known.

## Fix safety

Safe: the drop-in writes the same commands without `-q`.

## References

- HAProxy 2.9-dev9 admin/systemd/haproxy.service.in: upstream took `-q` out
- tried on 2.8.25 and 3.2.26: `-c -q` of a refused configuration prints nothing and exits with 1
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.audit.unit_commands import replaced_commands
from hitless.findings import (
    Evidence,
    Finding,
    Fix,
    Safety,
    Severity,
)
from hitless.subject.places import text_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.facts import ExecCommand, Unit
    from hitless.subject import Subject

_QUIET = re.compile(r"(?<=\s)-q(?:\s+|$)")


def _check(subject: Subject) -> Iterator[Finding]:
    unit = subject.unit
    if unit is None:
        return
    for setting, commands in (("ExecStartPre", unit.start_pre), ("ExecReload", unit.reload)):
        quiet = [c for c in commands if _is_quiet(c)]
        if quiet:
            yield _finding(subject, unit, setting, commands, quiet[0])


def _is_quiet(command: ExecCommand) -> bool:
    program = command.arguments[0] if command.arguments else ""
    return (
        {"-c", "-q"} <= set(command.arguments) and "haproxy" in program and bool(_QUIET.search(command.text))
    )


def _finding(
    subject: Subject, unit: Unit, setting: str, commands: tuple[ExecCommand, ...], quiet: ExecCommand
) -> Finding:
    texts = [_QUIET.sub("", c.text).rstrip() if _is_quiet(c) else c.text for c in commands]
    return RULE.finding(
        subject,
        f"`-q` in {setting}= hides why a configuration is refused",
        place=text_place(unit.files, quiet.where, "-q"),
        evidence=(Evidence(text=f"{setting}={quiet.text}", source=quiet.where or unit.source),),
        fix=Fix(
            summary=f"{setting}= without `-q`",
            safety=Safety.SAFE,
            edits=(replaced_commands(unit.name, setting, commands, texts),),
            commands=("systemctl daemon-reload",),
        ),
    )


RULE = Rule(
    code="HL705",
    name="quiet-check",
    severity=Severity.NOTE,
    summary="the check before a reload does not say why it refused",
    versions="all",
    needs=frozenset({Need.UNIT}),
    check=_check,
)
