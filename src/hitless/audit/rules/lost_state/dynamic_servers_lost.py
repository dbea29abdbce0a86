"""A script adds servers at run time, and the next reload forgets them.

## What it does

Finds `add server BACKEND/NAME` in scripts.

## Why it drops connections

Servers that were added over the runtime API are in no file, and a server state file does not bring them back either.
After the next reload, by whomever, their traffic falls on those that are left.

## Example

```script script /opt/scale.sh
echo "add server app/s9 192.0.2.9:80 check" | socat /run/haproxy/admin.sock -
echo "enable server app/s9" | socat /run/haproxy/admin.sock -
```

## Use instead

```script script /opt/scale.sh
echo "set server app/s9 addr 192.0.2.9 port 80" | socat /run/haproxy/admin.sock -
echo "set server app/s9 state ready" | socat /run/haproxy/admin.sock -
```

with slots (`server-template`) in the configuration, and server states loaded from a file.

## Known problems

Whether the script also writes the configuration is not visible.

## Fix safety

Manual: scripts are not changed.

## References

- HAProxy 2.8 management.txt section 9.3 `add server`
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.audit.scripts import script_place
from hitless.findings import (
    Finding,
    Fix,
    Severity,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject


_ADDS = re.compile(r"\badd\s+server\s+[\w.${}-]+/[\w.${}-]+")


def _check(subject: Subject) -> Iterator[Finding]:
    for script in (subject.host.scripts if subject.host else None) or ():
        for number, line in enumerate(script.text.splitlines(), 1):
            match = None if line.lstrip().startswith("#") else _ADDS.search(line)
            if match:
                yield RULE.finding(
                    subject,
                    f"`{match[0]}` lives until the next reload",
                    place=script_place(script, number, match[0]),
                    fix=Fix(
                        summary="write the server into the configuration too, or use slots of a `server-template`"
                    ),
                )
                break


RULE = Rule(
    code="HL812",
    name="dynamic-servers-lost",
    severity=Severity.NOTE,
    summary="a script adds servers that the next reload forgets",
    versions="2.4 and later",
    needs=frozenset({Need.SCRIPTS}),
    check=_check,
    host_wide=True,
)
