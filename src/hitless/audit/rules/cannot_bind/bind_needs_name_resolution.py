"""A bind names a host name, which has to be resolved at every start and reload.

## What it does

Finds `bind` and `stats socket` addresses that are host names.

## Why it drops connections

The name is resolved while the configuration is read. When DNS does not answer, or the entry is gone, HAProxy refuses
the configuration: "invalid address". When the answer has changed, it binds another address, and the inherited socket
is closed with the connections that wait in its queue.

## Example

```cfg
frontend www
    bind lb1.example.net:80
```

## Use instead

```cfg
frontend www
    bind 192.0.2.1:80
```

## Known problems

A name of /etc/hosts needs no DNS; `localhost` is a note only.

## Fix safety

Manual: which address is meant is for a person to say.

## References

- HAProxy 2.8 src/tools.c str2sa_range(); tried on 2.2, 2.6, 2.8, 3.0, 3.2
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.findings import Finding, Fix, Severity
from hitless.subject.binds import every_bind
from hitless.subject.places import config_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    for owned in every_bind(subject):
        if owned.owner == "peers":
            continue  # the local peer's line names it for the other peers too
        name = next((a for a in owned.bind.addresses if a.kind == "name"), None)
        if name is not None:
            local = name.host.lower() in {"localhost", "ip6-localhost"}
            yield RULE.finding(
                subject,
                f"{owned.owner} binds the host name {name.host}: a reload is refused when it does not resolve",
                severity=Severity.NOTE if local else Severity.WARNING,
                place=config_place(subject, owned.bind.where, name.host),
                fix=Fix(summary=f"the IP address instead of {name.host}"),
            )


RULE = Rule(
    code="HL411",
    name="bind-needs-name-resolution",
    severity=Severity.WARNING,
    summary="a bind names a host name, which has to be resolved at every start and reload",
    versions="all",
    needs=frozenset({Need.CONFIGURATION}),
    check=_check,
)
