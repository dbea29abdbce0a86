"""The unit's `KillMode=` does not fit a master with workers.

## What it does

Finds a master-worker unit whose `KillMode=` is not `mixed`.

## Why it drops connections

With `mixed` systemd tells the master alone, which tells its workers in the right way, and kills what is left only
after TimeoutStopSec. With `control-group`, the default, every process gets the signal at once, also old workers that
drain and programs of the master. With `process` and `none` workers may outlive the service: they keep the ports
(SO_REUSEPORT), and clients are spread between them and the new service, or wait for an answer that never comes.

## Example

```unit
[Service]
Type=notify
ExecStart=/usr/sbin/haproxy -Ws -f /etc/haproxy/haproxy.cfg
ExecReload=/bin/kill -USR2 $MAINPID
KillMode=none
```

## Use instead

```unit
[Service]
Type=notify
ExecStart=/usr/sbin/haproxy -Ws -f /etc/haproxy/haproxy.cfg
ExecReload=/bin/kill -USR2 $MAINPID
KillMode=mixed
```

## Known problems

`control-group` and `process` are a note: a worker ends by itself when its master is gone.

## Fix safety

Safe: it takes effect at the next stop only.

## References

- systemd.kill(5) KillMode=
- HAProxy 1.8 to 3.4 admin/systemd/haproxy.service.in: KillMode=mixed
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.audit.service import unit_start
from hitless.findings import Evidence, Finding, Fix, Safety, Severity, UnitEdit
from hitless.subject.places import text_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    unit = subject.unit
    start = unit_start(unit) if unit is not None else None
    if unit is None or start is None or not start[1].master_worker or unit.kill_mode in {"", "mixed"}:
        return
    where = unit.place_of("KillMode")
    yield RULE.finding(
        subject,
        f"KillMode={unit.kill_mode} in {unit.name}: the workers are not left to their master",
        severity=Severity.WARNING if unit.kill_mode == "none" else Severity.NOTE,
        place=text_place(unit.files, where, "KillMode"),
        evidence=(Evidence(text=f"KillMode={unit.kill_mode}", source=unit.source),),
        fix=Fix(
            summary="KillMode=mixed",
            safety=Safety.SAFE,
            edits=(UnitEdit(unit=unit.name, section="Service", lines=("KillMode=mixed",)),),
            commands=("systemctl daemon-reload",),
        ),
    )


RULE = Rule(
    code="HL113",
    name="kill-mode-not-mixed",
    severity=Severity.NOTE,
    summary="the unit's KillMode= does not fit a master with workers",
    versions="all since 1.8",
    needs=frozenset({Need.UNIT}),
    check=_check,
)
