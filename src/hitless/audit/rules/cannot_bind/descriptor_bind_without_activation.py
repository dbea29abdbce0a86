"""A bind takes an inherited descriptor that the unit does not hand over.

## What it does

Finds `bind fd@N` for a unit that starts haproxy itself, has no socket unit and keeps no descriptors.

## Why it drops connections

"cannot use file descriptor '3' : Bad file descriptor": HAProxy refuses the configuration at every start.

## Example

```cfg
frontend www
    bind fd@3
```
```unit
[Service]
ExecStart=/usr/sbin/haproxy -Ws -f /etc/haproxy/haproxy.cfg
```

## Use instead

```cfg
frontend www
    bind fd@3
```
```unit
[Service]
Sockets=haproxy.socket
ExecStart=/usr/sbin/haproxy -Ws -f /etc/haproxy/haproxy.cfg
```

## Known problems

Where HAProxy runs, it has got its descriptors, and nothing is said.

## Fix safety

Manual: a socket unit has to be written, or the address bound by HAProxy.

## References

- HAProxy 2.8 configuration.txt section 4.2 `bind` fd@; systemd.socket(5); tried on 2.2, 2.6, 2.8, 3.0, 3.2
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.findings import Evidence, Finding, Fix, Severity
from hitless.subject.binds import every_bind
from hitless.subject.places import config_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    unit, check = subject.unit, subject.instance.check
    if unit is None or unit.sockets or subject.processes or (check is not None and check.accepted):
        return
    program = unit.start[0].arguments[:1] if unit.start else ()
    keeps = unit.properties.get("FileDescriptorStoreMax", "0") not in {"", "0"}
    if not program or program[0].rpartition("/")[2] != "haproxy" or keeps or unit.properties.get("OpenFile"):
        return
    for owned in every_bind(subject):
        address = next((a for a in owned.bind.addresses if a.kind == "fd"), None)
        if address is not None:
            yield RULE.finding(
                subject,
                f"{owned.owner} binds {address.text}, and {unit.name} hands over no descriptors",
                place=config_place(subject, owned.bind.where, address.text),
                evidence=(Evidence(text="no Sockets=, no socket unit", source=unit.source),),
                fix=Fix(summary="a socket unit for the service, or an address instead of fd@"),
            )


RULE = Rule(
    code="HL422",
    name="descriptor-bind-without-activation",
    severity=Severity.WARNING,
    summary="a bind takes an inherited descriptor that the unit does not hand over",
    versions="all",
    needs=frozenset({Need.CONFIGURATION, Need.UNIT}),
    check=_check,
)
