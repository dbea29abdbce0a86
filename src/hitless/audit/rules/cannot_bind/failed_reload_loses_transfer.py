"""After a failed reload this version runs the next one without socket transfer.

## What it does

For a master of 2.2, or of 3.1 and later: says so while the kernel does not migrate connections, and finds an instance
whose last reload has failed.

## Why it drops connections

After a failed reload the master no longer passes its sockets on: the good reload that follows resets what waits in the
accept queues (85 connections in ten reloads on 3.2.26, 8 on 2.2). With net.ipv4.tcp_migrate_req=1 there were none.

## Example

```cfg
frontend www
    bind :80
```
```version 3.2.26
```
```json host
{"sysctls": [{"name": "net.ipv4.tcp_migrate_req", "value": "0", "source": "/proc/sys/net/ipv4/tcp_migrate_req"}]}
```

## Use instead

```cfg
frontend www
    bind :80
```
```version 3.2.26
```
```json host
{"sysctls": [{"name": "net.ipv4.tcp_migrate_req", "value": "1", "source": "/proc/sys/net/ipv4/tcp_migrate_req"}]}
```

## Known problems

net.ipv4.tcp_migrate_req needs Linux 5.14.

## Fix safety

Safe: the kernel gives waiting connections to another listening socket of the port instead of resetting them.

## References

- HAProxy 3.2 src/mworker.c mworker_env_to_proc_list(); Linux Documentation/networking/ip-sysctl.rst tcp_migrate_req
- measured on 2.2.9, 2.6.12, 2.8.25, 3.0.11, 3.2.26
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.findings import Evidence, Finding, Fix, Place, Safety, Severity, SysctlEdit
from hitless.subject.lifetimes import failed_reload

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject

_SYSCTL = "net.ipv4.tcp_migrate_req"


def _check(subject: Subject) -> Iterator[Finding]:
    if not subject.master_worker or not (subject.version_in((2, 2), (2, 2)) or subject.version_in((3, 1))):
        return
    value = subject.host.sysctl(_SYSCTL) if subject.host else None
    if value == "1":
        return
    failed = failed_reload(subject)
    fix = Fix(
        summary=f"{_SYSCTL}=1 (Linux 5.14 and later)",
        safety=Safety.SAFE,
        edits=(SysctlEdit(name=_SYSCTL, value="1"),),
        commands=(f"sysctl -w {_SYSCTL}=1",),
    )
    known = (Evidence(text=f"{_SYSCTL} is {value}", source=f"sysctl {_SYSCTL}"),) if value is not None else ()
    yield RULE.finding(
        subject,
        "the last reload failed: the next one runs without socket transfer" if failed else "",
        severity=Severity.ERROR if failed else Severity.NOTE,
        place=Place(file=failed.source if failed else subject.instance.name),
        evidence=(
            *((failed,) if failed else ()),
            *known,
            Evidence(
                text=f"HAProxy {subject.version_text}",
                source=subject.instance.binary.source if subject.instance.binary else "--haproxy-version",
            ),
        ),
        fix=fix,
    )


RULE = Rule(
    code="HL409",
    name="failed-reload-loses-transfer",
    severity=Severity.NOTE,
    summary="after a failed reload this version runs the next one without socket transfer",
    versions="2.2, and 3.1 and later, in master-worker mode",
    needs=frozenset({Need.VERSION, Need.MODE}),
    check=_check,
)
