"""Two generations together may need more source ports towards one server than there are.

## What it does

Compares, for each server, what one process may open (`maxconn` of the server, doubled for two generations) with the
source ports that connections to it can have: the range on the `source` line, else the kernel's
`net.ipv4.ip_local_port_range` where it is known.

## Why it drops connections

While an old process still carries connections, the new one opens its own towards the same address and port. Each needs
a source port that no other connection to this server has. When none is left, HAProxy answers 503, termination state
`RC`, "no free ports". With a range on `source`, the new process tries ports that the old one still holds.

## Example

```cfg
backend app
    source 192.0.2.9:10000-19999
    server a 192.0.2.1:80 maxconn 8000
```

## Use instead

```cfg
backend app
    source 192.0.2.9:10000-39999
    server a 192.0.2.1:80 maxconn 8000
```

## Known problems

A server without `maxconn` has no number to compare, and is not named.

## Fix safety

Manual: more ports, more source addresses, or a smaller `maxconn` on the server.

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


def _check(subject: Subject) -> Iterator[Finding]:
    for proxy in subject.model.proxies:
        found: dict[str, tuple[Server, int, _Ports]] = {}
        for server in () if proxy.disabled else proxy.servers:
            maxconn = _maxconn(server)
            if not maxconn or server.address.kind not in {"ip", "name"}:
                continue
            ports = _ports(subject, proxy, server)
            if ports is not None and 2 * maxconn > ports.number:
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
            return _Ports(max(int(match[2]) - int(match[1]) + 1, 0), f"source {words[0]}", where)
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
        f"two generations may open {2 * maxconn} connections to server {name}, and there are {ports.number} "
        "source ports",
        severity=Severity.WARNING
        if maxconn > ports.number or ports.said.startswith("source")
        else Severity.NOTE,
        place=config_place(subject, server.where, "maxconn"),
        evidence=(
            Evidence(text=f"server {server.name} maxconn {maxconn}", source=server.where),
            Evidence(text=f"{ports.said}: {ports.number} ports", source=ports.where),
        ),
        fix=Fix(
            summary=f"at least {2 * maxconn} source ports (`source` with a wider range, or further addresses of the "
            "server), or a smaller `maxconn` on the server"
        ),
    )


RULE = Rule(
    code="HL210",
    name="source-ports-for-two-generations",
    severity=Severity.WARNING,
    summary="two generations together may run out of source ports towards a server",
    versions="all",
    needs=frozenset({Need.CONFIGURATION}),
    check=_check,
)
