"""One address and port is bound by two lines.

## What it does

Finds the same TCP address and port on two bind lines; with `noreuseport` also a wildcard and an address that it
covers.

## Why it drops connections

HAProxy says nothing: the kernel divides new connections between the two sockets by chance, so that half the clients
meet the other frontend, its certificate and its rules. With `noreuseport` the second one is refused, and HAProxy does
not start.

## Example

```cfg
frontend a
    bind :8000
frontend b
    bind :8000
```

## Use instead

```cfg
frontend a
    bind :8000
frontend b
    bind 192.0.2.1:8000
    bind [::]:8000 v4v6
    bind quic4@:8000
```

## Known problems

Within one frontend, lines that differ in `thread` or `process` are an old way to get several sockets and are left
alone.

## Fix safety

Manual: which line is the right one is for a person to say.

## References

- socket(7) SO_REUSEPORT; HAProxy 2.8 configuration.txt section 3.2 `noreuseport`
- tried on 2.2, 2.6, 2.8, 3.2: accepted without a warning; with `noreuseport` "Address already in use"
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.findings import Evidence, Finding, Fix, Severity
from hitless.subject.endpoints import endpoints, text_of
from hitless.subject.places import config_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject
    from hitless.subject.endpoints import Endpoint

_OWN_THREADS = ("thread", "process")


def _check(subject: Subject) -> Iterator[Finding]:
    refused = bool(subject.in_global("noreuseport")) or subject.arguments.no_reuseport
    earlier: dict[tuple[object, ...], list[Endpoint]] = {}
    seen: set[tuple[str, str]] = set()
    for endpoint in endpoints(subject):
        key = (endpoint.kind == "ip", endpoint.port, endpoint.bind.options.get("interface", ()))
        others = earlier.setdefault((*key, () if refused else endpoint.ip), [])
        before = next((o for o in others if o.ip == endpoint.ip or (refused and _covers(o, endpoint))), None)
        others.append(endpoint)
        if before is None or (not refused and _apart(before, endpoint)):
            continue
        lines = (before.bind.where, endpoint.bind.where)
        if lines not in seen:
            seen.add(lines)
            yield _finding(subject, before, endpoint, refused=refused)


def _covers(one: Endpoint, other: Endpoint) -> bool:
    """Return whether one of the two is a wildcard over the other."""
    if one.ip.version == other.ip.version:
        return one.is_any or other.is_any
    return one.dual_stack or other.dual_stack


def _apart(one: Endpoint, other: Endpoint) -> bool:
    """Return whether both serve the same, on threads or processes of their own."""
    return one.owner == other.owner and any(one.bind.has(w) or other.bind.has(w) for w in _OWN_THREADS)


def _finding(subject: Subject, before: Endpoint, endpoint: Endpoint, *, refused: bool) -> Finding:
    same = before.owner == endpoint.owner and dict(before.bind.options) == dict(endpoint.bind.options)
    then = "`noreuseport` forbids it" if refused else "the kernel divides clients between the two by chance"
    severity = Severity.ERROR if refused else Severity.NOTE if same else Severity.WARNING
    return RULE.finding(
        subject,
        f"{text_of(endpoint)} ({endpoint.owner}) is bound before by {before.owner}: {then}",
        severity=severity,
        place=config_place(subject, endpoint.bind.where),
        evidence=(Evidence(text=f"{text_of(before)} ({before.owner})", source=before.bind.where),),
        fix=Fix(summary="one line for each address and port"),
    )


RULE = Rule(
    code="HL407",
    name="address-bound-twice",
    severity=Severity.WARNING,
    summary="one address and port is bound by two lines",
    versions="all",
    needs=frozenset({Need.CONFIGURATION}),
    check=_check,
)
