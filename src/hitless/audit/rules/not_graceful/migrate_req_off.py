"""The kernel does not move waiting connections to another listening socket when one is closed.

## What it does

Reads `net.ipv4.tcp_migrate_req` (Linux 5.14 and later) and says what hangs on it in this mode and version.

## Why it drops connections

When a listening socket is closed, the kernel resets what waits in its accept queue. With `tcp_migrate_req=1` it moves
these connections to another socket that is bound to the same address with SO_REUSEPORT, which is the new process's: 0
to 2 resets instead of 428 to 1016 in 20 reloads without socket transfer. With socket transfer nothing is closed, and
it does not matter, except when the transfer fails: on 2.2 and on 3.1 and later the reload after a failed one goes
without.

## Example

```mode classic
```
```cfg
global
    stats socket /run/haproxy/admin.sock mode 660 level admin
```
```json host
{"sysctls": [{"name": "net.ipv4.tcp_migrate_req", "value": "0", "source": "/proc/sys/net/ipv4/tcp_migrate_req"}]}
```

## Use instead

```mode classic
```
```cfg
global
    stats socket /run/haproxy/admin.sock mode 660 level admin
```
```json host
{"sysctls": [{"name": "net.ipv4.tcp_migrate_req", "value": "1", "source": "/proc/sys/net/ipv4/tcp_migrate_req"}]}
```

## Known problems

The setting is for the whole network namespace: other servers with SO_REUSEPORT profit too. Older kernels do not have
it, and the rule is silent there.

## Fix safety

Safe: it only decides between a reset and another process of the same service.

## References

- Linux 5.14 Documentation/networking/ip-sysctl.rst tcp_migrate_req; net/ipv4/inet_connection_sock.c
  inet_csk_listen_stop(), net/core/sock_reuseport.c reuseport_migrate_sock()
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.findings import Evidence, Finding, Fix, Place, Safety, Severity, SysctlEdit
from hitless.subject import Transfer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject

_NAME = "net.ipv4.tcp_migrate_req"


def _check(subject: Subject) -> Iterator[Finding]:
    sysctls = (subject.host.sysctls or ()) if subject.host is not None else ()
    found = next((s for s in sysctls if s.name == _NAME), None)
    if found is None or found.value.strip() != "0":
        return
    severity, why = _why(subject)
    yield RULE.finding(
        subject,
        f"{_NAME} is 0: {why}",
        severity=severity,
        place=Place(file=found.source),
        evidence=(Evidence(text=f"{_NAME} = 0", source=found.source),),
        fix=Fix(
            summary=f"sysctl {_NAME}=1",
            safety=Safety.SAFE,
            edits=(SysctlEdit(name=_NAME, value="1"),),
            commands=(f"sysctl -w {_NAME}=1",),
        ),
    )


def _why(subject: Subject) -> tuple[Severity, str]:
    if subject.transfer == Transfer.NONE:
        return (
            Severity.WARNING,
            "reloads hand over no sockets here, each resets what waits in the old accept queue",
        )
    if subject.master_worker and (subject.version_in((3, 1)) or subject.version_in((2, 2), (2, 2))):
        return (
            Severity.WARNING,
            "the reload after a failed one hands over no sockets in this version, and resets what waits to be accepted",
        )
    return Severity.NOTE, "should a hand-over of sockets fail, what waits to be accepted is reset"


RULE = Rule(
    code="HL121",
    name="migrate-req-off",
    severity=Severity.NOTE,
    summary="the kernel resets waiting connections instead of moving them to the new process",
    versions="all; Linux 5.14 and later",
    needs=frozenset({Need.MODE, Need.SYSCTLS}),
    check=_check,
)
