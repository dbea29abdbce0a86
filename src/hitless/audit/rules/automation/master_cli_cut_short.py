"""`socat` gives up before the master's CLI has answered.

## What it does

Finds scripts that write `reload` to a socket with `socat` and no `-t`, or one of less than ten seconds.

## Why it drops connections

Since 2.7 `reload` on the master's CLI answers when the configuration is loaded, since 3.1 when the new worker is
ready. `socat` closes half a second after the end of its input. A load that takes longer is then never answered: the
script cannot tell success from failure, and with a later `Success=` test takes a good reload for a bad one and does
it again.

## Example

```script script /usr/local/bin/reload.sh
echo reload | socat /run/haproxy-master.sock -
```

## Use instead

```script script /usr/local/bin/reload.sh
echo reload | socat -t300 /run/haproxy-master.sock -
```

## Known problems

None known.

## Fix safety

Manual: scripts are not changed; add `-t300` to the line.

## References

- socat(1) option -t: 0.5 seconds by default; HAProxy 2.8 management.txt section 9.4.1 `reload`
- tried on 2.8.25, 3.0.11 and 3.2.26 with a configuration that loads slowly: nothing after 0.51 s
- HAProxy 3.3 admin/cli/haproxy-reload waits 90 s
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.audit.scripts import Action, actions, script_place
from hitless.findings import (
    Finding,
    Fix,
    Severity,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.facts import Script
    from hitless.subject import Subject

_TIMEOUT = re.compile(r"\s-t\s*[\"']?(\$|\d{1,6}(?:\.\d{1,6})?)")
_ENOUGH_S = 10.0
_HELD_OPEN = re.compile(r"sleep\s+\S+\s*;?\s*[)}]|ignoreeof|shut-none", re.IGNORECASE)


def _check(subject: Subject) -> Iterator[Finding]:
    if not subject.version_in((2, 7)):
        return
    for script in (subject.host.scripts if subject.host else None) or ():
        for act in actions(script):
            if act.action is not Action.MASTER_CLI or not re.search(r"\bsocat\b", act.text):
                continue
            timeout = _TIMEOUT.search(act.text)
            long = timeout is not None and (timeout[1] == "$" or float(timeout[1]) >= _ENOUGH_S)
            if not long and not _HELD_OPEN.search(act.text):
                yield _finding(subject, script, act.line, timeout[1] if timeout else "0.5")


def _finding(subject: Subject, script: Script, line: int, seconds: str) -> Finding:
    return RULE.finding(
        subject,
        f"socat closes {seconds} s after `reload` was sent; a load that takes longer is never answered",
        place=script_place(script, line, "socat"),
        fix=Fix(summary="give socat time to wait for the answer: `socat -t300 …`"),
    )


RULE = Rule(
    code="HL605",
    name="master-cli-cut-short",
    severity=Severity.WARNING,
    summary="socat closes before the synchronous reload has answered",
    versions="2.7 and later",
    needs=frozenset({Need.SCRIPTS, Need.VERSION}),
    check=_check,
    host_wide=True,
)
