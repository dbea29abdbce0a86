"""HAProxy has neither a stats socket nor a master CLI, so nobody can ask it anything.

## What it does

Finds configurations without any `stats socket`, for a command line that is not known to have `-S`.

## Why it drops connections

Without a socket nobody can see what keeps an old process alive, drain a server, save the state of servers before a
reload, or prove which process answers. In classic mode, and with a master up to 2.5, sockets cannot be handed over.

## Example

```cfg
global
    maxconn 1000
```

## Use instead

```cfg
global
    maxconn 1000
    stats socket /run/haproxy/admin.sock mode 660 level admin expose-fd listeners
```

## Known problems

For files alone, a `-S` on the command line is not known.

## Fix safety

Unsafe, for it opens a socket; its directory has to exist, or HAProxy does not start.

## References

- HAProxy 2.8 configuration.txt section 3.1 `stats socket`; management.txt section 9.3
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.directories import managed_directories
from hitless.audit.edits import add_to_global
from hitless.audit.rule import Need, Rule
from hitless.findings import Finding, Fix, Safety, Severity
from hitless.subject.places import config_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject

_DIRECTORY = "/run/haproxy"
_LINE = f"stats socket {_DIRECTORY}/admin.sock mode 660 level admin expose-fd listeners"


def _check(subject: Subject) -> Iterator[Finding]:
    if subject.in_global("stats", "socket") or subject.arguments.master_sockets:
        return
    fact = subject.host.path(_DIRECTORY) if subject.host else None
    ready = _DIRECTORY in managed_directories(subject) or (fact is not None and fact.kind == "directory")
    yield RULE.finding(
        subject,
        place=next(
            (config_place(subject, f.where(s.header)) for f, s in subject.sections("global")),
            None,
        ),
        fix=Fix(
            summary=_LINE if ready else f"{_LINE} (and {_DIRECTORY} has to be made at boot)",
            safety=Safety.UNSAFE if ready else Safety.MANUAL,
            edits=add_to_global(subject, _LINE, beside=("stats",)) if ready else (),
        ),
    )


RULE = Rule(
    code="HL307",
    name="no-stats-socket",
    severity=Severity.NOTE,
    summary="no stats socket and no master CLI: nobody can ask this HAProxy anything",
    versions="all",
    needs=frozenset({Need.CONFIGURATION}),
    check=_check,
)
