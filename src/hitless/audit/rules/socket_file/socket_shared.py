"""Two bind lines, or two instances, use one unix socket.

## What it does

Finds a path or an abstract name that stands in two lines of one configuration, the command line included, or in the
configurations of two instances of this host.

## Why it drops connections

The one that binds last takes the path without a word, and what listens behind the other line is never reached again:
each start and reload decides anew. An abstract name twice is refused: "cannot bind UNIX socket (already in use)".

## Example

```cfg
global
    stats socket /run/haproxy/admin.sock mode 660 level admin
    stats socket /run/haproxy/admin.sock mode 600 level user
```

## Use instead

```cfg
global
    stats socket /run/haproxy/admin.sock mode 660 level admin
    stats socket /run/haproxy/stats.sock mode 600 level user
```

## Known problems

Instances in mount namespaces of their own may use one path without harm.

## Fix safety

Manual: which line is the right one is for a person to say.

## References

- HAProxy 2.8 src/sock_unix.c sock_unix_bind_receiver(); tried on 2.2, 2.6, 2.8, 3.2
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.findings import Evidence, Finding, Fix, Place, Severity
from hitless.subject import Subject
from hitless.subject.binds import every_bind, unix_sockets
from hitless.subject.places import config_place

if TYPE_CHECKING:
    from collections.abc import Iterator


def _check(subject: Subject) -> Iterator[Finding]:
    first: dict[str, str] = {}
    for name, where in _names(subject):
        if name not in first:
            first[name] = where
            continue
        refused = name.startswith("abns@")
        yield RULE.finding(
            subject,
            f"{name} is bound twice: " + ("HAProxy refuses to start" if refused else "the last one takes it"),
            severity=Severity.ERROR if refused else Severity.WARNING,
            place=_place(subject, where, name),
            evidence=(Evidence(text=f"bound before at {first[name]}", source=first[name]),),
            fix=_FIX,
        )
    for other in subject.snapshot.instances:
        if other.elsewhere or subject.instance.elsewhere:
            continue  # the same path in another mount namespace is another file
        if other is not subject.instance and other.name < subject.instance.name:
            theirs = dict(_names(Subject(subject.snapshot, other)))
            for name in first.keys() & theirs.keys():
                yield RULE.finding(
                    subject,
                    f"{name} is also bound by {other.name}",
                    place=_place(subject, first[name], name),
                    evidence=(Evidence(text=f"bound by {other.name}", source=theirs[name]),),
                    fix=_FIX,
                )


def _names(subject: Subject) -> Iterator[tuple[str, str]]:
    for socket in unix_sockets(subject):
        yield socket.path, socket.where or "the command line"
    for owned in every_bind(subject):
        yield from ((f"abns@{a.host}", owned.bind.where) for a in owned.bind.addresses if a.kind == "abns")


def _place(subject: Subject, where: str, name: str) -> Place:
    return config_place(subject, where, name)


_FIX = Fix(summary="give each its own name")

RULE = Rule(
    code="HL310",
    name="socket-shared",
    severity=Severity.WARNING,
    summary="one unix socket is bound twice",
    versions="all",
    needs=frozenset({Need.CONFIGURATION}),
    check=_check,
)
