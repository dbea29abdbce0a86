"""Frontends have no log: nobody can tell afterwards whom a reload hurt.

## What it does

Finds frontends without any log target: no `log` line, `log global` without a `log` line in `global`, or `no log`.
Frontends that serve only the statistics page or an exporter are not meant.

## Why it drops connections

A log line is the only trace of a request that was cut: it has the process that served it, and the termination state
that says who ended it (`K` for a session killed at the hard stop). Without a log the drop of last night stays a
rumour.

## Example

```cfg
global
    log /dev/log local0
defaults
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

Logs that a script or an agent writes (SPOE, Lua) are not seen.

## Fix safety

Unsafe: a line is written for each request, which takes room on the disk. Where HAProxy runs in a chroot, /dev/log
must be there too (HL702).

## References

- HAProxy 2.8 configuration.txt section 4.2 `log`, section 8.5 (termination states)
- tried on 2.2 to 3.2: "log format ignored for frontend 'f' since it has no log address" is a warning at most
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.edits import add_to_global, add_to_section
from hitless.audit.log_lines import logged_frontends
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
    frontends = logged_frontends(subject)
    silent = [proxy for proxy in frontends if not proxy.log_targets]
    if not silent:
        return
    first = silent[0]
    named = f"frontend {first.name}" if len(silent) == 1 else f"{first.name} and {len(silent) - 1} more"
    has_global = any(d.words[0] == "log" and len(d.words) > 1 for d in subject.in_global("log"))
    asks = _asks_for_global(subject, first.where) or _asks_for_global(subject, first.defaults_where)
    why = (
        "`log global` stands there, and `global` has no `log` line"
        if asks and not has_global
        else "no `log` line"
    )
    yield RULE.finding(
        subject,
        f"{named}: {why}",
        severity=Severity.WARNING if len(silent) == len(frontends) else Severity.NOTE,
        place=config_place(subject, first.where),
        fix=_fix(subject, silent, has_global=has_global),
    )


def _asks_for_global(subject: Subject, where: str) -> bool:
    found = config_line(subject, where)
    if found is None:
        return False
    file, header = found
    section = file.section_at(header)
    return section is not None and any(
        file.line(n).words == ("log", "global") for n in range(section.header, section.stop)
    )


def _fix(subject: Subject, silent: list[Proxy], *, has_global: bool) -> Fix:
    edits = () if has_global else add_to_global(subject, _TARGET, beside=("log",))
    for where in dict.fromkeys(proxy.defaults_where or proxy.where for proxy in silent):
        if not _asks_for_global(subject, where):
            edits += add_to_section(subject, where, "log global", beside=("mode",))
    safety = Safety.UNSAFE if edits else Safety.MANUAL
    summary = f"`{_TARGET}` in `global` and `log global`" if edits else "take `no log` out"
    return Fix(summary=summary, safety=safety, edits=edits)


_TARGET = "log /dev/log local0"


RULE = Rule(
    code="HL701",
    name="no-log",
    severity=Severity.WARNING,
    summary="frontends have no log target",
    versions="all",
    needs=frozenset({Need.CONFIGURATION}),
    check=_check,
)
