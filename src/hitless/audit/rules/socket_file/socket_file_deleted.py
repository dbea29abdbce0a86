"""HAProxy listens on a unix socket whose file is gone.

## What it does

Finds unix sockets that a process of this instance holds open while nothing, or no socket, stands at the path.

## Why it drops connections

Nobody can connect any more: drains, readiness checks and `-x` fail, and clients of a `bind` on that path are refused.
A reload does not repair it: the new process inherits the socket and leaves the path alone. With `-x` at that path the
next reload runs without socket transfer and resets what waits in the accept queues.

## Example

```cfg
global
    stats socket /run/haproxy/admin.sock mode 660 level admin
```
```json instance
{"processes": [{"pid": 700, "parent_pid": 1, "role": "worker"}]}
```
```json host
{"paths": [{"path": "/run/haproxy/admin.sock", "kind": "missing"}],
 "unix_listening": [{"name": "/run/haproxy/admin.sock.700.tmp", "inode": 11, "pids": [700]}]}
```

## Use instead

```cfg
global
    stats socket /run/haproxy/admin.sock mode 660 level admin
```
```json instance
{"processes": [{"pid": 700, "parent_pid": 1, "role": "worker"}]}
```
```json host
{"paths": [{"path": "/run/haproxy/admin.sock", "kind": "socket", "mode": 432}],
 "unix_listening": [{"name": "/run/haproxy/admin.sock.700.tmp", "inode": 11, "pids": [700]}]}
```

## Known problems

None.

## Fix safety

Manual: rename the socket in the configuration and reload, and the new path is bound while nothing else is touched; a
restart makes the file too, and drops connections.

## References

- HAProxy 2.8 src/sock_unix.c sock_unix_bind_receiver(): an inherited socket is not bound again
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.findings import Evidence, Finding, Fix, Severity
from hitless.subject import Transfer
from hitless.subject.binds import listeners_behind, own_pids, socket_place, unix_sockets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    own = own_pids(subject)
    for socket in unix_sockets(subject):
        fact = subject.host.path(socket.path) if subject.host else None
        held = [x for x in listeners_behind(subject, socket.path) if own & set(x.pids)]
        if fact is None or fact.kind not in {"missing", "file", "directory"} or not held:
            continue
        lost = subject.transfer == Transfer.STATS_SOCKET and "expose-fd" in socket.options
        pid = min(own & set(held[0].pids))
        yield RULE.finding(
            subject,
            f"process {pid} listens on {socket.path} ({socket.owner}), but the file is gone"
            + (": the next reload cannot fetch its listening sockets" if lost else ""),
            severity=Severity.ERROR if lost else Severity.WARNING,
            place=socket_place(subject, socket),
            evidence=(
                Evidence(text=f"{held[0].name}, inode {held[0].inode}", source="unix_diag"),
                Evidence(text=f"{socket.path}: {fact.kind}", source=f"stat {socket.path}"),
            ),
            fix=Fix(
                summary="bind another path in the configuration and reload: a reload does not make the file anew"
            ),
        )


RULE = Rule(
    code="HL304",
    name="socket-file-deleted",
    severity=Severity.WARNING,
    summary="HAProxy listens on a unix socket whose file is gone",
    versions="all",
    needs=frozenset({Need.CONFIGURATION, Need.PROCESSES, Need.UNIX_LISTENING, Need.PATHS}),
    check=_check,
)
