"""A script throws away whether the reload worked.

## What it does

Finds reloads followed by `|| true`, `|| :`, `; true` or `; exit 0`, and Ansible tasks with `ignore_errors` or
`failed_when: false`.

## Why it drops connections

A refused configuration stays unnoticed until somebody restarts the service, and that restart ends in an outage. Even
without `|| true` the exit status says little: `systemctl reload` ends when the signal has been sent, and 0 does not
mean that the new configuration was loaded.

## Example

```script certbot /etc/letsencrypt/renewal-hooks/deploy/haproxy.sh
#!/bin/sh
systemctl reload haproxy || true
```

## Use instead

```script certbot /etc/letsencrypt/renewal-hooks/deploy/haproxy.sh
#!/bin/sh
echo reload | socat -t60 /run/haproxy-master.sock - | grep -q Success=1
```

## Known problems

None known.

## Fix safety

Manual: scripts are not changed.

## References

- systemd.service(5) ExecReload=; HAProxy 2.8 src/haproxy.c: READY=1 is also sent when a reload failed
- HAProxy 2.8 management.txt section 9.4.1 `reload` (Success=0 or 1, since 2.7)
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.audit.script_waits import reloads
from hitless.audit.scripts import script_place
from hitless.findings import (
    Finding,
    Fix,
    Severity,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.audit.scripts import Act
    from hitless.facts import Script
    from hitless.subject import Subject

_IGNORED = re.compile(r"\|\|\s*(?:/\S*/)?(?:true|:|exit\s+0)(?:\s|;|$|\))|;\s*(?:true|exit\s+0)\s*(?:;|$|\))")
_ANSIBLE = re.compile(r"^\s*(?:ignore_errors\s*:\s*(?:yes|true)|failed_when\s*:\s*false)\b", re.IGNORECASE)
_ITEM = re.compile(r"^\s*-\s")
_PACKAGED = frozenset({"package", "sysv-init"})
_FIX = Fix(summary="let the script fail when the reload failed, and ask HAProxy itself whether it worked")


def _check(subject: Subject) -> Iterator[Finding]:
    for script in (subject.host.scripts if subject.host else None) or ():
        if script.kind in _PACKAGED:
            continue
        ignoring = [(act.line, word) for act in reloads(script) if (word := _ignored(script, act))]
        if ignoring:
            line, word = ignoring[0]
            more = f" ({len(ignoring)} times in this file)" if len(ignoring) > 1 else ""
            message = f"`{word}`: nobody learns that the reload failed{more}"
            yield RULE.finding(subject, message, place=script_place(script, line, word), fix=_FIX)


def _ignored(script: Script, act: Act) -> str:
    match = _IGNORED.search(act.text)
    if match:
        return match[0].strip()
    lines = script.text.splitlines()
    if script.kind != "configuration-management":
        return ""
    start = act.line - 1
    while start > 0 and not _ITEM.match(lines[start]):
        start -= 1
    stop = next((n for n in range(start + 1, len(lines)) if _ITEM.match(lines[n])), len(lines))
    return next((line.strip() for line in lines[start:stop] if _ANSIBLE.match(line)), "")


RULE = Rule(
    code="HL604",
    name="reload-result-ignored",
    severity=Severity.NOTE,
    summary="a script ignores whether the reload worked",
    versions="all",
    needs=frozenset({Need.SCRIPTS}),
    check=_check,
    host_wide=True,
)
