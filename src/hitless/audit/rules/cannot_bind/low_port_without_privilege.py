"""HAProxy starts without the right to bind a low port.

## What it does

For a unit with `User=` other than root, without CAP_NET_BIND_SERVICE: finds binds of ports below the kernel's first
unprivileged port (1024).

## Why it drops connections

"cannot bind socket (Permission denied)": the start fails. A reload of a process that was started otherwise fails too,
and refuses every client for two seconds while it tries.

## Example

```cfg
frontend www
    bind :80
```
```unit
[Service]
User=haproxy
ExecStart=/usr/sbin/haproxy -Ws -f /etc/haproxy/haproxy.cfg
```

## Use instead

```cfg
frontend www
    bind :80
```
```unit
[Service]
User=haproxy
AmbientCapabilities=CAP_NET_BIND_SERVICE
ExecStart=/usr/sbin/haproxy -Ws -f /etc/haproxy/haproxy.cfg
```

## Known problems

A capability of the file (`setcap` on the binary) is not seen; where the running process holds a low port, nothing is
said.

## Fix safety

Safe: the capability allows nothing but to bind low ports.

## References

- systemd.exec(5) AmbientCapabilities=; capabilities(7); ip(7) ip_unprivileged_port_start
- tried as uid 65534 on 2.6.12 and 2.8.25: "cannot bind socket (Permission denied)"
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.findings import Evidence, Finding, Fix, Safety, Severity, UnitEdit
from hitless.subject.endpoints import endpoints, own_listeners, text_of
from hitless.subject.places import config_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.facts import Unit
    from hitless.subject import Subject

_CAPABILITY = "CAP_NET_BIND_SERVICE"
_DEFAULT_FIRST_PORT = 1024


def _check(subject: Subject) -> Iterator[Finding]:
    unit = subject.unit
    if unit is None or not _unprivileged(unit):
        return
    first_port = _first_port(subject)
    own = own_listeners(subject)
    low = [e for e in endpoints(subject) if 0 < e.port < first_port]
    if not low or any(e.key in own for e in low):
        return
    more = f" and {len(low) - 1} more binds" if len(low) > 1 else ""
    lines = (f"AmbientCapabilities={_CAPABILITY}",)
    allowed = not unit.capability_bounding_set or _has(unit.capability_bounding_set)
    yield RULE.finding(
        subject,
        f"{unit.user} may not bind {text_of(low[0])} ({low[0].owner}){more}",
        place=config_place(subject, low[0].bind.where),
        evidence=(
            Evidence(text=f"User={unit.user}, no {_CAPABILITY}", source=unit.place_of("User")),
            Evidence(
                text=f"the first free port is {first_port}", source="net.ipv4.ip_unprivileged_port_start"
            ),
        ),
        fix=Fix(
            summary=f"{lines[0]} in the unit" + ("" if allowed else " and in its CapabilityBoundingSet="),
            safety=Safety.SAFE if allowed else Safety.MANUAL,
            edits=(UnitEdit(unit=unit.name, section="Service", lines=lines),) if allowed else (),
            commands=("systemctl daemon-reload", "systemctl restart " + unit.name),
        ),
    )


def _unprivileged(unit: Unit) -> bool:
    if unit.user in {"", "root", "0"} or _has(unit.ambient_capabilities):
        return False
    return not any(set(command.prefixes) & set("+!") for command in unit.start)


def _has(capabilities: tuple[str, ...]) -> bool:
    inverted = any(word.startswith("~") for word in capabilities)
    return (_CAPABILITY in {word.lstrip("~").upper() for word in capabilities}) is not inverted


def _first_port(subject: Subject) -> int:
    value = subject.host.sysctl("net.ipv4.ip_unprivileged_port_start") if subject.host else None
    return int(value) if value and value.isascii() and value.isdigit() else _DEFAULT_FIRST_PORT


RULE = Rule(
    code="HL405",
    name="low-port-without-privilege",
    severity=Severity.ERROR,
    summary="HAProxy starts without the right to bind a low port",
    versions="all",
    needs=frozenset({Need.CONFIGURATION, Need.UNIT}),
    check=_check,
)
