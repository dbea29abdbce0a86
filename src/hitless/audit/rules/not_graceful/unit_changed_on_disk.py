"""The unit's files were changed, and systemd has not read them again.

## What it does

Asks systemd's `NeedDaemonReload` of the unit.

## Why it drops connections

What was changed, a new `ExecReload=` or `KillMode=` for example, is not in force: the next reload or stop still does
what the old files say, and the audit of the files speaks of another service than the one that runs.

## Example

```json instance
{"unit": {"name": "haproxy.service", "source": "systemctl show haproxy.service", "need_daemon_reload": true,
  "files": [{"path": "/lib/systemd/system/haproxy.service", "text": "[Service]"}]}}
```

## Use instead

```json instance
{"unit": {"name": "haproxy.service", "source": "systemctl show haproxy.service", "need_daemon_reload": false,
  "files": [{"path": "/lib/systemd/system/haproxy.service", "text": "[Service]"}]}}
```

## Known problems

None.

## Fix safety

`systemctl daemon-reload` touches no process, but brings in force whatever the files say: a person looks first.

## References

- org.freedesktop.systemd1(5) NeedDaemonReload
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.findings import Evidence, Finding, Fix, Place, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    unit = subject.unit
    if unit is None or not unit.need_daemon_reload:
        return
    yield RULE.finding(
        subject,
        f"the files of {unit.name} were changed, and systemd still goes by the old ones",
        place=Place(file=unit.files[0].path if unit.files else unit.name),
        evidence=(Evidence(text="NeedDaemonReload=yes", source=f"systemctl show {unit.name}"),),
        fix=Fix(summary="systemctl daemon-reload", commands=("systemctl daemon-reload",)),
    )


RULE = Rule(
    code="HL122",
    name="unit-changed-on-disk",
    severity=Severity.WARNING,
    summary="the unit's files were changed, and systemd has not read them again",
    versions="all",
    needs=frozenset({Need.UNIT}),
    check=_check,
)
