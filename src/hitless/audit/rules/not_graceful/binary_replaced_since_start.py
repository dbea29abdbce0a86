"""The HAProxy program on disk is another than the one that runs: the next reload is an upgrade.

## What it does

Compares the running master (or classic process) with the program on disk, and names both versions where it can.

## Why it drops connections

A reload runs the program that is on disk. An upgrade by reload loses nothing between all versions tried, with one
known exception: a 2.6 master that reloads into 2.7.0 crashes, and the service is gone. Until the reload the old
version serves on, with whatever the upgrade was to repair.

## Example

```version 2.8.25
```
```json instance
{"processes": [{"pid": 7, "parent_pid": 1, "role": "master", "generation": 0, "executable": "/usr/sbin/haproxy",
  "executable_replaced": true, "version": "2.8.20"}]}
```

## Use instead

```version 2.8.25
```
```json instance
{"processes": [{"pid": 7, "parent_pid": 1, "role": "master", "generation": 0, "executable": "/usr/sbin/haproxy",
  "version": "2.8.25"}]}
```

## Known problems

A package that was installed again in the same version looks like an upgrade.

## Fix safety

By hand: when to upgrade is a choice.

## References

- https://github.com/haproxy/haproxy/issues/1956 (2.6 to 2.7.0), commit e57b702e2 (2.8-dev1)
- tried without a lost connection: 2.4 to 2.6.12, 2.6.12 to 2.8.0, 3.0.0, 3.2.0 and 3.4.0, 3.4 to 3.0
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.facts import Role
from hitless.findings import Evidence, Finding, Fix, Place, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    for process in subject.processes:
        if not process.executable_replaced or process.role not in {Role.MASTER, Role.CLASSIC}:
            continue
        if process.role is Role.CLASSIC and process.generation not in {None, 0}:
            continue
        running, binary = process.version, subject.instance.binary
        crashes = running.startswith("2.6.") and binary is not None and binary.version == (2, 7, 0)
        disk = f", {binary.version_text} on disk" if binary is not None else ""
        known = f" ({running} runs{disk})" if running else ""
        outcome = "this upgrade crashes the master" if crashes else "the next reload upgrades in place"
        yield RULE.finding(
            subject,
            f"{process.executable or 'the program'} was replaced while process {process.pid} runs{known}: {outcome}",
            severity=Severity.ERROR if crashes else Severity.NOTE,
            place=Place(file=f"process {process.pid}"),
            evidence=(Evidence(text="the file it runs is deleted", source=f"/proc/{process.pid}/exe"),),
            fix=Fix(
                summary="another 2.7 release, or a restart at a quiet time"
                if crashes
                else "reload when it suits"
            ),
        )


RULE = Rule(
    code="HL124",
    name="binary-replaced-since-start",
    severity=Severity.NOTE,
    summary="the program on disk is another than the one that runs: the next reload is an upgrade",
    versions="all",
    needs=frozenset({Need.PROCESSES}),
    check=_check,
)
