"""A process has almost used up its descriptors.

## What it does

Compares the descriptors that each HAProxy process has open with its limit.

## Why it drops connections

Without a free descriptor HAProxy cannot accept a connection nor open one to a server: clients wait in the accept queue,
or get 503 with termination state `SC` or `PC`. At a reload the process cannot take part in the hand-over of sockets
either: it has none left to accept the request for them with.

## Example

```text
process 4711: 9 950 of 10 000 descriptors
```

## Use instead

A higher limit (`maxconn`, `LimitNOFILE=`), shorter timeouts, and a look at what holds them: `show sess`,
`/proc/PID/fd`.

## Known problems

HAProxy reserves descriptors for what `maxconn` allows: a process at `maxconn` is near its limit by design, and refuses
to accept more before it runs out.

## Fix safety

Manual.

## References

- proc(5) /proc/PID/fd, /proc/PID/limits; HAProxy 2.8 management.txt section 9.3 `show info`
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.facts import Role
from hitless.findings import Evidence, Finding, Fix, Place, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject

_NEAR = 0.9
_ROLES = frozenset({Role.WORKER, Role.CLASSIC, Role.MASTER})


def _check(subject: Subject) -> Iterator[Finding]:
    for process in subject.processes:
        used, limit = process.descriptors, process.descriptor_limit
        if process.role not in _ROLES or used is None or not limit or used < _NEAR * limit:
            continue
        yield RULE.finding(
            subject,
            f"process {process.pid} has {used} of {limit} descriptors open",
            severity=Severity.ERROR if used >= limit - 1 else Severity.WARNING,
            place=Place(file=f"process {process.pid}"),
            evidence=(
                Evidence(text=f"{used} descriptors", source=f"/proc/{process.pid}/fd"),
                Evidence(text=f"Max open files {limit}", source=f"/proc/{process.pid}/limits"),
            ),
            fix=Fix(
                summary="a higher limit that fits `maxconn`; see what holds them",
                commands=(f"ls -l /proc/{process.pid}/fd",),
            ),
        )


RULE = Rule(
    code="HL218",
    name="descriptors-exhausted",
    severity=Severity.WARNING,
    summary="a process has almost used up its descriptors",
    versions="all",
    needs=frozenset({Need.PROCESSES}),
    check=_check,
)
