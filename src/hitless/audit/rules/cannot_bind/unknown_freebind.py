"""`freebind` is no keyword of HAProxy: the right one is `transparent`.

## What it does

Finds `freebind` as a word of a `bind` or `server` line.

## Why it drops connections

The advice circulates for addresses of Keepalived. HAProxy refuses the line in every version, so the reload is refused,
and a restart ends in an outage.

## Example

```cfg
frontend www
    bind 192.0.2.10:80 freebind

backend app
    server a 192.0.2.20:80 freebind
```

## Use instead

```cfg
frontend www
    bind 192.0.2.10:80 transparent

backend app
    server a 192.0.2.20:80
```

## Known problems

None.

## Fix safety

Safe: the line is refused today. On a `server` line, which binds nothing, and where every host can bind the address
(`*:80`, a path, a descriptor) the word is taken away.

## References

- HAProxy 2.8 configuration.txt section 5.1 `transparent`
- tried on 2.2, 2.6, 2.8, 3.0, 3.2: "unknown keyword 'freebind'"
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hitless.audit.edits import replace_line
from hitless.audit.rule import Need, Rule
from hitless.findings import Finding, Fix, Safety, Severity
from hitless.subject.binds import every_bind
from hitless.subject.places import config_line, config_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject

_DIAGNOSTIC = re.compile(r"(?P<where>.+:[0-9]+): unknown keyword 'freebind' on a (?P<line>bind|server) line")
_ALWAYS_THERE = frozenset({"unix", "abns", "fd", "sockpair"})
_WORD = re.compile(r"\s+freebind(?!\S)")


def _check(subject: Subject) -> Iterator[Finding]:
    for text in subject.model.diagnostics:
        match = _DIAGNOSTIC.fullmatch(text)
        found = config_line(subject, match["where"]) if match else None
        if match is None or found is None:
            continue
        body = found[0].line(found[1]).body.decode("utf-8", "surrogateescape")
        wanted = match["line"] == "bind" and "transparent" not in found[0].line(found[1]).words
        right = _WORD.sub(" transparent" if wanted and _helps(subject, match["where"]) else "", body)
        yield RULE.finding(
            subject,
            f"HAProxy refuses this line: there is no `freebind` on a {match['line']} line",
            place=config_place(subject, match["where"], "freebind"),
            fix=Fix(
                summary=f"write: {right}",
                safety=Safety.SAFE if right != body else Safety.MANUAL,
                edits=replace_line(subject, match["where"], right) if right != body else (),
            ),
        )


def _helps(subject: Subject, where: str) -> bool:
    """Return whether an address of this bind line may be missing from the host: no `*`, no path, no descriptor."""
    addresses = [
        a for owned in every_bind(subject) if owned.bind.where == where for a in owned.bind.addresses
    ]
    return not addresses or any(a.kind not in _ALWAYS_THERE and not a.is_any for a in addresses)


RULE = Rule(
    code="HL404",
    name="unknown-freebind",
    severity=Severity.ERROR,
    summary="`freebind` is no keyword of HAProxy",
    versions="all",
    needs=frozenset({Need.CONFIGURATION}),
    check=_check,
)
