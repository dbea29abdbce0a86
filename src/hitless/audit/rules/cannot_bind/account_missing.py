"""A user or group that the configuration names does not exist.

## What it does

Looks for the accounts of `user` and `group`, in `global` and on sockets.

## Why it drops connections

HAProxy refuses the configuration: "cannot find user id". The reload fails, and a restart ends in an outage.

## Example

```cfg
global
    user haproxi
```
```json host
{"accounts": [{"kind": "user", "name": "haproxi", "identifier": null}]}
```

## Use instead

```cfg
global
    user haproxy
```
```json host
{"accounts": [{"kind": "user", "name": "haproxy", "identifier": 102}]}
```

## Known problems

None.

## Fix safety

Manual: which account is meant is for a person to say.

## References

- HAProxy 2.8 src/cfgparse-global.c; tried on 2.2, 2.6, 2.8, 3.0, 3.2: refused by `-c`
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.findings import Evidence, Finding, Fix, Severity
from hitless.subject.places import config_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    check = subject.instance.check
    if check is not None and check.accepted:
        return
    accounts = (subject.host.accounts if subject.host else None) or ()
    missing = {(a.kind, a.name) for a in accounts if a.identifier is None}
    for reference in subject.model.file_references:
        if (reference.kind, reference.path) in missing:
            database = "passwd" if reference.kind == "user" else "group"
            yield RULE.finding(
                subject,
                f"there is no {reference.kind} {reference.path}: HAProxy refuses the configuration",
                place=config_place(subject, reference.where, reference.path),
                evidence=(
                    Evidence(text=f"no entry {reference.path}", source=f"getent {database} {reference.path}"),
                ),
                fix=Fix(summary=f"make the {reference.kind}, or name one that exists"),
            )


RULE = Rule(
    code="HL415",
    name="account-missing",
    severity=Severity.ERROR,
    summary="a user or group that the configuration names does not exist",
    versions="all",
    needs=frozenset({Need.CONFIGURATION, Need.ACCOUNTS}),
    check=_check,
)
