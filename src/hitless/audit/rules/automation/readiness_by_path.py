"""After a reload a script takes any answer as proof that the new process serves.

## What it does

Finds scripts that trigger a reload and then test a socket's path (`[ -S … ]`), a port (`nc -z`), a URL of this host
(`curl http://localhost…`) or whether `show info` is answered, and nowhere look at a process id.

## Why it drops connections

The old process can answer: it holds the same listening sockets, and the path of its socket is still there. A script
that goes on because of such an answer goes on with the old configuration, or while a failed start has left a
half-dead process with a copy of the listening socket. Ray Serve, OpenShift's router and haproxy-ingress all shipped
such a gate.

## Example

```script script /usr/local/bin/reload.sh
#!/bin/sh
systemctl reload haproxy
until [ -S /run/haproxy/admin.sock ]; do sleep 0.1; done
echo "reloaded"
```

## Use instead

```script script /usr/local/bin/reload.sh
#!/bin/sh
pid() { echo "show info" | socat - /run/haproxy/admin.sock | sed -n 's/^Pid: //p'; }
old=$(pid)
systemctl reload haproxy
until new=$(pid) && [ -n "$new" ] && [ "$new" != "$old" ]; do sleep 0.1; done
echo "reloaded"
```

A new pid in `show info` is the new worker's answer.

## Known problems

A script that mentions a pid anywhere is taken to compare it.

## Fix safety

Manual: scripts are not changed.

## References

- HAProxy 2.8 management.txt section 9.3 `show info` (Pid), section 9.4.1 `show proc`
- https://github.com/ray-project/ray/pull/64063
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.audit.script_waits import is_shell, reloads
from hitless.audit.scripts import Action, script_place
from hitless.findings import (
    Finding,
    Fix,
    Severity,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.facts import Script
    from hitless.subject import Subject

_PROBE = re.compile(
    r"(?:\[{1,2}|\btest)\s+(?:!\s+)?-[SeU]\s+\S*(?:sock|haproxy)\S*"
    r"|\b(?:nc|ncat)\s+(?:-\w{1,20}\s+){0,9}-\w{0,9}z\w{0,9}\b"
    r"|\b(?:curl|wget)\b[^|;\n]{0,300}(?:localhost|127\.0\.0\.1|\[::1\])"
    r"|\bshow\s+(?:info|stat)\b[^|;\n]{0,40}\|\s*(?:/\S{1,100}/)?(?:socat|ncat|nc)\b"
)
_KNOWS_PID = re.compile(
    r"pid|MainPID|show proc|Success=|\bss\s+-\S*p|\bhitless\b|startup-logs", re.IGNORECASE
)
_FIX = Fix(summary="wait for the takeover itself: the new pid holds the listening sockets and answers")
_TRIGGERS = frozenset({Action.RELOAD, Action.SIGNAL, Action.MASTER_CLI, Action.SPAWN})


def _check(subject: Subject) -> Iterator[Finding]:
    for script in (subject.host.scripts if subject.host else None) or ():
        trigger = next((act for act in reloads(script) if act.action in _TRIGGERS), None)
        if trigger is None or not is_shell(script) or _KNOWS_PID.search(script.text):
            continue
        lines = script.text.splitlines()
        for number in range(trigger.line + 1, len(lines) + 1):
            probe = _PROBE.search(lines[number - 1])
            if probe and not lines[number - 1].lstrip().startswith("#"):
                yield _finding(subject, script, number, probe[0].strip())
                break


def _finding(subject: Subject, script: Script, number: int, probe: str) -> Finding:
    message = f"`{probe}` after a reload is also answered by the old process"
    place = script_place(script, number, probe)
    return RULE.finding(subject, message, place=place, fix=_FIX)


RULE = Rule(
    code="HL602",
    name="readiness-by-path",
    severity=Severity.WARNING,
    summary="after a reload, a script takes an answer of the old process for the new one's",
    versions="all",
    needs=frozenset({Need.SCRIPTS}),
    check=_check,
    host_wide=True,
)
