"""Who may connect to a stats socket depends on the umask of whoever started HAProxy.

## What it does

Finds `stats socket` lines with a path and without `mode`.

## Why it drops connections

HAProxy then leaves the mode to the umask: 755 with the usual one, so that only the owner can connect. A start by
another hand, with another umask or user, gives other rights; a drain or a readiness check that worked yesterday is
refused.

## Example

```cfg
global
    stats socket /run/haproxy/admin.sock level admin
```

## Use instead

```cfg
global
    stats socket /run/haproxy/admin.sock mode 600 level admin
```

## Known problems

None.

## Fix safety

Safe: mode 600 lets the same user connect as 755 does, for connecting needs the right to write. A running instance
keeps the file as it is until the next start.

## References

- HAProxy 2.8 configuration.txt section 5.1 `mode`; unix(7); tried on 2.2, 2.6, 2.8, 3.2: 755 with umask 022
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.edits import with_words
from hitless.audit.rule import Need, Rule
from hitless.findings import Finding, Fix, Safety, Severity
from hitless.subject.places import config_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    for bind in subject.model.stats_sockets:
        if bind.addresses[0].kind == "unix" and not bind.has("mode"):
            yield RULE.finding(
                subject,
                f"{bind.addresses[0].host} has no `mode`: the umask decides who may connect",
                place=config_place(subject, bind.where),
                fix=Fix(
                    summary="mode 600, or 660 with a group",
                    safety=Safety.SAFE,
                    edits=with_words(subject, bind.where, "mode 600"),
                ),
            )


RULE = Rule(
    code="HL316",
    name="implicit-socket-mode",
    severity=Severity.NOTE,
    summary="who may connect to a stats socket depends on the umask",
    versions="all",
    needs=frozenset({Need.CONFIGURATION}),
    check=_check,
)
