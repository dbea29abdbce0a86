"""A bind is to be limited to an interface that the host does not have.

## What it does

Compares `interface` of bind lines with the host's interfaces.

## Why it drops connections

HAProxy says "cannot bind receiver to device (No such device)" and goes on: the socket then listens on every interface,
so that clients of another network meet this frontend. When the interface appears, the next reload binds anew instead
of taking the socket over, and connections in the old accept queue are reset.

## Example

```cfg
frontend www
    bind :80 interface eth9
```
```json host
{"interfaces": ["lo", "eth0"]}
```

## Use instead

```cfg
frontend www
    bind :80 interface eth0
```
```json host
{"interfaces": ["lo", "eth0"]}
```

## Known problems

None.

## Fix safety

Manual: which interface is meant is for a person to say.

## References

- HAProxy 2.8 configuration.txt section 5.1 `interface`; tried on 2.2, 2.6, 2.8, 3.2: it starts, and `ss` shows
  0.0.0.0:80
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
    interfaces = subject.host.interfaces if subject.host else None
    for owned in every_bind(subject) if interfaces is not None else ():
        name = (owned.bind.options.get("interface") or ("",))[-1]
        if name and name not in (interfaces or ()) and not owned.bind.has("namespace"):
            yield RULE.finding(
                subject,
                f"there is no interface {name}: {owned.owner} listens on all of them",
                place=config_place(subject, owned.bind.where, name),
                evidence=(
                    Evidence(
                        text=f"interfaces: {', '.join(interfaces or ())}", source="rtnetlink RTM_GETLINK"
                    ),
                ),
                fix=Fix(summary="the name of an interface of this host"),
            )


RULE = Rule(
    code="HL412",
    name="interface-missing",
    severity=Severity.WARNING,
    summary="a bind is to be limited to an interface that the host does not have",
    versions="all",
    needs=frozenset({Need.CONFIGURATION, Need.ADDRESSES}),
    check=_check,
)
