"""Reloads follow each other within seconds.

## What it does

Finds two reloads in one script with nothing that waits between them, loops that reload in less than ten seconds,
systemd timers of less than ten seconds, and reloads that several crontab lines start in the same minute.

## Why it drops connections

A hand-over takes a moment: the new process asks for the listening sockets with a limit of one second, and a worker
that has just become ready may not answer in that time. With signals 50 ms to 500 ms apart, HAProxy 3.4.0 logs "Failed
to get the number of sockets to be transferred", then "Loading success.", and resets every connection in the old
accept queues (16 of 16 clients in four of four tries). Before 3.1 a master merges signals that come while it loads,
and each reload leaves one more old worker. Without a master, the second new process reads a pid file that the first
has not written yet.

## Example

```script script /usr/local/bin/deploy.sh
#!/bin/sh
cp new.map /etc/haproxy/hosts.map
systemctl reload haproxy
cp new.cfg /etc/haproxy/haproxy.cfg
systemctl reload haproxy
```

## Use instead

```script script /usr/local/bin/deploy.sh
#!/bin/sh
cp new.map /etc/haproxy/hosts.map
cp new.cfg /etc/haproxy/haproxy.cfg
systemctl reload haproxy
```

One reload for all changes.

## Known problems

Commands inside functions, and scripts that call other scripts, are not followed. Up to 3.0 in master-worker mode it
is a note.

## Fix safety

Manual: which changes belong together is for a person to say.

## References

- HAProxy 3.4.0 src/sock.c sock_get_old_sockets() (a one-second limit), src/mworker.c mworker_reload()
- https://github.com/haproxy/haproxy/issues/1803
- measured with five SIGUSR2 50 ms apart on 2.6.12, 3.0.0, 3.1.0, 3.2.0, 3.3.0 and 3.4.0
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.audit.script_waits import (
    SPACING_S,
    crontab_reloads,
    looped_reloads,
    reloads,
    timer_period_s,
    unspaced_reloads,
)
from hitless.audit.scripts import script_place
from hitless.findings import (
    Evidence,
    Finding,
    Fix,
    Place,
    Severity,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.audit.scripts import Act
    from hitless.facts import Script
    from hitless.subject import Subject

_FIX = Fix(summary="reload once for all changes, or wait for the takeover between two reloads")


def _check(subject: Subject) -> Iterator[Finding]:
    scripts = (subject.host.scripts if subject.host else None) or ()
    for script in scripts:
        for first, second in unspaced_reloads(script):
            message = (
                f"line {second.line} reloads again right after line {first.line}, nothing waits in between"
            )
            yield _finding(subject, script_place(script, second.line), message, first.text)
        for act, slept_s in looped_reloads(script):
            message = (
                f"a loop reloads HAProxy every {slept_s:g} s" if slept_s else "a loop reloads without a pause"
            )
            yield _finding(subject, script_place(script, act.line), message, act.text)
        period_s = timer_period_s(script)
        if period_s is not None and period_s < SPACING_S and _reloads(script, scripts):
            message = f"a timer reloads HAProxy every {period_s:g} s"
            yield _finding(subject, Place(file=script.path), message, f"every {period_s:g} s")
    yield from _same_minute(subject, scripts)


def _reloads(script: Script, scripts: tuple[Script, ...]) -> bool:
    """Return whether the timer's own text, or the service of the same name, reloads."""
    stem = script.path.rpartition("/")[2].rpartition(".")[0]
    service = [s for s in scripts if s.path.rpartition("/")[2] == f"{stem}.service"]
    return any(True for s in (script, *service) for _ in reloads(s))


def _same_minute(subject: Subject, scripts: tuple[Script, ...]) -> Iterator[Finding]:
    by_time: dict[str, list[tuple[Script, Act]]] = {}
    for script in scripts:
        for act, when in crontab_reloads(script):
            by_time.setdefault(when, []).append((script, act))
    for when, entries in by_time.items():
        if len(entries) > 1:
            script, act = entries[0]
            message = f"{len(entries)} crontab lines reload HAProxy in the same minute ({when})"
            others = ", ".join(f"{s.path}:{a.line}" for s, a in entries[1:6])
            yield _finding(subject, script_place(script, act.line), message, f"also {others}")


def _finding(subject: Subject, place: Place, message: str, seen: str) -> Finding:
    coalesced = subject.master_worker and subject.version is not None and not subject.version_in((3, 1))
    severity = Severity.NOTE if coalesced else Severity.WARNING
    evidence = (Evidence(text=seen, source=place.where),)
    return RULE.finding(subject, message, severity=severity, place=place, evidence=evidence, fix=_FIX)


RULE = Rule(
    code="HL601",
    name="reloads-too-close",
    severity=Severity.WARNING,
    summary="reloads follow each other within seconds",
    versions="all; connections are lost from 3.1 on and without a master",
    needs=frozenset({Need.SCRIPTS}),
    check=_check,
    host_wide=True,
)
