"""Processes of earlier generations are still alive.

## What it does

Lists workers and classic processes that have been replaced by a reload and have not ended, with for how long, what they
carry, and what can be seen of why. It is a note while they are young or a hard stop will still come, a warning where
nothing will end them, where the hard stop is overdue, or where they are many.

## Why it drops connections

Each holds memory, descriptors and source ports beside the process that serves, and routes on server states of the past.
When `hard-stop-after` or `mworker-max-reloads` ends it, everything that it still carries is cut at once.

## Example

```text
process 4711 was replaced 3h ago: 1 connection; session of ws/app, age 3h2m
```

## Use instead

`hard-stop-after` and timeouts that fit the sessions. `show sess`, asked of the old worker (`@!PID` on the
master's CLI), says what keeps it.

## Known problems

Every reload leaves a process behind for a moment: it is no finding for two seconds, and a note for a minute.

## Fix safety

Manual: ending an old process cuts what it carries.

## References

- HAProxy 2.8 management.txt section 4 (stopping and restarting), section 9.4 `show proc`
- src/haproxy.c run_poll_loop(): a process leaves when no job is left but the unstoppable ones
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.findings import Evidence, Finding, Fix, Place, Severity
from hitless.subject.lifetimes import hard_stop, old_processes, spell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.facts import Process
    from hitless.subject import Subject
    from hitless.subject.lifetimes import Limit

_MOMENT_S = 2.0
_YOUNG_S = 60.0
_GRACE_S = 10.0
"""After the hard stop HAProxy gives its tasks another second (2.8 src/haproxy.c); more, for a busy machine."""
_MANY = 4


def _check(subject: Subject) -> Iterator[Finding]:
    old = tuple((process, since_s) for process, since_s in old_processes(subject) if since_s >= _MOMENT_S)
    if not old:
        return
    stop = hard_stop(subject) if subject.files else None
    pids = ", ".join(str(process.pid) for process, _ in old[:10])
    count = (
        "one process of an earlier generation is" if len(old) == 1 else f"{len(old)} earlier processes are"
    )
    yield RULE.finding(
        subject,
        f"{count} still alive" + (f": {pids}" if len(old) > 1 else ""),
        severity=_severity(old, stop),
        place=Place(file=f"process {old[0][0].pid}"),
        evidence=tuple(e for process, since_s in old[:10] for e in _evidence(subject, process, since_s)),
        fix=Fix(
            summary="see what keeps them; bound their life with `hard-stop-after`",
            commands=_look(subject, old[0][0].pid),
        ),
    )


def _look(subject: Subject, pid: int) -> tuple[str, ...]:
    path = next((p for p in subject.arguments.master_socket_paths if p.startswith("/")), "")
    if not path:
        return (f"ls -l /proc/{pid}/fd",)
    return (f"echo '@!{pid} show sess' | socat - {shlex.quote(path)}",)


def _severity(old: tuple[tuple[Process, float], ...], stop: Limit | None) -> Severity:
    longest_s = max(since_s for _, since_s in old)
    bound_s = stop.seconds + _GRACE_S if stop else _YOUNG_S
    return Severity.WARNING if len(old) >= _MANY or longest_s > bound_s else Severity.NOTE


def _evidence(subject: Subject, process: Process, since_s: float) -> Iterator[Evidence]:
    said = f"process {process.pid} was replaced {spell(float(int(since_s)))} ago"
    if process.connections is not None:
        said += f": {process.connections} established TCP connections"
    yield Evidence(text=said, source=f"/proc/{process.pid}/stat, inet_diag")
    view = next((w for w in subject.instance.workers or () if w.pid == process.pid), None)
    if view is None:
        return
    jobs = (view.jobs or 0) - (view.unstoppable_jobs or 0)
    if view.current_connections == 0 and jobs > 0:
        yield Evidence(
            text=f"no connection, but {jobs} jobs: an applet (peers, SPOE, a ring) keeps it",
            source=f"show info on {view.socket}",
        )
    for session in view.sessions[:5]:
        yield Evidence(text=f"session of {session}", source=f"show sess on {view.socket}")


RULE = Rule(
    code="HL207",
    name="old-workers-alive",
    severity=Severity.WARNING,
    summary="processes that a reload has replaced are still alive",
    versions="all",
    needs=frozenset({Need.PROCESSES}),
    check=_check,
)
