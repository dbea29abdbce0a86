"""A process that has been replaced still listens: the kernel gives it new connections.

## What it does

Finds processes of an earlier generation, and workers that their master does not list, that hold a listening TCP socket
which the serving process holds too, or which binds the same address and port.

## Why it drops connections

New connections are spread over all processes that listen on an address. A process that never got its signal serves them
with the old configuration, its old certificates and server states, and what waits in its queue is reset when it is
killed at last.

## Example

```text
process 4711 (generation 2) listens on 0.0.0.0:443, as process 4999 (generation 0) does
```

## Use instead

Proof of takeover after every reload: a new pid in `show info`. A process that is stranded can be told to stop with
SIGUSR1, which lets its connections end.

## Known problems

In the first seconds of a reload both generations may listen. A process that was replaced less than ten seconds ago is
not named.

## Fix safety

Manual: the command lets the process end its connections, and closes its listening sockets.

## References

- https://github.com/ray-project/ray/pull/64063
- HAProxy 2.8 management.txt section 4: SIGUSR1
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.facts import Role
from hitless.findings import Evidence, Finding, Fix, Place, Severity
from hitless.subject.lifetimes import old_processes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.facts import ListeningSocket, Process
    from hitless.subject import Subject

_HAND_OVER_S = 10.0


def _check(subject: Subject) -> Iterator[Finding]:
    sockets = subject.host.listening if subject.host else None
    if not sockets:
        return
    serving = [p for p in subject.processes if p.generation == 0 and p.role in {Role.WORKER, Role.CLASSIC}]
    ours = {(s.address, s.port): p for p in serving for s in _of(p, sockets)}
    for process, why in _suspects(subject):
        for socket in _of(process, sockets):
            current = ours.get((socket.address, socket.port))
            if current is not None and current.pid != process.pid:
                yield _finding(subject, process, why, socket, current)
                break


def _of(process: Process, sockets: tuple[ListeningSocket, ...]) -> Iterator[ListeningSocket]:
    inodes = set(process.listening_inodes or ())
    return (s for s in sockets if s.inode in inodes)


def _suspects(subject: Subject) -> Iterator[tuple[Process, str]]:
    named = set()
    for process, since_s in old_processes(subject):
        if since_s >= _HAND_OVER_S:
            named.add(process.pid)
            yield process, f"it was replaced {since_s:.0f} s ago"
    master = subject.instance.master
    if master is None or master.may_be_cut:
        return
    listed = {row.pid for row in master.processes}
    for process in subject.processes:
        unlisted = process.role is Role.WORKER and process.pid not in listed and process.pid not in named
        if listed and unlisted and process.age_s >= _HAND_OVER_S:
            yield process, f"`show proc` on {master.socket} does not list it"


def _finding(
    subject: Subject, process: Process, why: str, socket: ListeningSocket, current: Process
) -> Finding:
    return RULE.finding(
        subject,
        f"process {process.pid} still takes new connections on port {socket.port}, beside process {current.pid}: {why}",
        place=Place(file=f"process {process.pid}"),
        evidence=(
            Evidence(
                text=f"holds the listening socket {socket.address} port {socket.port}, inode {socket.inode}",
                source=f"inet_diag, /proc/{process.pid}/fd",
            ),
        ),
        fix=Fix(
            summary="tell it to stop when its connections have ended (SIGUSR1)",
            commands=(f"kill -USR1 {process.pid}",),
        ),
    )


RULE = Rule(
    code="HL211",
    name="stranded-process",
    severity=Severity.ERROR,
    summary="a process that has been replaced still takes new connections",
    versions="all",
    needs=frozenset({Need.PROCESSES, Need.LISTENING}),
    check=_check,
)
