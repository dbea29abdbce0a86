"""The level on the `log` line hides every request.

## What it does

Finds frontends all of whose log targets keep only `notice` or worse.

## Why it drops connections

HAProxy logs requests and connections at level `info`, whatever their status. `log … local0 notice` looks like "fewer
lines" and keeps only messages about servers and processes: of a request that a reload cut, nothing is left.

## Example

```cfg
global
    log /dev/log local0 notice
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
    log /dev/log local0
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

## Known problems

None known.

## Fix safety

Unsafe: a line is written for each request, which takes room on the disk.

## References

- HAProxy 2.8 configuration.txt section 4.2 `log` (maximum level); src/log.c sess_log()
- tried on 2.2 to 3.2: with `notice` no request arrives
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hitless.audit.edits import replace_line
from hitless.audit.log_lines import logged_frontends, read_log_target
from hitless.audit.rule import Need, Rule
from hitless.findings import (
    Finding,
    Fix,
    Safety,
    Severity,
)
from hitless.subject.places import config_line, config_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.config.model import Proxy
    from hitless.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    hidden = [proxy for proxy in logged_frontends(subject) if _hides(subject, proxy)]
    if not hidden:
        return
    first = hidden[0]
    target = first.log_targets[0]
    level = read_log_target(subject, target).level
    named = f"frontend {first.name}" if len(hidden) == 1 else f"{first.name} and {len(hidden) - 1} more"
    found = config_line(subject, target.where)
    body = found[0].line(found[1]).body.decode("utf-8", "surrogateescape") if found else ""
    text = re.sub(rf"\s+{re.escape(level)}(?:\s+\w+)?$", "", body)
    edits = replace_line(subject, target.where, text) if text != body else ()
    yield RULE.finding(
        subject,
        f"requests are logged at level info, and `{level}` keeps them out of the log of {named}",
        place=config_place(subject, target.where, level),
        fix=Fix(
            summary=f"`{text}`" if edits else "no level on the `log` line",
            safety=Safety.UNSAFE if edits else Safety.MANUAL,
            edits=edits,
        ),
    )


def _hides(subject: Subject, proxy: Proxy) -> bool:
    raised = (
        any("set-log-level" in d.words for d in proxy.directives) or "log-separate-errors" in proxy.options
    )
    lines = [read_log_target(subject, target) for target in proxy.log_targets]
    return bool(lines) and not raised and all(line.hides_traffic and not line.profile for line in lines)


RULE = Rule(
    code="HL711",
    name="log-level-hides-traffic",
    severity=Severity.WARNING,
    summary="the level on the log line hides every request",
    versions="all",
    needs=frozenset({Need.CONFIGURATION}),
    check=_check,
)
