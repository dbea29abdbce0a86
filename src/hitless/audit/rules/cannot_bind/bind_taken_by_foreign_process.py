"""Another process listens on an address that HAProxy binds.

## What it does

Compares the TCP addresses of the configuration with the listening sockets of the host, wildcards and IPv6 sockets that
take IPv4 included, and names the process that holds one and is not of this instance.

## Why it drops connections

The kernel refuses the second listener: a start fails, and a reload refuses every client for two seconds before it
fails. Only sockets of one user that all have SO_REUSEPORT coexist; then the kernel divides new connections between
them, and those of the other process are not HAProxy's.

## Example

```cfg
frontend www
    bind :80
```
```json instance
{"processes": []}
```
```json host
{"listening": [{"address": "::", "port": 80, "inode": 5, "uid": 0, "queue_length": 0, "queue_limit": 511,
  "pids": [812], "process_names": ["nginx"]}]}
```

## Use instead

```cfg
frontend www
    bind :80
```
```json instance
{"processes": [{"pid": 700, "parent_pid": 1, "role": "master"}, {"pid": 701, "parent_pid": 700, "role": "worker"}]}
```
```json host
{"listening": [
  {"address": "0.0.0.0", "port": 80, "inode": 4, "uid": 0, "queue_length": 0, "queue_limit": 511, "pids": [701]},
  {"address": "::", "port": 80, "inode": 5, "uid": 0, "queue_length": 0, "queue_limit": 511, "v6_only": true,
   "pids": [812], "process_names": ["nginx"]}]}
```

## Known problems

Sockets bound to one device, and listeners whose process could not be found, are not judged.

## Fix safety

Manual: which of the two is to have the address is for a person to say.

## References

- Linux 6.1 net/ipv4/inet_connection_sock.c inet_csk_get_port(); socket(7) SO_REUSEPORT
- every pair of addresses tried with HAProxy 2.6.12 and 3.2
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.findings import Evidence, Finding, Fix, Severity
from hitless.subject.binds import own_pids
from hitless.subject.endpoints import endpoints, overlaps, own_listeners, text_of
from hitless.subject.places import config_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.facts import ListeningSocket
    from hitless.subject import Subject
    from hitless.subject.endpoints import Endpoint


def _check(subject: Subject) -> Iterator[Finding]:
    own = own_pids(subject)
    held = own_listeners(subject)
    by_port: dict[int, list[ListeningSocket]] = {}
    for socket in (subject.host.listening if subject.host else None) or ():
        if socket.pids and not own & set(socket.pids):
            by_port.setdefault(socket.port, []).append(socket)
    seen: set[tuple[str, int]] = set()
    for endpoint in endpoints(subject) if by_port else ():
        for socket in by_port.get(endpoint.port, ()):
            if overlaps(endpoint, socket) and (endpoint.bind.where, socket.pids[0]) not in seen:
                seen.add((endpoint.bind.where, socket.pids[0]))
                yield _finding(subject, endpoint, socket, shared=endpoint.key in held)


def _finding(subject: Subject, endpoint: Endpoint, socket: ListeningSocket, *, shared: bool) -> Finding:
    name = socket.process_names[0] if socket.process_names else "process"
    then = "the kernel divides new connections between them" if shared else "HAProxy cannot bind it"
    host = f"[{socket.address}]" if ":" in socket.address else socket.address
    return RULE.finding(
        subject,
        f"{text_of(endpoint)} ({endpoint.owner}) is taken by {name} {socket.pids[0]}: {then}",
        severity=Severity.WARNING if shared or name == "haproxy" else Severity.ERROR,
        place=config_place(subject, endpoint.bind.where),
        evidence=(
            Evidence(
                text=f"{host}:{socket.port} inode {socket.inode} uid {socket.uid}, held by {name} {socket.pids[0]}",
                source="inet_diag",
            ),
        ),
        fix=Fix(
            summary=f"end {name} {socket.pids[0]} or move one of the two to another address",
            commands=(f"ps -fp {socket.pids[0]}",),
        ),
    )


RULE = Rule(
    code="HL403",
    name="bind-taken-by-foreign-process",
    severity=Severity.ERROR,
    summary="another process listens on an address that HAProxy binds",
    versions="all",
    needs=frozenset({Need.CONFIGURATION, Need.LISTENING, Need.PROCESSES}),
    check=_check,
)
