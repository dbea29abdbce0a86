"""The master has a reload signal that is blocked and pending: it will never be handled.

## What it does

Looks at the pending and the blocked signals of the running master for SIGUSR2 (12) and SIGHUP (1).

## Why it drops connections

In 3.1 to 3.3, a failed reload can leave the signals of the master blocked for ever. Every later `systemctl reload`
sends a signal that waits: the new configuration is never loaded, `systemctl` says all is well, and the restart that
somebody does in the end cuts every connection.

## Example

```version 3.2.0
```

```json instance
{"processes": [{"pid": 812, "parent_pid": 1, "role": "master", "age_s": 86400,
  "pending_signals": [12], "blocked_signals": [1, 10, 12]}]}
```

## Use instead

```version 3.2.0
```

```json instance
{"processes": [{"pid": 812, "parent_pid": 1, "role": "master", "age_s": 86400,
  "pending_signals": [], "blocked_signals": []}]}
```

## Known problems

A signal is pending for a moment while a reload is under way; a worker younger than ten seconds makes the rule silent.

## Fix safety

Manual: `reload` on the master's CLI still works and unblocks nothing; an upgrade removes the cause.

## References

- https://github.com/haproxy/haproxy/issues/3229, fixed by 97490a778 in 3.4-dev2 and in later 3.1, 3.2 and 3.3 releases
- proc_pid_status(5): ShdPnd, SigBlk
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.facts import Role
from hitless.findings import (
    Evidence,
    Finding,
    Fix,
    Place,
    Severity,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject


_SIGNALS = {1: "SIGHUP", 12: "SIGUSR2"}


def _check(subject: Subject) -> Iterator[Finding]:
    if not subject.version_in((3, 1), (3, 3)) or _is_reloading(subject):
        return
    for process in subject.processes:
        stuck = [
            name
            for number, name in _SIGNALS.items()
            if number in process.pending_signals and number in process.blocked_signals
        ]
        if process.role is Role.MASTER and stuck:
            yield _finding(subject, process.pid, stuck[0])


def _is_reloading(subject: Subject) -> bool:
    """Return whether a reload is under way, when a pending signal would be nothing unusual."""
    young = any(p.role is Role.WORKER and p.age_s < _SETTLED_S for p in subject.processes)
    return young or (subject.unit is not None and subject.unit.active_state == "reloading")


_SETTLED_S = 10.0


def _finding(subject: Subject, pid: int, signal: str) -> Finding:
    sockets = subject.arguments.master_socket_paths
    way = (
        "reload over the master's CLI" if sockets else "restart HAProxy (it has no master CLI to reload over)"
    )
    return RULE.finding(
        subject,
        f"{signal} is pending and blocked in master {pid}: reloads by signal are ignored for ever",
        place=Place(file=f"process {pid}"),
        evidence=(Evidence(text=f"ShdPnd and SigBlk both have {signal}", source=f"/proc/{pid}/status"),),
        fix=Fix(
            summary=f"{way}, and upgrade HAProxy to a release with the fix of issue 3229",
            commands=tuple(f"echo reload | socat -t300 {socket} -" for socket in sockets[:1]),
        ),
    )


RULE = Rule(
    code="HL603",
    name="reload-signal-stuck",
    severity=Severity.ERROR,
    summary="a reload signal waits in the master and will never be handled",
    versions="3.1 to 3.3",
    needs=frozenset({Need.PROCESSES, Need.VERSION}),
    check=_check,
)
