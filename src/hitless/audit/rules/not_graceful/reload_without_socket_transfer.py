"""A reload opens new listening sockets instead of taking the old ones: connections that wait in them are reset.

## What it does

Finds reloads that hand over nothing: a new process with `-sf` and without `-x` (in `ExecReload=`, scripts and init
scripts), and master-worker mode up to 2.5 without a stats socket that has `expose-fd listeners`.

## Why it drops connections

Old and new process each have a listening socket of their own (SO_REUSEPORT). When the old one is closed, the kernel
resets every connection that waits in its accept queue: 428 to 1016 resets in 20 reloads at 22 000 connections a
second, none with `-x`. Linux 5.14 and later can move these connections to the other socket
(`net.ipv4.tcp_migrate_req=1`, 0 to 2 resets), which is off by default.

## Example

```mode classic
```
```unit
[Service]
Type=forking
PIDFile=/run/haproxy.pid
ExecStart=/usr/sbin/haproxy -D -f /etc/haproxy/haproxy.cfg -p /run/haproxy.pid
ExecReload=/usr/sbin/haproxy -D -f /etc/haproxy/haproxy.cfg -p /run/haproxy.pid -sf $MAINPID
```
```cfg
global
    stats socket /run/haproxy/admin.sock mode 660 level admin
```

## Use instead

```mode classic
```
```unit
[Service]
Type=forking
PIDFile=/run/haproxy.pid
ExecStart=/usr/sbin/haproxy -D -f /etc/haproxy/haproxy.cfg -p /run/haproxy.pid
ExecReload=/usr/sbin/haproxy -D -f /etc/haproxy/haproxy.cfg -p /run/haproxy.pid -x /run/haproxy/admin.sock -sf $MAINPID
```
```cfg
global
    stats socket /run/haproxy/admin.sock mode 660 level admin expose-fd listeners
```

## Known problems

An init script that nobody calls, because a unit of the same name stands before it, is only a note. A script that also
has a start with `-x` is left out: the other one is what it does where there is no socket yet.

## Fix safety

`expose-fd listeners` on a stats socket is safe: it lets a process that may connect with level admin take the listening
sockets. Command lines of scripts are for a person.

## References

- HAProxy 2.8 management.txt section 3 `-x`, configuration.txt section 3.1 `stats socket`
- commit 2be557f7c (2.6-dev1): automatic in master-worker mode
- Linux 5.14 net/ipv4/tcp_input.c, Documentation/networking/ip-sysctl.rst tcp_migrate_req
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hitless.audit.acts import Action
from hitless.audit.edits import add_to_global, with_words
from hitless.audit.rule import Need, Rule
from hitless.audit.service import classic_reload_advice, command_deeds, script_deeds
from hitless.facts import RunMode
from hitless.findings import Evidence, Finding, Fix, Place, Safety, Severity
from hitless.subject import Transfer
from hitless.subject.places import config_place, text_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.audit.service import Deed
    from hitless.subject import Subject

_SYSCTL = "net.ipv4.tcp_migrate_req"
# HAProxy's -x kept in a variable ('TRANSFER="-x $SOCKET"'); the -x of test(1) and of `set` are others.
_KEPT_OPTION = re.compile(
    r"^(?![ \t]*#)[^#\n]{0,200}=[\"'(](?:[^\"'\n]{0,500}[ \t])?-x[ \t]+[\"']?[$/{]", re.MULTILINE
)


def _check(subject: Subject) -> Iterator[Finding]:
    yield from _old_master(subject)
    unit = subject.unit
    if unit is not None:
        for deed in command_deeds(unit, unit.reload):
            if _hands_over_nothing(deed):
                yield _finding(subject, deed, f"ExecReload= of {unit.name}", _severity(subject))
    deeds = list(script_deeds(subject))
    prepared = {
        script.path for script, deed in deeds if _hands_over(deed) or _KEPT_OPTION.search(script.text)
    }
    for script, deed in deeds:
        if _hands_over_nothing(deed) and script.path not in prepared:
            beside = script.kind == "sysv-init" and unit is not None
            yield _finding(subject, deed, script.path, Severity.NOTE if beside else _severity(subject))


def _hands_over(deed: Deed) -> bool:
    return deed.act.action is Action.SPAWN and {"-sf", "-x"} <= set(deed.act.detail.split())


def _hands_over_nothing(deed: Deed) -> bool:
    words = deed.act.detail.split()
    return deed.act.action is Action.SPAWN and "-sf" in words and "-x" not in words


def _severity(subject: Subject) -> Severity:
    moved = subject.host is not None and subject.host.sysctl(_SYSCTL) == "1"
    return Severity.NOTE if moved else Severity.WARNING


def _evidence(subject: Subject) -> tuple[Evidence, ...]:
    for sysctl in (subject.host.sysctls or ()) if subject.host is not None else ():
        if sysctl.name == _SYSCTL:
            return (Evidence(text=f"{_SYSCTL} = {sysctl.value}", source=sysctl.source),)
    return ()


def _finding(subject: Subject, deed: Deed, who: str, severity: Severity) -> Finding:
    return RULE.finding(
        subject,
        f"{who} starts a new HAProxy with -sf and without -x: listening sockets are not handed over",
        severity=severity,
        place=deed.place,
        evidence=(deed.evidence, *_evidence(subject)),
        fix=Fix(
            summary=f"-x STATS-SOCKET (with `expose-fd listeners`) before -sf: {classic_reload_advice(subject)}; "
            f"until then sysctl {_SYSCTL}=1 (Linux 5.14 and later)"
        ),
    )


def _old_master(subject: Subject) -> Iterator[Finding]:
    """Master-worker mode up to 2.5 hands over through a stats socket only."""
    known_old = subject.version is not None and not subject.version_in((2, 6))
    if subject.mode is not RunMode.MASTER_WORKER or not known_old or not subject.files:
        return
    if subject.transfer != Transfer.NONE or subject.arguments.transfer_from:
        return
    socket = next((b for b in subject.model.stats_sockets if "expose-fd" not in b.options), None)
    if socket is not None:
        edits = with_words(subject, socket.where, "expose-fd listeners")
        place = config_place(subject, socket.where, "stats socket")
    else:
        edits = add_to_global(
            subject,
            "stats socket /run/haproxy/admin.sock mode 660 level admin expose-fd listeners",
            beside=("stats",),
        )
        place = _place_of_start(subject)
    yield RULE.finding(
        subject,
        "no stats socket has `expose-fd listeners`: up to 2.5 the master hands over listening sockets only through one",
        severity=_severity(subject),
        place=place,
        evidence=_evidence(subject),
        fix=Fix(summary="`expose-fd listeners` on a stats socket", safety=Safety.SAFE, edits=edits),
    )


def _place_of_start(subject: Subject) -> Place:
    for file, section in subject.sections("global"):
        return config_place(subject, file.where(section.header))
    unit = subject.unit
    return (
        text_place(unit.files, unit.place_of("ExecStart"))
        if unit is not None
        else Place(file=subject.instance.name)
    )


RULE = Rule(
    code="HL104",
    name="reload-without-socket-transfer",
    severity=Severity.WARNING,
    summary="a reload hands over no listening sockets: connections that wait to be accepted are reset",
    versions="classic mode: all; master-worker mode: up to 2.5",
    needs=frozenset({Need.MODE}),
    check=_check,
)
