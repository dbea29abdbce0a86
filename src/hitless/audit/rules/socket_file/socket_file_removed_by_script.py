r"""A script removes HAProxy's socket file, which a reload does not make again.

## What it does

Finds `rm` of a socket of the configuration in scripts, and in ExecStartPre= and ExecReload= of the unit.

## Why it drops connections

The advice to remove a stale socket file is needless: HAProxy binds a temporary name and renames it over whatever
stands there. Around a reload it does harm: the new process inherits the socket and does not make the file again, so
`-x` of the next reload, drains and readiness checks fail.

## Example

```cfg
global
    stats socket /run/haproxy/admin.sock mode 660 level admin
```
```script script /usr/local/bin/deploy.sh
rm -f /run/haproxy/admin.sock
systemctl reload haproxy
```

## Use instead

```cfg
global
    stats socket /run/haproxy/admin.sock mode 660 level admin
```
```script script /usr/local/bin/deploy.sh
# rm -f /run/haproxy/admin.sock
rm -f /run/haproxy/other.sock
systemctl reload haproxy
```

## Known problems

A path that a script keeps in a variable is not seen.

## Fix safety

Manual: the line belongs to somebody's script; it can be removed without a replacement.

## References

- HAProxy 2.8 src/sock_unix.c sock_unix_bind_receiver(); a stale socket and a regular file in its place were tried on
  2.2, 2.6, 2.8, 3.0, 3.2: HAProxy starts
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.audit.scripts import Action, actions, script_place
from hitless.findings import Evidence, Finding, Fix, Place, Severity
from hitless.subject.binds import unix_sockets
from hitless.subject.places import split_where, text_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject

_REMOVE = re.compile(r"(?:^|[\s;&|(`\"'])(?:/\S*/)?(?:rm|unlink)\s+(?P<rest>[^;&|\n]*)")
_FIX = Fix(summary="take the line away: HAProxy replaces a stale socket file by itself")


def _check(subject: Subject) -> Iterator[Finding]:
    paths = {socket.path for socket in unix_sockets(subject)}
    for script in (subject.host.scripts if subject.host else None) or ():
        reloads = any(a.action in {Action.RELOAD, Action.MASTER_CLI, Action.SIGNAL} for a in actions(script))
        for number, line in enumerate(script.text.splitlines(), 1):
            path = _removed(line, paths)
            if path:
                yield _finding(
                    subject, path, script_place(script, number, path), line.strip(), reloads=reloads
                )
    unit = subject.unit
    for command in (*unit.start_pre, *unit.reload) if unit else ():
        path = _removed(command.text, paths)
        if unit and path:
            place = (
                text_place(unit.files, command.where, path)
                if split_where(command.where)[1]
                else Place(file=unit.name)
            )
            yield _finding(subject, path, place, command.text, reloads=command in unit.reload)


def _removed(line: str, paths: set[str]) -> str:
    if line.lstrip().startswith("#"):
        return ""
    match = _REMOVE.search(line)
    words = {word.strip("'\"") for word in match["rest"].split()} if match else set()
    return min(words & paths, default="")


def _finding(subject: Subject, path: str, place: Place, text: str, *, reloads: bool) -> Finding:
    return RULE.finding(
        subject,
        f"{path} is removed; "
        + ("a reload does not make it again" if reloads else "HAProxy does not need that"),
        severity=Severity.WARNING if reloads else Severity.NOTE,
        place=place,
        evidence=(Evidence(text=text, source=place.where),),
        fix=_FIX,
    )


RULE = Rule(
    code="HL312",
    name="socket-file-removed-by-script",
    severity=Severity.WARNING,
    summary="a script removes HAProxy's socket file, which a reload does not make again",
    versions="all",
    needs=frozenset({Need.CONFIGURATION, Need.SCRIPTS}),
    check=_check,
)
