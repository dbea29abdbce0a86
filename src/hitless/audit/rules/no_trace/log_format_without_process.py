"""Log lines do not say which process wrote them.

## What it does

Finds log targets whose format leaves out the tag with the process id (`raw`, `short`, `timed`, `priority`, `iso`),
for frontends whose `log-format` has no `%pid`.

## Why it drops connections

During a reload two processes serve. Whether a failed request was with the old worker (its frozen server list, its
hard stop) or the new one (cold servers) is the first question afterwards, and only the process id answers it.

## Example

```cfg
global
    log stdout format raw local0
defaults
    log global
    mode http
    option httplog
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend www
    bind :80
    default_backend app
backend app
    server a 192.0.2.1:80
```

## Use instead

```cfg
global
    log stdout format raw local0
defaults
    log global
    mode http
    log-format "%pid %ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %tsc %{+Q}r"
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend www
    bind :80
    default_backend app
backend app
    server a 192.0.2.1:80
```

## Known problems

None known.

## Fix safety

Manual: what reads the log lines has its own idea of their format.

## References

- HAProxy 2.8 configuration.txt section 4.2 `log` (formats), section 8.2.4 (`%pid`)
- tried on 2.2 to 3.2: `format raw` and `format short` send no tag
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hitless.audit.log_lines import logged_frontends, read_log_target
from hitless.audit.rule import Need, Rule
from hitless.findings import (
    Finding,
    Fix,
    Severity,
)
from hitless.subject.places import config_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.config.model import Proxy
    from hitless.subject import Subject

_UNTAGGED = frozenset({"raw", "short", "timed", "priority", "iso"})
_PID = re.compile(r"%(?:\{[^}]*\})?pid\b|\bpid\b")


def _check(subject: Subject) -> Iterator[Finding]:
    blind = [
        (proxy, target)
        for proxy in logged_frontends(subject)
        if not _says_pid(proxy)
        for target in proxy.log_targets
        if read_log_target(subject, target).form in _UNTAGGED
    ]
    if blind:
        proxy, target = blind[0]
        names = {p.name for p, _ in blind}
        named = f"frontend {proxy.name}" if len(names) == 1 else f"{proxy.name} and {len(names) - 1} more"
        form = read_log_target(subject, target).form
        yield RULE.finding(
            subject,
            f"`format {form}` has no process id: old and new worker cannot be told apart in the log of {named}",
            place=config_place(subject, target.where, form),
            fix=Fix(summary="put `%pid` into `log-format`, or use a format with a tag (`rfc5424`, `local`)"),
        )


def _says_pid(proxy: Proxy) -> bool:
    return any(
        _PID.search(" ".join(d.words))
        for d in proxy.directives
        if d.keyword in {"log-format", "log-format-sd"}
    )


RULE = Rule(
    code="HL704",
    name="log-format-without-process",
    severity=Severity.NOTE,
    summary="log lines do not say which process wrote them",
    versions="all",
    needs=frozenset({Need.CONFIGURATION}),
    check=_check,
)
