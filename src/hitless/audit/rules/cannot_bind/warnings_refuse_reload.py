"""Any warning refuses the reload.

## What it does

Finds `zero-warning` in `global`, and -dW on the command line.

## Why it drops connections

A later version warns of what this one accepts: the first reload after an upgrade is refused, and a restart ends in an
outage.

## Example

```cfg
global
    zero-warning
```

## Use instead

```cfg
global
    maxconn 1000
```

## Known problems

It is a good setting for a check before a deployment: give `-dW` to `haproxy -c` there, not to the service.

## Fix safety

Unsafe: warnings then pass unseen unless somebody reads them.

## References

- HAProxy 2.8 configuration.txt section 3.1 `zero-warning`; management.txt section 3 `-dW`; tried on 2.2 to 3.2
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.edits import remove_line
from hitless.audit.rule import Need, Rule
from hitless.findings import Finding, Fix, Place, Safety, Severity
from hitless.subject.places import config_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject

_PRICES = (
    "with it: a warning is never overlooked, and the first reload after an upgrade may be refused",
    "without it: a configuration with warnings is loaded",
)


def _check(subject: Subject) -> Iterator[Finding]:
    launch = subject.instance.launch
    lines = subject.in_global("zero-warning")
    for line in lines:
        yield RULE.finding(
            subject,
            place=config_place(subject, line.where, "zero-warning"),
            fix=Fix(
                summary="take `zero-warning` away, and give -dW to the check before a deployment",
                safety=Safety.UNSAFE,
                edits=remove_line(subject, line.where),
            ),
            prices=_PRICES,
        )
    if launch is not None and subject.arguments.zero_warning and not lines:
        yield RULE.finding(
            subject,
            place=Place(file=launch.source),
            fix=Fix(summary="-dW for the check alone, not for the service"),
            prices=_PRICES,
        )


RULE = Rule(
    code="HL419",
    name="warnings-refuse-reload",
    severity=Severity.NOTE,
    summary="any warning refuses the reload, the first one after an upgrade too",
    versions="2.2 and later",
    needs=frozenset({Need.CONFIGURATION}),
    check=_check,
)
