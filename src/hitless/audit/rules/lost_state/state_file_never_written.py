"""The server state file is not written before reloads.

## What it does

Looks for what writes the file of `server-state-file`: `show servers state` in the unit or a script. Where the file is
missing, or older than the running process, nothing wrote it at the last reload.

## Why it drops connections

A new process loads what the file says. From a file that does not exist it loads nothing; from one of last month it
takes servers out that are well, and brings back addresses and weights that nobody wants any more.

## Example

```cfg
global
    server-state-file /var/lib/haproxy/server-state
defaults
    load-server-state-from-file global
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend www
    bind :80
    default_backend app
backend app
    server a 192.0.2.1:80 check
    server b 192.0.2.2:80 check
```

```json host
{"paths": [{"path": "/var/lib/haproxy/server-state", "kind": "missing"}]}
```

## Use instead

```cfg
global
    server-state-file /var/lib/haproxy/server-state
defaults
    load-server-state-from-file global
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend www
    bind :80
    default_backend app
backend app
    server a 192.0.2.1:80 check
    server b 192.0.2.2:80 check
```

```json host
{"paths": [{"path": "/var/lib/haproxy/server-state", "kind": "file", "modified_age_s": 60}]}
```

```unit
[Service]
ExecStart=/usr/sbin/haproxy -Ws -f /etc/haproxy/haproxy.cfg
ExecReload=/bin/sh -c "echo show servers state | socat /run/haproxy/admin.sock - > /var/lib/haproxy/server-state"
ExecReload=/bin/kill -USR2 $MAINPID
```

## Known problems

A script outside the usual places may write it; a file as young as the process is taken as proof.

## Fix safety

Manual: the command needs a `stats socket` and a program that talks to it.

## References

- HAProxy 2.8 configuration.txt section 3.1 `server-state-file`; management.txt section 9.3 `show servers state`
- https://github.com/haproxy/haproxy/issues/1387, https://github.com/haproxy/haproxy/issues/2506
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.facts import Role
from hitless.findings import (
    Evidence,
    Finding,
    Fix,
    Severity,
)
from hitless.subject.places import config_place
from hitless.subject.state_lines import loads_state, serving_proxies, state_file
from hitless.units import format_duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.facts import PathFact
    from hitless.subject import Subject

_WRITES = "show servers state"
_MARGIN_S = 60.0


def _check(subject: Subject) -> Iterator[Finding]:
    line, host = state_file(subject), subject.host
    if line is None or host is None or not any(loads_state(p) == "global" for p in serving_proxies(subject)):
        return
    path = next((r.path for r in subject.model.file_references if r.where == line.where), line.words[1])
    fact = host.path(path)
    stale_s = _stale_s(subject, fact)
    if fact is not None and fact.kind == "missing":
        reason, seen = "does not exist", "missing"
    elif fact is not None and stale_s > _MARGIN_S and not _is_written(subject):
        reason, seen = (
            "was not written at the last reload",
            f"last written {format_duration(fact.modified_age_s)} ago",
        )
    else:
        return
    yield RULE.finding(
        subject,
        f"{path} {reason}: servers start without their state",
        place=config_place(subject, line.where, line.words[1]),
        evidence=(Evidence(text=f"{path}: {seen}", source=f"stat({path})"),),
        fix=Fix(
            summary="write the file before each reload, first among the unit's ExecReload= lines",
            commands=(f"echo 'show servers state' | socat /run/haproxy/admin.sock - > {path}",),
        ),
    )


def _stale_s(subject: Subject, fact: PathFact | None) -> float:
    """Return how much older than the process that serves now the file is, in seconds."""
    serving = [p.age_s for p in subject.processes if p.generation == 0 and p.role is not Role.MASTER]
    return fact.modified_age_s - max(serving) if fact is not None and fact.kind == "file" and serving else 0.0


def _is_written(subject: Subject) -> bool:
    unit, scripts = subject.unit, (subject.host.scripts if subject.host else None) or ()
    commands = (*unit.reload, *unit.stop, *unit.start_pre) if unit is not None else ()
    return any(_WRITES in c.text for c in commands) or any(_WRITES in s.text for s in scripts)


RULE = Rule(
    code="HL805",
    name="state-file-never-written",
    severity=Severity.WARNING,
    summary="the server state file is not written before reloads",
    versions="all",
    needs=frozenset({Need.CONFIGURATION, Need.SCRIPTS, Need.PATHS}),
    check=_check,
)
