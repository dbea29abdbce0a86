"""A script reloads HAProxy by signal, CLI or `-sf` without a check of the configuration before.

## What it does

Finds scripts that send SIGUSR2, write `reload` to a socket, or start `haproxy -sf`, and have no `haproxy -c`.
`systemctl reload` is not meant: there the unit checks.

## Why it drops connections

A refused configuration leaves the old process in service, but not unharmed: in 2.2 and from 3.1 on the reload after a
failed one runs without socket transfer and resets connections that wait to be accepted (85 in ten cycles on 3.2.26),
and in 3.1 to 3.3 the signal can stay blocked. A check costs a second and avoids both.

## Example

```script script /usr/local/bin/reload.sh
cp new.cfg /etc/haproxy/haproxy.cfg
kill -USR2 $(cat /run/haproxy.pid)
```

## Use instead

```script script /usr/local/bin/reload.sh
cp new.cfg /etc/haproxy/haproxy.cfg
haproxy -Ws -c -f /etc/haproxy/haproxy.cfg && kill -USR2 $(cat /run/haproxy.pid)
```

`haproxy -c` does not try whether the new addresses can be bound.

## Known problems

None known.

## Fix safety

Manual: scripts are not changed.

## References

- HAProxy 2.8 management.txt section 3 `-c`
- https://github.com/haproxy/haproxy/issues/3229
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.audit.script_waits import reloads
from hitless.audit.scripts import Action, actions, script_place
from hitless.findings import (
    Finding,
    Fix,
    Severity,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject


_CHECK = re.compile(
    r"\s-c\b[^|;&\n]{0,300}\s-f\b|\s-f\b[^|;&\n]{0,300}\s-c\b|\bconfigtest\b|\bhitless\b|\bcheck_haproxy_config\b"
)
_PACKAGED = frozenset({"package", "sysv-init", "container"})
_FIX = Fix(summary="check with the flags of the service first: `haproxy -c -f FILE && …`")


def _check(subject: Subject) -> Iterator[Finding]:
    worst = subject.version_in((3, 1)) or subject.version_in((2, 2), (2, 2))
    for script in (subject.host.scripts if subject.host else None) or ():
        if script.kind in _PACKAGED or _CHECK.search(script.text):
            continue
        act = next((a for a in reloads(script) if a.action is not Action.RELOAD), None)
        if act is None or any(a.action is Action.CHECK for a in actions(script)):
            continue
        if act.action is Action.SIGNAL and act.detail == "HUP" and not subject.master_worker:
            continue
        yield RULE.finding(
            subject,
            "nothing checks the configuration before this reload",
            severity=Severity.WARNING if worst and subject.master_worker else Severity.NOTE,
            place=script_place(script, act.line),
            fix=_FIX,
        )


RULE = Rule(
    code="HL608",
    name="unchecked-reload-in-script",
    severity=Severity.NOTE,
    summary="a script reloads without checking the configuration",
    versions="all; worst in 2.2 and from 3.1 on",
    needs=frozenset({Need.SCRIPTS}),
    check=_check,
    host_wide=True,
)
