"""Another process listens behind the path of a socket of this HAProxy.

## What it does

Compares, by inode and process, who listens under the name of each unix socket of the configuration with the processes
of this instance.

## Why it drops connections

HAProxy binds a temporary name and renames it over whatever is there, a live socket included: a second HAProxy takes
the path without a word. From then on `-x`, drains and readiness checks talk to the wrong process: a classic reload
fetches its listening sockets from there and gets none, or those of somebody else.

## Example

```cfg
global
    stats socket /run/haproxy/admin.sock mode 660 level admin
```
```json instance
{"processes": [{"pid": 700, "parent_pid": 1, "role": "classic"}]}
```
```json host
{"unix_listening": [
  {"name": "/run/haproxy/admin.sock.700.tmp", "inode": 11, "pids": [700], "process_names": ["haproxy"]},
  {"name": "/run/haproxy/admin.sock.900.tmp", "inode": 22, "pids": [900], "process_names": ["haproxy"]}]}
```

## Use instead

```cfg
global
    stats socket /run/haproxy/admin.sock mode 660 level admin
```
```json instance
{"processes": [{"pid": 700, "parent_pid": 1, "role": "classic"}, {"pid": 650, "parent_pid": 1, "role": "classic"}]}
```
```json host
{"unix_listening": [
  {"name": "/run/haproxy/admin.sock.650.tmp", "inode": 11, "pids": [650, 700]},
  {"name": "/run/haproxy/admin.sock.640.tmp", "inode": 10, "pids": [650]}]}
```

## Known problems

Where both listen, the kernel's list does not say which of them the path leads to now: the one that bound last.

## Fix safety

Manual: one of the two needs another path.

## References

- HAProxy 2.8 src/sock_unix.c sock_unix_bind_receiver(): bind to PATH.PID.tmp, rename
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.findings import Evidence, Finding, Fix, Severity
from hitless.subject.binds import listeners_behind, own_pids, socket_place, unix_sockets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.facts import UnixListener
    from hitless.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    own = own_pids(subject)
    seen: set[str] = set()
    for socket in unix_sockets(subject) if own else ():
        behind = listeners_behind(subject, socket.path)
        foreign = [x for x in behind if x.pids and not own & set(x.pids)]
        if not foreign or socket.path in seen:
            continue
        seen.add(socket.path)
        mine = any(own & set(x.pids) for x in behind)
        who = ", ".join(_holder(x) for x in foreign)
        also = "listens under the same name" if mine else "listens there instead"
        yield RULE.finding(
            subject,
            f"{socket.path} ({socket.owner}) is not this instance's alone: {who} {also}",
            place=socket_place(subject, socket),
            evidence=tuple(
                Evidence(text=f"{x.name}, inode {x.inode}, held by {_holder(x)}", source="unix_diag")
                for x in behind
            ),
            fix=Fix(summary="give each HAProxy its own path, or end the process that should not run"),
        )


def _holder(listener: UnixListener) -> str:
    name = listener.process_names[0] if listener.process_names else "process"
    return f"{name} {listener.pids[0]}" if listener.pids else "nobody that could be found"


RULE = Rule(
    code="HL303",
    name="socket-path-stolen",
    severity=Severity.ERROR,
    summary="another process listens behind the path of a socket",
    versions="all",
    needs=frozenset({Need.CONFIGURATION, Need.PROCESSES, Need.UNIX_LISTENING}),
    check=_check,
)
