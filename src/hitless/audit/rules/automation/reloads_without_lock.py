"""Several scripts reload HAProxy, and none takes a lock.

## What it does

Counts the scripts, crontabs, hooks and timers that reload HAProxy without `flock` or a lock file.

## Why it drops connections

Each of them is harmless alone. When two run at the same time, the second reload begins while the first hands over its
sockets, and what follows depends on the version: a merged signal, "Another reload is still in progress.", or a
hand-over that fails without a word.

## Example

```script certbot /etc/letsencrypt/renewal-hooks/deploy/haproxy.sh
systemctl reload haproxy
```

```script cron /etc/cron.d/blocklist
*/5 * * * * root /opt/blocklist && systemctl reload haproxy
```

## Use instead

```script certbot /etc/letsencrypt/renewal-hooks/deploy/haproxy.sh
flock /run/haproxy.reload systemctl reload haproxy
```

```script cron /etc/cron.d/blocklist
*/5 * * * * root /opt/blocklist && flock /run/haproxy.reload systemctl reload haproxy
```

## Known problems

Whether they ever run at the same time is not known.

## Fix safety

Manual: scripts are not changed.

## References

- HAProxy 3.1 src/mworker.c: "Another reload is still in progress."
- flock(1)
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.audit.script_waits import reloads
from hitless.audit.scripts import script_place
from hitless.findings import (
    Evidence,
    Finding,
    Fix,
    Severity,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject


_LOCKED = re.compile(
    r"\bflock\b|\blockfile\b|\.lock\b|\bhitless\b|\bsetlock\b|\bmkdir\s+\S*lock", re.IGNORECASE
)
_OTHERS = frozenset({"package", "sysv-init", "configuration-management", "container"})
_FIX = Fix(summary="one lock for all that reload: `flock FILE systemctl reload haproxy`")


def _check(subject: Subject) -> Iterator[Finding]:
    scripts = (subject.host.scripts if subject.host else None) or ()
    found = [
        (script, act)
        for script in scripts
        if script.kind not in _OTHERS and not _LOCKED.search(script.text)
        for act in [next(reloads(script), None)]
        if act is not None
    ]
    if len({script.path for script, _ in found}) > 1:
        script, act = found[0]
        yield RULE.finding(
            subject,
            f"{len(found)} files reload HAProxy without a lock: two can run at the same time",
            place=script_place(script, act.line),
            evidence=tuple(Evidence(text=a.text, source=f"{s.path}:{a.line}") for s, a in found[:8]),
            fix=_FIX,
        )


RULE = Rule(
    code="HL607",
    name="reloads-without-lock",
    severity=Severity.NOTE,
    summary="several scripts reload HAProxy, and none takes a lock",
    versions="all",
    needs=frozenset({Need.SCRIPTS}),
    check=_check,
    host_wide=True,
)
