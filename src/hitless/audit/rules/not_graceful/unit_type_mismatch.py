"""The unit's `Type=` and HAProxy's command line do not fit: systemd waits in vain, or takes HAProxy for ended.

## What it does

Compares `Type=` with `-Ws`, `-W`, `-D` and `daemon`: `notify` needs `-Ws`; `simple`, `exec` and `notify` must not
daemonise; `forking` must, and needs `PIDFile=`.

## Why it drops connections

With `Type=notify` and no `-Ws` nobody says READY=1: after TimeoutStartSec systemd kills the service and starts it
again, for ever. With `-D` under `simple` or `notify` systemd sees its process end, kills what it left behind or
restarts it. With `forking` and without `PIDFile=` systemd guesses the main process, and loses it at the first classic
reload: the next `systemctl reload` signals a process that has gone.

## Example

```unit
[Service]
Type=notify
ExecStart=/usr/sbin/haproxy -W -f /etc/haproxy/haproxy.cfg -p /run/haproxy.pid
ExecReload=/bin/kill -USR2 $MAINPID
```

## Use instead

```unit
[Service]
Type=notify
ExecStart=/usr/sbin/haproxy -Ws -f /etc/haproxy/haproxy.cfg -p /run/haproxy.pid
ExecReload=/bin/kill -USR2 $MAINPID
```

## Known problems

`daemon` in the configuration does nothing beside `-Ws`, and the rule says nothing of it. A `-D` beside `-Ws` does
daemonise.

## Fix safety

`-Ws` instead of `-W` is safe: the same master, which also tells systemd. Anything that changes `Type=` or daemonising
is for a person, because it takes a restart.

## References

- systemd.service(5) Type=, PIDFile=, NotifyAccess=
- HAProxy 2.8 management.txt section 3 `-Ws`, `-D`; tried on 2.2, 2.6, 3.0, 3.2: `-Ws -D` goes to the background
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.audit.service import unit_start
from hitless.findings import Evidence, Finding, Fix, Safety, Severity, UnitEdit
from hitless.subject.places import text_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.config.arguments import HaproxyArguments
    from hitless.facts import ExecCommand, Unit
    from hitless.subject import Subject

_STAYS = frozenset({"simple", "exec", "notify", "notify-reload", "idle"})
_TOLD = frozenset({"notify", "notify-reload"})


def _check(subject: Subject) -> Iterator[Finding]:
    unit = subject.unit
    start = unit_start(unit) if unit is not None else None
    if unit is None or start is None:
        return
    command, arguments = start
    if command.arguments[0].rpartition("/")[2] != "haproxy":
        return
    message, severity, fix = _judge(subject, unit, command, arguments)
    if message:
        yield RULE.finding(
            subject,
            message,
            severity=severity,
            place=text_place(unit.files, command.where, command.text),
            evidence=(
                Evidence(text=f"Type={unit.type}", source=unit.place_of("Type")),
                Evidence(text=f"ExecStart={command.text}", source=command.where or unit.source),
            ),
            fix=fix,
        )


def _judge(
    subject: Subject, unit: Unit, command: ExecCommand, arguments: HaproxyArguments
) -> tuple[str, Severity, Fix]:
    daemonises = _daemonises(subject, arguments)
    kind = unit.type or "simple"
    if kind in _STAYS and daemonises:
        fix = Fix(summary="-Ws without -D and Type=notify")
        return f"HAProxy goes to the background, and Type={kind} takes that for its end", Severity.ERROR, fix
    if kind in _TOLD and not arguments.systemd:
        return (
            f"Type={kind} waits for a message that only -Ws sends",
            Severity.ERROR,
            _with_ws(unit, command, arguments),
        )
    if kind == "forking" and not daemonises:
        fix = Fix(summary="Type=notify with -Ws, or -D with Type=forking and PIDFile=")
        return (
            "Type=forking waits for HAProxy to go to the background, which it does not",
            Severity.ERROR,
            fix,
        )
    if kind == "forking" and not unit.properties.get("PIDFile"):
        fix = Fix(summary=f"PIDFile={arguments.pid_file or '/run/haproxy.pid'}, the file that -p names")
        return "Type=forking without PIDFile= loses HAProxy at a reload", Severity.WARNING, fix
    if kind in _STAYS and arguments.systemd and kind not in _TOLD:
        fix = Fix(summary="Type=notify")
        return f"-Ws reports to systemd, and Type={kind} does not listen", Severity.NOTE, fix
    return "", Severity.NOTE, Fix(summary="")


def _daemonises(subject: Subject, arguments: HaproxyArguments) -> bool:
    if arguments.daemon:
        return "-db" not in arguments.flags
    return bool(subject.in_global("daemon")) and not arguments.systemd and "-db" not in arguments.flags


def _with_ws(unit: Unit, command: ExecCommand, arguments: HaproxyArguments) -> Fix:
    text, count = re.subn(r"(?<=\s)-W(?=\s)", "-Ws", command.text)
    if not count or len(unit.start) != 1 or not arguments.master_worker:
        return Fix(summary="-Ws in ExecStart=, or Type=simple with -W")
    edit = UnitEdit(unit=unit.name, section="Service", lines=("ExecStart=", f"ExecStart={text}"))
    return Fix(
        summary="-Ws instead of -W", safety=Safety.SAFE, edits=(edit,), commands=("systemctl daemon-reload",)
    )


RULE = Rule(
    code="HL110",
    name="unit-type-mismatch",
    severity=Severity.ERROR,
    summary="the unit's Type= and HAProxy's command line do not fit",
    versions="all",
    needs=frozenset({Need.UNIT}),
    check=_check,
)
