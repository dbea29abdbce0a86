"""`grace` lets the old process go on accepting connections after a reload.

## What it does

Finds `grace` in `global` (2.5 and later), and in proxies (up to 2.4), with a time other than 0.

## Why it drops connections

For as long as `grace` says, old and new process both accept. Half of the new clients are served by the old
configuration, with old certificates and server states, and the closing of connections comes later and all at once.
HAProxy's documentation says that it "must not be used with processes that are reloaded".

## Example

```cfg
global
    grace 10s
```

## Use instead

```cfg
global
    hard-stop-after 30m
```

## Known problems

`grace` has its use where a load balancer in front needs time to see a stop: put that time into the procedure that stops
the service.

## Fix safety

Unsafe: a soft stop begins at once, also when the service is stopped for good.

## References

- HAProxy 2.8 configuration.txt section 3.1 `grace`; src/haproxy.c, 2.5-dev7
- HAProxy 2.4 configuration.txt section 4.2 `grace`
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.edits import remove_line
from hitless.audit.rule import Need, Rule
from hitless.findings import Evidence, Finding, Fix, Safety, Severity
from hitless.subject.places import config_place
from hitless.units import parse_duration_s

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.config.model import Directive
    from hitless.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    lines = {d.where: d for d in subject.in_global("grace")}
    if subject.version is not None and not subject.version_in((2, 5)):
        lines = {d.where: d for p in subject.model.proxies for d in p.all("grace")}
    for line in lines.values():
        seconds = _seconds(line)
        if seconds:
            yield RULE.finding(
                subject,
                f"for {line.words[1]} after a reload the old process accepts connections beside the new one",
                place=config_place(subject, line.where, "grace"),
                evidence=(Evidence(text=f"grace {line.words[1]}", source=line.where),),
                fix=Fix(summary="no `grace`", safety=Safety.UNSAFE, edits=remove_line(subject, line.where)),
            )


def _seconds(line: Directive) -> float:
    try:
        return parse_duration_s(line.words[1])
    except (IndexError, ValueError):
        return 0.0


RULE = Rule(
    code="HL215",
    name="grace-with-reload",
    severity=Severity.WARNING,
    summary="`grace` lets the old process accept connections beside the new one",
    versions="all; in `global` since 2.5, in proxies up to 2.4",
    needs=frozenset({Need.CONFIGURATION}),
    check=_check,
)
