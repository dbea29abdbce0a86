"""The directory of a socket does not exist, so HAProxy cannot bind it.

## What it does

Finds unix sockets whose directory is missing on the host now, and that the unit does not make when it starts.

## Why it drops connections

A stale socket file does not stop HAProxy; a missing directory does: "cannot bind UNIX socket (No such file or
directory)". A restart ends in an outage. A reload that inherits the socket does not need the directory, one that has
to bind it pauses the live process for about two seconds, refuses its clients, and fails.

## Example

```cfg
global
    stats socket /srv/haproxy/admin.sock mode 660 level admin
```
```json host
{"paths": [{"path": "/srv/haproxy", "kind": "missing"}]}
```

## Use instead

```cfg
global
    stats socket /srv/haproxy/admin.sock mode 660 level admin
```
```json host
{"paths": [{"path": "/srv/haproxy", "kind": "directory", "mode": 493}]}
```

## Known problems

A directory that is mounted or made later, by something other than the unit, is found missing.

## Fix safety

Manual: who owns the directory, and with which mode, is for a person to say.

## References

- HAProxy 2.8 src/sock_unix.c sock_unix_bind_receiver(); tried on 2.2, 2.6, 2.8, 3.2
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.directories import is_made_at_boot, managed_directories
from hitless.audit.rule import Need, Rule
from hitless.findings import Evidence, Finding, Fix, Severity
from hitless.subject.binds import directory_of, socket_place, unix_sockets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    managed = managed_directories(subject)
    seen: set[str] = set()
    for socket in unix_sockets(subject):
        directory = directory_of(socket.path)
        fact = subject.host.path(directory) if subject.host else None
        if fact is None or fact.kind != "missing" or directory in seen:
            continue
        seen.add(directory)
        if directory in managed and not subject.processes:
            continue  # it is made at the next start
        if is_made_at_boot(subject, directory):
            continue
        yield RULE.finding(
            subject,
            f"{directory}, where HAProxy binds {socket.path} ({socket.owner}), does not exist: the next start fails",
            place=socket_place(subject, socket),
            evidence=(Evidence(text=f"{directory} does not exist", source=f"stat {directory}"),),
            fix=Fix(
                summary=f"make {directory}, and see that it is made at boot",
                commands=(f"install -d -m 0755 {directory}",),
            ),
        )


RULE = Rule(
    code="HL302",
    name="socket-directory-missing",
    severity=Severity.ERROR,
    summary="the directory of a unix socket does not exist",
    versions="all",
    needs=frozenset({Need.CONFIGURATION, Need.PATHS}),
    check=_check,
)
