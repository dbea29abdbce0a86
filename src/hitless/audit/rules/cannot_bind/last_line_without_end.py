r"""The last line of a configuration file has no line end.

## What it does

Finds files whose last byte is no line feed, a comment or spaces in the last line included.

## Why it drops connections

Since 2.3 HAProxy takes such a file for a truncated one and refuses it: "Missing LF on last line". The reload fails,
and a restart ends in an outage. Templates and editors leave the line feed out.

## Example

```json instance
{"configuration": [{"path": "/etc/haproxy/haproxy.cfg", "sha256": "",
  "text": "defaults\n    mode http\n    timeout client 30s"}]}
```

## Use instead

```json instance
{"configuration": [{"path": "/etc/haproxy/haproxy.cfg", "sha256": "",
  "text": "defaults\n    mode http\n    timeout client 30s\n"}]}
```

## Known problems

None.

## Fix safety

Safe: a comment line is added, and with it the line end that is missing.

## References

- HAProxy 2.3 src/cfgparse.c readcfgfile(); tried on 2.2 (a warning), 2.6, 2.8, 3.0, 3.2 (refused)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.findings import ConfigEdit, EditAction, Finding, Fix, Safety, Severity
from hitless.subject.places import config_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    check = subject.instance.check
    if subject.version_in((0,), (2, 1)) or (
        check is not None and check.accepted and subject.version_in((2, 3))
    ):
        return
    refused = subject.version is None or subject.version_in((2, 3))
    for file in subject.files:
        number = len(file.lines)
        if not number or file.lines[-1].end:
            continue
        yield RULE.finding(
            subject,
            "the file ends without a line end: HAProxy "
            + ("refuses it" if refused else "warns, and refuses it from 2.3 on"),
            severity=Severity.ERROR if refused else Severity.WARNING,
            place=config_place(subject, file.where(number)),
            fix=Fix(
                summary="end the last line",
                safety=Safety.SAFE,
                edits=(
                    ConfigEdit(
                        file=file.filename, line=number, action=EditAction.INSERT_AFTER, text="# end of file"
                    ),
                ),
            ),
        )


RULE = Rule(
    code="HL421",
    name="last-line-without-end",
    severity=Severity.ERROR,
    summary="the last line of a configuration file has no line end",
    versions="2.3 and later; 2.2 warns",
    needs=frozenset({Need.CONFIGURATION}),
    check=_check,
)
