"""A known defect of this version keeps old processes alive: peers, or SPOE agents.

## What it does

Finds `peers` sections on HAProxy 2.6.0 to 2.6.2, and SPOE filters up to 2.9 where there is no `hard-stop-after`.

## Why it drops connections

On 2.6 before 2.6.3 the old process connects to its own peer again and again and never ends. Up to 2.9 an applet that
talks to an SPOE agent stays open while the agent keeps it, and counts as a reason to stay. Old processes add up until
memory or descriptors are gone.

## Example

```cfg
peers cluster
    peer lb1 192.0.2.1:10000
```

```version 2.6.1
```

## Use instead

A version without the defect, or `hard-stop-after` as a bound.

```cfg
peers cluster
    peer lb1 192.0.2.1:10000
```

```version 2.6.12
```

## Known problems

Whether an SPOE agent lets go of idle connections (its `timeout idle`) stands in another file, and is not looked at.

## Fix safety

Unsafe: `hard-stop-after` ends what lives longer. An upgrade is the better answer.

## References

- https://github.com/haproxy/haproxy/issues/1799, 160fff665 (2.7-dev3, 2.6.3): peers
- https://github.com/haproxy/haproxy/issues/1876, 6547b1429 (3.0-dev6): SPOE
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.edits import add_to_global
from hitless.audit.rule import Need, Rule
from hitless.findings import Evidence, Finding, Fix, Safety, Severity
from hitless.subject.lifetimes import hard_stop, spell, suggested_hard_stop_s
from hitless.subject.places import config_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    if hard_stop(subject) is not None:
        return
    if subject.version_in((2, 6), (2, 6, 2)):
        for file, section in subject.sections("peers"):
            lines = range(section.header + 1, section.stop)
            if any(file.line(n).keyword in {"peer", "server"} for n in lines):
                yield _finding(
                    subject,
                    file.where(section.header),
                    "old processes reconnect to their own peer for ever on this version and do not end",
                    Severity.WARNING,
                )
                break
    if subject.version_in((1, 7), (2, 9)):
        filters = (d for p in subject.model.proxies for d in p.all("filter", "spoe"))
        for line in filters:
            yield _finding(
                subject, line.where, "connections to SPOE agents keep an old process alive", Severity.NOTE
            )
            break


def _finding(subject: Subject, where: str, message: str, severity: Severity) -> Finding:
    text = f"hard-stop-after {spell(suggested_hard_stop_s(subject))}"
    version = subject.version_text
    return RULE.finding(
        subject,
        message,
        severity=severity,
        place=config_place(subject, where),
        evidence=(Evidence(text=f"HAProxy {version}, no hard-stop-after", source=where),),
        fix=Fix(
            summary=f"upgrade HAProxy, or `{text}` in `global`",
            safety=Safety.UNSAFE,
            edits=add_to_global(subject, text, beside=("maxconn",)),
        ),
    )


RULE = Rule(
    code="HL212",
    name="applet-pins-old-process",
    severity=Severity.WARNING,
    summary="a known defect of this version keeps old processes alive",
    versions="2.6.0 to 2.6.2 (peers), up to 2.9 (SPOE)",
    needs=frozenset({Need.CONFIGURATION, Need.VERSION}),
    check=_check,
)
