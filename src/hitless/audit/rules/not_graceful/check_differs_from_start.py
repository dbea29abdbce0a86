"""The check before a reload looks at something else than what HAProxy is started with.

## What it does

Compares the `haproxy -c` of `ExecReload=` and `ExecStartPre=` with `ExecStart=`: the same `-f` in the same order, the
same mode (`-W` or `-Ws`), the same `-C` and `-L`.

## Why it drops connections

A check of other files passes what the reload then refuses, or refuses what is sound. Without `-W` a configuration that
names things of the master is judged differently; with `-S` and without `-W` it is fatal since 2.9 ("a master CLI socket
was defined, but master-worker mode (-W) is not enabled"): every reload is refused, and people restart instead.

## Example

```unit
[Service]
ExecStart=/usr/sbin/haproxy -Ws -f /etc/haproxy/haproxy.cfg -f /etc/haproxy/conf.d -p /run/haproxy.pid
ExecReload=/usr/sbin/haproxy -Ws -f /etc/haproxy/haproxy.cfg -c -q
ExecReload=/bin/kill -USR2 $MAINPID
```

## Use instead

```unit
[Service]
ExecStart=/usr/sbin/haproxy -Ws -f /etc/haproxy/haproxy.cfg -f /etc/haproxy/conf.d -p /run/haproxy.pid
ExecReload=/usr/sbin/haproxy -Ws -f /etc/haproxy/haproxy.cfg -f /etc/haproxy/conf.d -c -q
ExecReload=/bin/kill -USR2 $MAINPID
```

## Known problems

Units that HAProxy shipped up to 2.4 check without `-Ws`, which is a note. Other options are not compared.

## Fix safety

Safe in master-worker mode: a check of what HAProxy is started with. A classic unit is for a person.

## References

- HAProxy commit 9def1425c (2.5): `-Ws -c` in admin/systemd/haproxy.service.in
- src/haproxy.c (2.9) the fatal `-S` without `-W`; tried on 2.2, 2.6, 2.8 (a warning, or nothing), 3.0, 3.2 (fatal)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.audit.service import haproxy_arguments, reload_fix, start_check, unit_start
from hitless.findings import Evidence, Finding, Fix, Safety, Severity, UnitEdit
from hitless.subject.places import text_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.config.arguments import HaproxyArguments
    from hitless.facts import Unit
    from hitless.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    unit = subject.unit
    start = unit_start(unit) if unit is not None else None
    if unit is None or start is None:
        return
    for setting, commands in (("ExecStartPre", unit.start_pre), ("ExecReload", unit.reload)):
        for command in commands:
            check = haproxy_arguments(command.arguments)
            if check is None or not check.check:
                continue
            message, severity = _difference(subject, check, start[1])
            if not message:
                continue
            yield RULE.finding(
                subject,
                f"the check in {setting}= of {unit.name} {message}",
                severity=severity,
                place=text_place(unit.files, command.where, command.text),
                evidence=(
                    Evidence(text=f"{setting}={command.text}", source=command.where or unit.source),
                    Evidence(text=f"ExecStart={start[0].text}", source=start[0].where or unit.source),
                ),
                fix=_fix(subject, unit, setting),
            )


def _fix(subject: Subject, unit: Unit, setting: str) -> Fix:
    summary = "a check with the arguments of ExecStart="
    check = start_check(subject)
    if setting == "ExecReload" or check is None or len(unit.start_pre) != 1:
        return reload_fix(subject, summary) if setting == "ExecReload" else Fix(summary=summary)
    edit = UnitEdit(unit=unit.name, section="Service", lines=("ExecStartPre=", f"ExecStartPre={check}"))
    return Fix(summary=summary, safety=Safety.SAFE, edits=(edit,), commands=("systemctl daemon-reload",))


def _difference(subject: Subject, check: HaproxyArguments, start: HaproxyArguments) -> tuple[str, Severity]:
    if check.files != start.files:
        checked, started = (" ".join(files) or "no file" for files in (check.files, start.files))
        return f"looks at {checked}, and HAProxy is started with {started}", Severity.WARNING
    if check.master_worker != start.master_worker:
        if check.master_sockets and not check.master_worker and subject.version_in((2, 9)):
            return "has -S without -W, which is fatal since 2.9: every reload is refused", Severity.ERROR
        return ("lacks -Ws" if start.master_worker else "has -W, which the start has not"), Severity.NOTE
    for name, ours, theirs in (
        ("-C", check.working_directory, start.working_directory),
        ("-L", check.local_peer, start.local_peer),
    ):
        if ours != theirs:
            return f"has {name} {ours or '(none)'}, and the start has {theirs or '(none)'}", Severity.WARNING
    return "", Severity.NOTE


RULE = Rule(
    code="HL112",
    name="check-differs-from-start",
    severity=Severity.WARNING,
    summary="the check before a reload looks at something else than what HAProxy is started with",
    versions="all",
    needs=frozenset({Need.UNIT}),
    check=_check,
)
