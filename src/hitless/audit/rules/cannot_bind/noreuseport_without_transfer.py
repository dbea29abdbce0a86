"""Without port sharing and without socket transfer, a reload has a moment when nobody listens.

## What it does

Finds `noreuseport` in `global`, or -dR, where a reload does not hand over listening sockets.

## Why it drops connections

The new process cannot bind while the old one listens. It has the old one stop listening first, and clients are refused
until it has bound every address.

## Example

```cfg
global
    noreuseport
frontend www
    bind :80
```
```mode classic
```

## Use instead

```cfg
global
    stats socket /run/haproxy/admin.sock mode 660 level admin expose-fd listeners
    noreuseport
frontend www
    bind :80
```
```mode classic
```

## Known problems

In classic mode the start script has to use `-x` too.

## Fix safety

Unsafe: without `noreuseport`, a second HAProxy that is started by mistake shares the ports.

## References

- HAProxy 2.8 configuration.txt section 3.2 `noreuseport`; management.txt section 4, SIGTTOU
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.edits import remove_line
from hitless.audit.rule import Need, Rule
from hitless.findings import Finding, Fix, Place, Safety, Severity
from hitless.subject import Transfer
from hitless.subject.places import config_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    lines = subject.in_global("noreuseport")
    if subject.transfer != Transfer.NONE or not (lines or subject.arguments.no_reuseport):
        return
    launch = subject.instance.launch
    place = (
        config_place(subject, lines[0].where)
        if lines
        else Place(file=launch.source if launch else "the command line")
    )
    yield RULE.finding(
        subject,
        place=place,
        fix=Fix(
            summary="take `noreuseport` away, or hand sockets over (master-worker of 2.6 and later, or -x)",
            safety=Safety.UNSAFE if lines else Safety.MANUAL,
            edits=tuple(edit for line in lines for edit in remove_line(subject, line.where)),
        ),
    )


RULE = Rule(
    code="HL408",
    name="noreuseport-without-transfer",
    severity=Severity.WARNING,
    summary="the new process can bind only after the old one has stopped listening",
    versions="all",
    needs=frozenset({Need.CONFIGURATION, Need.MODE}),
    check=_check,
)
