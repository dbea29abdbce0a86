"""`-x` names the master CLI's socket, which hands over nothing: up to 2.5 every reload goes without the old sockets.

## What it does

Finds a `-x` whose path is the one of `-S`, on the command line of the unit, of a script, or of a running process.

## Why it drops connections

Listening sockets are handed over by a *stats socket* of the old worker. The master's CLI cannot: a master-worker start
logs "Failed to get the sockets from the old process!", goes on, opens new sockets, and says "Loading success"; what
waited in the old accept queue is reset. A classic process ends with exit code 1 instead. From 2.6 on a reload of a
master does not use this `-x` any more, and only the start complains: a note.

## Example

```argv
/usr/sbin/haproxy -W -S /run/haproxy-master.sock -x /run/haproxy-master.sock -f /etc/haproxy/haproxy.cfg
```
```unit
[Service]
Type=notify
ExecStart=/usr/sbin/haproxy -Ws -S /run/haproxy-master.sock -x /run/haproxy-master.sock -f /etc/haproxy/haproxy.cfg
```

## Use instead

```argv
/usr/sbin/haproxy -W -S /run/haproxy-master.sock -f /etc/haproxy/haproxy.cfg
```
```unit
[Service]
Type=notify
ExecStart=/usr/sbin/haproxy -Ws -S /run/haproxy-master.sock -f /etc/haproxy/haproxy.cfg
```

Since 2.6 a master hands over by itself; `-x` has no place on its command line.

## Known problems

`-x` behind a variable of a script is compared as written.

## Fix safety

Safe where `-x` stands in `ExecStart=` and the version is known to be 2.6 or later: it does nothing there but fail.

## References

- HAProxy 2.8 management.txt section 3 `-x`, `-S`; src/sock.c sock_get_old_sockets()
- tried on 2.2 (new sockets at every reload; the same where a stats socket has `expose-fd listeners`, which a
  master puts in the place of this -x), 2.6, 2.8 and 3.2 (the same sockets)
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.audit.service import CommandLine, command_lines
from hitless.config.arguments import parse_arguments
from hitless.findings import Evidence, Finding, Fix, Place, Safety, Severity, UnitEdit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject

_ALERT = "Failed to get the sockets from the old process"


def _check(subject: Subject) -> Iterator[Finding]:
    lines = list(_all_lines(subject))
    sockets = {path for line in lines for path in line.arguments.master_socket_paths}
    sockets |= set(subject.arguments.master_socket_paths)
    alerts = _alerts(subject)
    for line in lines:
        source = line.arguments.transfer_from.removeprefix("unix@")
        if source and source in sockets:
            yield RULE.finding(
                subject,
                f"{line.what} fetches listening sockets from the master's CLI, {source}, which hands over none",
                severity=_severity(subject, line),
                place=line.place,
                evidence=(Evidence(text=f"-x {source} and -S {source}", source=line.source), *alerts),
                fix=_fix(subject, line),
            )


def _all_lines(subject: Subject) -> Iterator[CommandLine]:
    """Yield the command lines of files, and of processes where those show nothing."""
    seen: set[str] = set()
    for line in command_lines(subject):
        seen.add(line.arguments.transfer_from)
        yield line
    launch = subject.instance.launch
    if launch is not None and subject.arguments.transfer_from not in seen:
        seen.add(subject.arguments.transfer_from)
        yield CommandLine(subject.arguments, Place(file=launch.source), launch.source, "the command line")
    for process in subject.processes:
        arguments = parse_arguments(process.arguments)
        if arguments.transfer_from not in seen:
            seen.add(arguments.transfer_from)
            name = f"process {process.pid}"
            yield CommandLine(arguments, Place(file=name), f"/proc/{process.pid}/cmdline", name)


def _alerts(subject: Subject) -> tuple[Evidence, ...]:
    master = subject.instance.master
    if master is None:
        return ()
    source = f"show startup-logs on {master.socket}"
    return tuple(Evidence(text=m, source=source) for m in master.startup_log if _ALERT in m)[:1]


def _severity(subject: Subject, line: CommandLine) -> Severity:
    by_itself = (line.arguments.master_worker or subject.master_worker) and subject.version_in((2, 6))
    return Severity.NOTE if by_itself else Severity.ERROR


def _fix(subject: Subject, line: CommandLine) -> Fix:
    unit = subject.unit
    master = line.arguments.master_worker
    if unit is not None and line.what == "ExecStart=" and master and subject.version_in((2, 6)):
        (start, *more) = unit.start
        text, count = re.subn(rf"\s-x\s+{re.escape(line.arguments.transfer_from)}(?=\s|$)", "", start.text)
        if count and not more:
            edit = UnitEdit(unit=unit.name, section="Service", lines=("ExecStart=", f"ExecStart={text}"))
            return Fix(
                summary="no -x: the master hands over by itself",
                safety=Safety.SAFE,
                edits=(edit,),
                commands=("systemctl daemon-reload",),
            )
    if master and subject.version_in((2, 6)):
        return Fix(summary="take -x away: since 2.6 the master hands over by itself")
    return Fix(summary="name a stats socket that has `expose-fd listeners` after -x, not the socket of -S")


RULE = Rule(
    code="HL106",
    name="socket-transfer-from-master-cli",
    severity=Severity.ERROR,
    summary="-x names the master CLI's socket, which hands over nothing",
    versions="all since 1.9; master-worker mode: up to 2.5 every reload, later the start alone",
    needs=frozenset({Need.LAUNCH}),
    check=_check,
)
