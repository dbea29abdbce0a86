"""A signal is sent that does not reload: the new configuration is never loaded, or the service stops.

## What it does

Finds SIGHUP and SIGUSR2 sent to a classic process, and SIGUSR1 sent to a master, where a reload is meant: in
`ExecReload=`, logrotate, certbot, ACME and cron hooks, and in lines or scripts that speak of a reload or check the
configuration.

## Why it drops connections

To a master SIGHUP and SIGUSR2 are the same thing, a reload. A classic process dumps the state of its servers on SIGHUP
and ignores SIGUSR2: nothing is loaded, and nobody is told. SIGUSR1, which makes other servers reopen their logs, is a
soft stop: a classic process drains and ends, and a master hands it to all workers and ends with them. From then on
nobody listens.

## Example

```unit
[Service]
ExecStart=/usr/sbin/haproxy -Ws -f /etc/haproxy/haproxy.cfg
ExecReload=/bin/kill -USR1 $MAINPID
```

## Use instead

```unit
[Service]
ExecStart=/usr/sbin/haproxy -Ws -f /etc/haproxy/haproxy.cfg
ExecReload=/bin/kill -USR2 $MAINPID
```

## Known problems

Whether a pid in a script is the master's or a worker's cannot be seen; a pid file holds the master's.

## Fix safety

Safe for a unit in master-worker mode; scripts and classic processes are for a person.

## References

- HAProxy 2.8 management.txt section 4, section 5; src/haproxy.c signal_register_fct(), src/mworker.c
- tried on 2.2 to 3.4: HUP to a worker says "SIGHUP received, dumping servers states."
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.acts import Action
from hitless.audit.rule import Need, Rule
from hitless.audit.service import command_deeds, reload_fix, script_deeds
from hitless.facts import RunMode
from hitless.findings import Finding, Fix, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.audit.service import Deed
    from hitless.subject import Subject

_RELOADS_ARE_MEANT = frozenset({"ExecReload", "logrotate", "certbot", "acme", "cron"})
_LEFT_OUT = frozenset({"sysv-init", "package"})


def _check(subject: Subject) -> Iterator[Finding]:
    unit = subject.unit
    if unit is not None:
        for deed in command_deeds(unit, unit.reload):
            said = _says(subject, deed)
            if said:
                yield RULE.finding(
                    subject,
                    f"ExecReload= of {unit.name} sends SIG{deed.act.detail}: {said}",
                    place=deed.place,
                    evidence=(deed.evidence,),
                    fix=reload_fix(subject, "SIGUSR2 to the master"),
                )
    deeds = list(script_deeds(subject))
    checked = {script.path for script, deed in deeds if deed.act.action is Action.CHECK}
    for script, deed in deeds:
        means_reload = (
            deed.kind in _RELOADS_ARE_MEANT
            or "reload" in f"{script.path} {deed.act.text}".lower()
            or script.path in checked  # nobody checks the configuration for a stop
            or deed.act.detail == "USR2"  # it means nothing else
        )
        said = _says(subject, deed) if means_reload and deed.kind not in _LEFT_OUT else ""
        if said:
            yield RULE.finding(
                subject,
                f"{script.path} sends SIG{deed.act.detail} to HAProxy: {said}",
                place=deed.place,
                evidence=(deed.evidence,),
                fix=Fix(
                    summary="`systemctl reload haproxy`; HAProxy logs by syslog and has no log file to reopen"
                ),
            )


def _says(subject: Subject, deed: Deed) -> str:
    if deed.act.action is not Action.SIGNAL:
        return ""
    if subject.mode is RunMode.CLASSIC and deed.act.detail in {"HUP", "USR2"}:
        return "a classic process does not reload on it, the configuration is not loaded"
    if subject.master_worker and deed.act.detail == "USR1":
        return "the master stops the service, it does not reload"
    if subject.mode is RunMode.CLASSIC and deed.act.detail == "USR1":
        return "the process stops listening and ends, it does not reload"
    return ""


RULE = Rule(
    code="HL107",
    name="wrong-reload-signal",
    severity=Severity.ERROR,
    summary="a signal is sent that does not reload",
    versions="all",
    needs=frozenset({Need.MODE, Need.SCRIPTS}),
    check=_check,
)
