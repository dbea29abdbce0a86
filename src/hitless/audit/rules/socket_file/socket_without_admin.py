"""No socket has the rights that draining and saving state need.

## What it does

Finds configurations whose stats sockets all have `level user` or `level operator` (the default), without a master CLI.

## Why it drops connections

Changing a server's state, ending single sessions of an old process in waves and most changes without a reload need
`level admin`. Without it every change is a reload, and an old process can only be cut as a whole.

## Example

```cfg
global
    stats socket /run/haproxy/stats.sock mode 660
```

## Use instead

```cfg
global
    stats socket /run/haproxy/stats.sock mode 660 level admin
```

## Known problems

For files alone, a `-S` on the command line is not known.

## Fix safety

Unsafe: it gives more rights to whoever may connect.

## References

- HAProxy 2.8 configuration.txt section 5.1 `level`; management.txt section 9.3
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.edits import with_words
from hitless.audit.rule import Need, Rule
from hitless.findings import Finding, Fix, Safety, Severity
from hitless.subject.places import config_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    sockets = subject.model.stats_sockets
    admin = any(bind.options.get("level", ())[-1:] == ("admin",) for bind in sockets)
    if not sockets or admin or subject.arguments.master_sockets:
        return
    first = sockets[0]
    # A second `level` on the line would do, but a person would change the first.
    plain = not first.has("level")
    yield RULE.finding(
        subject,
        "the only stats socket has no `level admin`"
        if len(sockets) == 1
        else f"none of {len(sockets)} stats sockets has `level admin`",
        place=config_place(subject, first.where),
        fix=Fix(
            summary="level admin on one stats socket that only its owner and group can connect to",
            safety=Safety.UNSAFE if plain else Safety.MANUAL,
            edits=with_words(subject, first.where, "level admin") if plain else (),
        ),
    )


RULE = Rule(
    code="HL314",
    name="socket-without-admin",
    severity=Severity.NOTE,
    summary="no stats socket has the rights that draining needs",
    versions="all",
    needs=frozenset({Need.CONFIGURATION}),
    check=_check,
)
