"""More sockets listen on an address than the next process will open: those left over are closed with their queues.

## What it does

Counts the listening sockets of the serving process for each address and port, and compares them with what the
configuration will open: `bind` lines, each times its `shards` where that is a number.

## Why it drops connections

With `shards` an address has several listening sockets, each with an accept queue of its own. The next process takes as
many as its configuration says; the others are closed, and the kernel resets every connection that waits in their
queues. This happens once, at the reload that brings the number down.

## Example

```text
0.0.0.0:443: 8 listening sockets, `shards 4` in the configuration
```

## Use instead

The same number of shards, or `net.ipv4.tcp_migrate_req=1` (Linux 5.14 and later), with which the kernel hands waiting
connections to the sockets that stay.

## Known problems

Addresses that the configuration no longer binds are closed on purpose, and are not named.

## Fix safety

The sysctl is safe: it matters only when a listening socket is closed beside another on the same address.

## References

- HAProxy 2.8 configuration.txt section 5.1 `shards`; src/sock.c sock_drop_unused_old_sockets()
- Linux Documentation/networking/ip-sysctl.rst tcp_migrate_req (5.14)
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.audit.shards import shards_of
from hitless.facts import Role
from hitless.findings import Evidence, Finding, Fix, Safety, Severity, SysctlEdit
from hitless.subject.places import config_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject

_MIGRATE = "net.ipv4.tcp_migrate_req"
_ANY = {"*": "0.0.0.0"}  # noqa: S104 - comparing


def _check(subject: Subject) -> Iterator[Finding]:
    host = subject.host
    if host is None or host.sysctl(_MIGRATE) == "1":
        return
    planned, lines = _planned(subject)
    live: Counter[tuple[str, int]] = Counter()
    serving = [p for p in subject.processes if p.generation == 0 and p.role in {Role.WORKER, Role.CLASSIC}]
    inodes = {inode for process in serving for inode in process.listening_inodes or ()}
    for socket in host.listening or ():
        if socket.inode in inodes:
            live[socket.address, socket.port] += 1
    by_line: dict[str, tuple[tuple[str, int], int, int]] = {}
    for endpoint, count in planned.items():
        if count and live[endpoint] > count:
            by_line.setdefault(lines[endpoint], (endpoint, live[endpoint], count))
    for where, (endpoint, now, then) in by_line.items():
        yield _finding(subject, where, endpoint, now, then)


def _planned(subject: Subject) -> tuple[dict[tuple[str, int], int], dict[tuple[str, int], str]]:
    """Return the number of sockets for each endpoint (0: not known), and the line that binds it."""
    planned: dict[tuple[str, int], int] = {}
    lines: dict[tuple[str, int], str] = {}
    for proxy in subject.frontends:
        for bind in proxy.binds:
            shards = shards_of(subject, bind)
            for address in bind.addresses:
                if address.kind != "ip":
                    continue
                endpoint = (_ANY.get(address.host, address.host), address.port)
                unknown = shards is None or planned.get(endpoint) == 0
                planned[endpoint] = 0 if unknown else planned.get(endpoint, 0) + (shards or 0)
                lines.setdefault(endpoint, bind.where)
    return planned, lines


def _finding(subject: Subject, where: str, endpoint: tuple[str, int], now: int, then: int) -> Finding:
    return RULE.finding(
        subject,
        f"{now} sockets listen on {endpoint[0]} port {endpoint[1]}, and the next process takes {then}: the others are "
        "closed with what waits in their queues",
        place=config_place(subject, where, "shards"),
        evidence=(
            Evidence(
                text=f"{now} listening sockets of the serving process", source="inet_diag, /proc/PID/fd"
            ),
            Evidence(text=f"{then} in the configuration", source=where),
        ),
        fix=Fix(
            summary=f"{_MIGRATE}=1 before the reload, or the same number of shards",
            safety=Safety.SAFE,
            edits=(SysctlEdit(name=_MIGRATE, value="1"),),
        ),
    )


RULE = Rule(
    code="HL502",
    name="accept-queue-reset",
    severity=Severity.WARNING,
    summary="the next reload closes listening sockets with connections in their queues",
    versions="2.5 and later",
    needs=frozenset({Need.CONFIGURATION, Need.VERSION, Need.PROCESSES, Need.LISTENING, Need.SYSCTLS}),
    check=_check,
)
