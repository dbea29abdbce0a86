"""HAProxy starts as a user who may not replace the socket file that stands there.

## What it does

For a unit with `User=` other than root: finds unix sockets in a directory that this user cannot write, and socket
files of another user while the kernel protects hard links.

## Why it drops connections

HAProxy keeps the old socket by a hard link before it renames the new one over it. With fs.protected_hardlinks=1 a user
cannot link a file of somebody else (left by a start as root, say), and in a directory it cannot write nothing can be
bound: the start fails, with every frontend.

## Example

```cfg
global
    stats socket /run/haproxy/admin.sock mode 660 level admin
```
```unit
[Service]
User=haproxy
RuntimeDirectory=haproxy
ExecStart=/usr/sbin/haproxy -Ws -f /etc/haproxy/haproxy.cfg
```
```json host
{"sysctls": [{"name": "fs.protected_hardlinks", "value": "1", "source": "/proc/sys/fs/protected_hardlinks"}],
 "paths": [{"path": "/run/haproxy/admin.sock", "kind": "socket", "mode": 432, "uid": 0, "owner": "root"}]}
```

## Use instead

```cfg
global
    stats socket /run/haproxy/admin.sock mode 660 level admin
```
```unit
[Service]
User=haproxy
RuntimeDirectory=haproxy
ExecStart=/usr/sbin/haproxy -Ws -f /etc/haproxy/haproxy.cfg
```
```json host
{"sysctls": [{"name": "fs.protected_hardlinks", "value": "1", "source": "/proc/sys/fs/protected_hardlinks"}],
 "paths": [{"path": "/run/haproxy/admin.sock", "kind": "socket", "mode": 432, "uid": 102, "owner": "haproxy"}]}
```

## Known problems

Groups besides the unit's own and access control lists are not seen: a directory that its group may write is taken as
writable.

## Fix safety

Manual: the file may still be in use by the process that made it.

## References

- HAProxy 2.8 src/sock_unix.c sock_unix_bind_receiver(); sysctl documentation of Linux, fs.protected_hardlinks
- tried as uid 65534 on 2.6.12 and 2.8.25: "error when trying to preserve previous UNIX socket"
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.directories import managed_directories
from hitless.audit.rule import Need, Rule
from hitless.findings import Evidence, Finding, Fix, Severity
from hitless.subject.binds import directory_of, socket_place, unix_sockets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject

_GROUP_OR_OTHERS_WRITE = 0o022
_ROOT = frozenset({"", "root", "0"})


def _check(subject: Subject) -> Iterator[Finding]:
    unit, host = subject.unit, subject.host
    if unit is None or host is None or unit.user in _ROOT:
        return
    managed = managed_directories(subject)
    for socket in unix_sockets(subject):
        file, directory = host.path(socket.path), host.path(directory_of(socket.path))
        source, why = "", ""
        if (
            directory is not None
            and directory.kind == "directory"
            and directory.path not in managed
            and unit.user not in {directory.owner, str(directory.uid)}
            and directory.owner
            and not directory.mode & _GROUP_OR_OTHERS_WRITE
        ):
            source = directory.path
            why = f"{directory.path} is writable for {directory.owner} alone"
        elif (
            file is not None
            and file.kind == "socket"
            and host.sysctl("fs.protected_hardlinks") == "1"
            and file.owner
            and unit.user not in {file.owner, str(file.uid)}
        ):
            source = socket.path
            why = f"{socket.path} belongs to {file.owner}, and fs.protected_hardlinks=1 forbids a link to it"
        if why:
            yield RULE.finding(
                subject,
                f"{unit.user} cannot bind {socket.path} ({socket.owner}): {why}",
                place=socket_place(subject, socket),
                evidence=(
                    Evidence(text=why, source=f"stat {source}"),
                    Evidence(text=f"User={unit.user}", source=unit.place_of("User")),
                ),
                fix=Fix(summary=f"let {unit.user} own {source}", commands=(f"chown {unit.user} {source}",)),
            )


RULE = Rule(
    code="HL308",
    name="socket-not-replaceable",
    severity=Severity.ERROR,
    summary="HAProxy starts as a user who may not replace the socket file",
    versions="all",
    needs=frozenset({Need.CONFIGURATION, Need.UNIT, Need.PATHS}),
    check=_check,
)
