"""The unit has no `ExecReload=`: nobody can reload HAProxy, so people and tools restart it.

## What it does

Finds a unit that starts HAProxy and has no `ExecReload=`.

## Why it drops connections

`systemctl reload` answers "Job type reload is not applicable for unit". What is left is `systemctl restart`, and
`reload-or-restart`, which configuration management uses, restarts silently. A restart cuts every connection and refuses
clients until the new process listens.

## Example

```unit
[Service]
Type=notify
ExecStart=/usr/sbin/haproxy -Ws -f /etc/haproxy/haproxy.cfg -p /run/haproxy.pid
KillMode=mixed
```

## Use instead

```unit
[Service]
Type=notify
ExecStart=/usr/sbin/haproxy -Ws -f /etc/haproxy/haproxy.cfg -p /run/haproxy.pid
ExecReload=/usr/sbin/haproxy -Ws -f /etc/haproxy/haproxy.cfg -c
ExecReload=/bin/kill -USR2 $MAINPID
KillMode=mixed
```

## Known problems

`Type=notify-reload` reloads by a signal of its own (`ReloadSignal=`, SIGHUP) and is silent here. A unit that starts a
container or a wrapper is not looked at.

## Fix safety

Safe in master-worker mode: a drop-in that adds a reload which nobody could run before. In classic mode a person
decides.

## References

- systemd.service(5) ExecReload=, Type=notify-reload (systemd 253)
- HAProxy 2.8 admin/systemd/haproxy.service.in
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.audit.service import reload_fix, unit_start
from hitless.findings import Evidence, Finding, Severity
from hitless.subject.places import text_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    unit = subject.unit
    if unit is None or unit.reload or unit.type == "notify-reload":
        return
    start = unit_start(unit)
    if start is None or unit.load_state not in {"", "loaded"}:
        return
    yield RULE.finding(
        subject,
        f"{unit.name} has no ExecReload=: it can only be restarted",
        place=text_place(unit.files, start[0].where, "ExecStart"),
        evidence=(Evidence(text="no ExecReload= in the unit or its drop-ins", source=unit.source),),
        fix=reload_fix(subject, "an ExecReload= that checks the configuration and signals the master"),
    )


RULE = Rule(
    code="HL103",
    name="exec-reload-missing",
    severity=Severity.WARNING,
    summary="the unit has no ExecReload=: HAProxy can only be restarted",
    versions="all",
    needs=frozenset({Need.UNIT}),
    check=_check,
)
