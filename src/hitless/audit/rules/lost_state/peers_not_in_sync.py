"""Peers are not in sync: what the tables hold would be lost with this process.

## What it does

Asks the running process whether its peers are connected and up to date.

## Why it drops connections

At a reload the old process teaches the new one over the local peer. If the peers are not in sync at this moment, part
of the tables is on its way or on no way, and a reload loses it: clients change servers, counters begin anew.

## Example

```json instance
{"workers": [{"pid": 7, "socket": "/run/haproxy/admin.sock", "stopping": false, "peers_in_sync": false}]}
```

## Use instead

```json instance
{"workers": [{"pid": 7, "socket": "/run/haproxy/admin.sock", "stopping": false, "peers_in_sync": true}]}
```

## Known problems

None known.

## Fix safety

Manual: look why (a port that is closed, a name that differs), or wait.

## References

- HAProxy 2.8 management.txt section 9.3 `show peers`; configuration.txt section 3.5
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.findings import (
    Evidence,
    Finding,
    Fix,
    Place,
    Severity,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    for view in subject.instance.workers or ():
        if view.peers_in_sync is False and not view.stopping:
            yield RULE.finding(
                subject,
                "peers are not in sync: a reload now loses entries of stick-tables",
                place=Place(file=view.socket),
                evidence=(
                    Evidence(
                        text="a peer is not connected or not up to date", source=f"show peers of {view.pid}"
                    ),
                ),
                fix=Fix(
                    summary="see which peer is missing, and reload when they are in sync",
                    commands=(f"echo 'show peers' | socat {view.socket} -",),
                ),
            )
            return


RULE = Rule(
    code="HL811",
    name="peers-not-in-sync",
    severity=Severity.WARNING,
    summary="peers are not in sync",
    versions="all",
    needs=frozenset({Need.WORKERS}),
    check=_check,
)
