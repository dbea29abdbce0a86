"""In this version a bind that fails during a reload ends the service.

## What it does

Finds a master of HAProxy 2.0 or 2.8.0, and of 2.4 to 2.6.12 with abstract sockets (`abns@`).

## Why it drops connections

Other versions keep the old worker when the new one cannot bind. In these the master dies with it: every connection is
cut and nobody listens until the service manager starts HAProxy again, which then fails for the same reason.

## Example

```cfg
frontend www
    bind :80
```
```version 2.8.0
```

## Use instead

```cfg
frontend www
    bind :80
```
```version 2.8.25
```

## Known problems

Fixes that a distribution has taken over are not seen.

## Fix safety

Manual: an upgrade.

## References

- commit 117b03ff4 (2.9-dev1, backported to 2.8)
- measured: a reload with a taken port on 2.0.0, 2.4.0, 2.6.12, 2.8.0 and later ones
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.findings import Evidence, Finding, Fix, Place, Severity
from hitless.subject.places import config_place
from hitless.subject.version_faults import abstract_bind, failed_bind_ends_service

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    if not failed_bind_ends_service(subject):
        return
    plain = not subject.version_in((2, 4), (2, 6, 12))
    abstract = abstract_bind(subject)
    binary = subject.instance.binary
    version = subject.version_text
    yield RULE.finding(
        subject,
        f"in HAProxy {version} a bind that fails during a reload ends the service",
        place=config_place(subject, abstract.where)
        if abstract and not plain
        else Place(file=binary.path if binary else subject.instance.name),
        evidence=(
            Evidence(text=f"HAProxy {version}", source=binary.source if binary else "--haproxy-version"),
        ),
        fix=Fix(
            summary="a later version of the branch"
            + ("" if plain else ", or a unix socket with a path instead of abns@")
        ),
    )


RULE = Rule(
    code="HL410",
    name="failed-bind-kills-service",
    severity=Severity.WARNING,
    summary="in this version a bind that fails during a reload ends the service",
    versions="2.0, 2.8.0; 2.4 to 2.6.12 with abstract sockets; in master-worker mode",
    needs=frozenset({Need.CONFIGURATION, Need.VERSION, Need.MODE}),
    check=_check,
)
