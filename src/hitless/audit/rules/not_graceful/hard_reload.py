"""The old process is told to end at once, with every connection it carries.

## What it does

Finds `-st`, `hard-reload` on the master CLI, and SIGTERM, SIGINT or SIGKILL where a reload is meant: in `ExecReload=`,
in logrotate, certbot, ACME and cron, and (`-st`, `hard-reload`) in any script. A script of Keepalived that sends such a
signal is a note: what uses the virtual address is gone then anyway, what uses other addresses is cut with it.

## Why it drops connections

`-st` and `hard-reload` start the new process and send SIGTERM to the old one: it dies at once, and each connection
that it carries is closed or reset. SIGTERM to a master stops the whole service. SIGKILL to a master is an outage:
workers end when their master is gone.

## Example

```unit
[Service]
Type=forking
PIDFile=/run/haproxy.pid
ExecStart=/usr/sbin/haproxy -D -f /etc/haproxy/haproxy.cfg -p /run/haproxy.pid
ExecReload=/usr/sbin/haproxy -D -f /etc/haproxy/haproxy.cfg -p /run/haproxy.pid -st $MAINPID
```

## Use instead

```unit
[Service]
Type=forking
PIDFile=/run/haproxy.pid
ExecStart=/usr/sbin/haproxy -D -f /etc/haproxy/haproxy.cfg -p /run/haproxy.pid
ExecReload=/usr/sbin/haproxy -D -f /etc/haproxy/haproxy.cfg -p /run/haproxy.pid -x /run/haproxy/admin.sock -sf $MAINPID
```

## Known problems

A script that ends HAProxy on purpose is not told apart in cron and hooks; elsewhere a plain signal is taken for a stop.

## Fix safety

Safe for a unit in master-worker mode (the reload by SIGUSR2 that HAProxy ships); scripts are for a person.

## References

- HAProxy 2.8 management.txt section 3 `-st`, section 4; section 9.4 `hard-reload` (2.9 and later)
- src/haproxy.c tell_old_pids(), src/mworker.c
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.acts import Action
from hitless.audit.rule import Need, Rule
from hitless.audit.service import command_deeds, reload_fix, script_deeds
from hitless.findings import Finding, Fix, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.audit.service import Deed
    from hitless.subject import Subject

_AT_ONCE = frozenset({"TERM", "INT", "KILL"})
_RELOADS_ARE_MEANT = frozenset({"ExecReload", "logrotate", "certbot", "acme", "cron", "keepalived"})
_SOFTLY = "-sf instead of -st; SIGUSR2 to a master; `reload` instead of `hard-reload`"
_LET_IT_RUN = (
    "let HAProxy run on both nodes (`transparent` on binds of the virtual address); SIGUSR1 stops it softly"
)


def _check(subject: Subject) -> Iterator[Finding]:
    unit = subject.unit
    if unit is not None:
        for deed in command_deeds(unit, unit.reload):
            said = _says(deed)
            if said:
                yield RULE.finding(
                    subject,
                    f"ExecReload= of {unit.name} {said}",
                    place=deed.place,
                    evidence=(deed.evidence,),
                    fix=reload_fix(subject, "-sf instead of -st; SIGUSR2 to a master"),
                )
    for script, deed in script_deeds(subject):
        said = _says(deed)
        if said:
            yield RULE.finding(
                subject,
                f"{script.path} {said}",
                severity=Severity.NOTE if _is_change_of_roles(deed) else Severity.ERROR,
                place=deed.place,
                evidence=(deed.evidence,),
                fix=Fix(summary=_LET_IT_RUN if _is_change_of_roles(deed) else _SOFTLY),
            )


def _is_change_of_roles(deed: Deed) -> bool:
    return deed.kind == "keepalived" and deed.act.action is Action.SIGNAL


def _says(deed: Deed) -> str:
    act = deed.act
    if act.action is Action.SPAWN and "-st" in act.detail.split():
        return "starts HAProxy with -st, which ends the old process with its connections"
    if act.action is Action.MASTER_CLI and act.detail == "hard-reload":
        return "asks the master for a hard-reload, which ends the old worker with its connections"
    if act.action is Action.SIGNAL and act.detail in _AT_ONCE and deed.kind in _RELOADS_ARE_MEANT:
        return f"sends SIG{act.detail} to HAProxy, which ends at once"
    return ""


RULE = Rule(
    code="HL105",
    name="hard-reload",
    severity=Severity.ERROR,
    summary="the old process is told to end at once",
    versions="all; `hard-reload` since 2.9",
    needs=frozenset({Need.SCRIPTS}),
    check=_check,
)
