"""Two generations together may need more source ports towards one server than there are.

## What it does

Compares, for each server, what one process may open (`maxconn` of the server, doubled for two generations) with the
source ports that the kernel has (`net.ipv4.ip_local_port_range`, where it is known). A server with a range of ports
on its `source` line is named whatever the numbers are.

## Why it drops connections

While an old process still carries connections, the new one opens its own towards the same address and port. Each needs
a source port that no other connection to this server has. When none is left, HAProxy answers 503, termination state
`RC`, "no free ports". From a range on `source` each process takes the ports in the same order, from the first one on:
the new one tries those that the old one still holds, and after its retries answers 503, however large the range is
(seen on 2.2, 2.6, 2.8 and 3.2: 8 connections of the old process, a range of 200 ports).

## Example

```cfg
backend app
    source 192.0.2.9:10000-19999
    server a 192.0.2.1:80 maxconn 8000
```

## Use instead

```cfg
backend app
    source 192.0.2.9
    server a 192.0.2.1:80 maxconn 8000
```

## Known problems

A server without `maxconn` has no number to compare, and is not named.

## Fix safety

Manual: no range on `source`, more source addresses, or a smaller `maxconn` on the server.

## References

- HAProxy 2.8 configuration.txt section 4.2 `source`, section 8.5 `RC`; src/proto_tcp.c tcp_connect_server()
- Linux Documentation/networking/ip-sysctl.rst ip_local_port_range
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from hitless.audit.rule import Need, Rule
from hitless.findings import Evidence, Finding, Fix, Severity
from hitless.subject.places import config_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.config.model import Proxy, Server
    from hitless.subject import Subject

_RANGE = re.compile(r":(\d{1,5})(?:-(\d{1,5}))?$", re.ASCII)


class _Ports(NamedTuple):
    number: int
    said: str
    where: str
    in_order: bool = False
    """A range of HAProxy's own: each process begins at its first port."""


def _check(subject: Subject) -> Iterator[Finding]:
    for proxy in subject.model.proxies:
        found: dict[str, tuple[Server, int, _Ports]] = {}
        for server in () if proxy.disabled else proxy.servers:
            maxconn = _maxconn(server)
            if not maxconn or server.address.kind not in {"ip", "name"}:
                continue
            ports = _ports(subject, proxy, server)
            if ports is not None and (ports.in_order or 2 * maxconn > ports.number):
                found.setdefault(server.where, (server, maxconn, ports))
        if found:
            server, maxconn, ports = max(found.values(), key=lambda row: row[1])
            more = f" (and {len(found) - 1} more servers)" if len(found) > 1 else ""
            yield _finding(subject, f"{proxy.name}/{server.name}{more}", server, maxconn, ports)


def _maxconn(server: Server) -> int:
    text = (*server.options.get("maxconn", ()), "")[0]
    return int(text[:9]) if text.isdecimal() else 0


def _ports(subject: Subject, proxy: Proxy, server: Server) -> _Ports | None:
    line = next(iter(proxy.all("source")), None)
    words = server.options.get("source") or (line.words[1:2] if line else ())
    where = server.where if server.has("source") or line is None else line.where
    if words:
        match = _RANGE.search(words[0])
        if match and match[2]:
            return _Ports(
                max(int(match[2]) - int(match[1]) + 1, 0), f"source {words[0]}", where, in_order=True
            )
    if subject.host is None:
        return None
    local = (subject.host.sysctl("net.ipv4.ip_local_port_range") or "").split()
    if len(local) != 2 or not all(w.isdecimal() for w in local):
        return None
    low, high = (int(w[:6]) for w in local)
    return _Ports(
        high - low + 1, f"ip_local_port_range {low} {high}", "/proc/sys/net/ipv4/ip_local_port_range"
    )


def _finding(subject: Subject, name: str, server: Server, maxconn: int, ports: _Ports) -> Finding:
    return RULE.finding(
        subject,
        _message(name, maxconn, ports),
        severity=Severity.WARNING if maxconn > ports.number or ports.in_order else Severity.NOTE,
        place=config_place(subject, server.where, "maxconn"),
        evidence=(
            Evidence(text=f"server {server.name} maxconn {maxconn}", source=server.where),
            Evidence(text=f"{ports.said}: {ports.number} ports", source=ports.where),
        ),
        fix=Fix(
            summary="no range of ports on `source`: the kernel finds a free one"
            if ports.in_order
            else f"at least {2 * maxconn} source ports (further addresses of the server, or of `source`), or a smaller "
            "`maxconn` on the server"
        ),
    )


def _message(name: str, maxconn: int, ports: _Ports) -> str:
    if ports.in_order:
        return f"each process takes its source ports to server {name} in the same order from the same {ports.number}"
    needed = 2 * maxconn
    return f"two generations may open {needed} connections to server {name}, and there are {ports.number} source ports"


RULE = Rule(
    code="HL210",
    name="source-ports-for-two-generations",
    severity=Severity.WARNING,
    summary="two generations together may run out of source ports towards a server",
    versions="all",
    needs=frozenset({Need.CONFIGURATION}),
    check=_check,
)
