"""There is not enough memory for a second process of the size of the one that serves.

## What it does

Compares the resident memory of the serving process with the memory that is available on the host, and with the unit's
memory limit.

## Why it drops connections

During a reload the new process loads the whole configuration while the old one still carries its connections. If the
memory is not there, the kernel kills one of them, and often the one that serves: every connection is gone.

## Example

```text
process 4711 holds 3.1 GiB; MemAvailable is 1.9 GiB
```

## Use instead

A host or a `MemoryMax=` that fits the generations that may live at the same time, and `hard-stop-after`.

## Known problems

A new process without connections is smaller than an old one with many; how much smaller depends on certificates and
maps. Memory that can be taken from caches counts as available.

## Fix safety

Manual: how much memory there is, is a decision.

## References

- Linux Documentation/filesystems/proc.rst, MemAvailable; systemd.resource-control(5) MemoryMax=
- https://github.com/haproxy/haproxy/issues/327
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.facts import Role
from hitless.findings import Evidence, Finding, Fix, Place, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject

_MIB = 1024**2
_WORTH_IT_BYTES = 64 * _MIB


def _check(subject: Subject) -> Iterator[Finding]:
    serving = [p for p in subject.processes if p.generation == 0 and p.role in {Role.WORKER, Role.CLASSIC}]
    size = max((p.resident_bytes for p in serving), default=0)
    if size < _WORTH_IT_BYTES:
        return
    process = next(p for p in serving if p.resident_bytes == size)
    held = Evidence(text=f"resident: {_mib(size)}", source=f"/proc/{process.pid}/status")
    available = subject.host.memory_available_bytes if subject.host else None
    if available is not None and available < size:
        yield RULE.finding(
            subject,
            f"process {process.pid} holds {_mib(size)} and only {_mib(available)} are available for the next one",
            place=Place(file=f"process {process.pid}"),
            evidence=(held, Evidence(text=f"MemAvailable: {_mib(available)}", source="/proc/meminfo")),
            fix=_FIX,
        )
    limit = subject.unit.memory_limit_bytes if subject.unit else None
    total = sum(p.resident_bytes for p in subject.processes)
    if subject.unit is not None and limit and total + size > limit:
        yield RULE.finding(
            subject,
            f"all processes hold {_mib(total)}; with another of {_mib(size)} they exceed the limit of {_mib(limit)}",
            place=Place(file=subject.unit.name),
            evidence=(held, Evidence(text=f"MemoryMax: {_mib(limit)}", source=subject.unit.source)),
            fix=_FIX,
        )


def _mib(size: int) -> str:
    return f"{size / _MIB:.0f} MiB"


_FIX = Fix(
    summary="more memory or a larger `MemoryMax=`; fewer generations at a time through `hard-stop-after`"
)

RULE = Rule(
    code="HL209",
    name="memory-for-two-generations",
    severity=Severity.WARNING,
    summary="the memory does not hold two generations",
    versions="all",
    needs=frozenset({Need.PROCESSES}),
    check=_check,
)
