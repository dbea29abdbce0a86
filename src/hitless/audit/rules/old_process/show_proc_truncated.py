"""The master's list of processes is cut: there are more old workers than it can say.

## What it does

Reports that the answer to `show proc` was as long as this version can make it.

## Why it drops connections

About 200 generations are alive. Memory, descriptors and source ports are near their end, and whoever counts old workers
through the master sees too few of them, so that limits on the number of generations do not work either.

## Example

```text
show proc: 202 rows, and no row for process 4711, which is a worker of this master
```

## Use instead

`hard-stop-after` and fewer reloads. The list is complete from HAProxy 3.4.

## Known problems

None.

## Fix safety

Manual.

## References

- https://github.com/haproxy/haproxy/issues/3204, 594408cd6 (3.4-dev1)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.findings import Evidence, Finding, Fix, Place, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    master = subject.instance.master
    if master is None or not master.may_be_cut:
        return
    yield RULE.finding(
        subject,
        f"`show proc` lists {len(master.processes)} processes and is cut there",
        place=Place(file=master.socket),
        evidence=(Evidence(text=f"{len(master.processes)} rows", source=f"show proc on {master.socket}"),),
        fix=Fix(summary="`hard-stop-after` in `global`; reload less often"),
    )


RULE = Rule(
    code="HL214",
    name="show-proc-truncated",
    severity=Severity.WARNING,
    summary="there are more old workers than the master's list can hold",
    versions="up to 3.3 in master-worker mode",
    needs=frozenset({Need.MASTER}),
    check=_check,
)
