"""HAProxy runs as a classic process under systemd, where a master could hand over its sockets by itself.

## What it does

Finds a unit that runs HAProxy 1.8 or later without `-W` and `-Ws`.

## Why it drops connections

A classic reload is a second HAProxy that somebody must start with the right old pid and the right `-x` socket. Each of
these can be wrong: sockets are not handed over, the old process is never told, systemd loses the main process. A master
does all of it on SIGUSR2, and from 2.6 on hands over the sockets without any setting.

## Example

```mode classic
```
```unit
[Service]
Type=forking
PIDFile=/run/haproxy.pid
ExecStart=/usr/sbin/haproxy -D -f /etc/haproxy/haproxy.cfg -p /run/haproxy.pid
```

## Use instead

```unit
[Service]
Type=notify
ExecStart=/usr/sbin/haproxy -Ws -f /etc/haproxy/haproxy.cfg -p /run/haproxy.pid
ExecReload=/usr/sbin/haproxy -Ws -f /etc/haproxy/haproxy.cfg -c
ExecReload=/bin/kill -USR2 $MAINPID
KillMode=mixed
```

## Known problems

Classic mode with `-x` and `-sf` loses nothing either, if everything about it is right.

## Fix safety

By hand: the change of mode takes a restart, or a start that fetches the sockets of the old process with `-x`.

## References

- HAProxy 2.8 management.txt section 3 `-W`, `-Ws`; admin/systemd/haproxy.service.in
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.audit.service import unit_start
from hitless.facts import RunMode
from hitless.findings import Evidence, Finding, Fix, Severity
from hitless.subject.places import text_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    unit = subject.unit
    start = unit_start(unit) if unit is not None else None
    if unit is None or start is None or subject.mode is not RunMode.CLASSIC:
        return
    if subject.version is not None and not subject.version_in((1, 8)):
        return
    binary = subject.instance.binary
    reports = (
        subject.version_in((3, 1)) or binary is None or not binary.features or "SYSTEMD" in binary.features
    )
    mode = "-Ws with Type=notify" if reports else "-W with Type=exec (this build has no -Ws)"
    option = mode.partition(" ")[0]
    files = " ".join(f"-f {f}" for f in start[1].files)
    yield RULE.finding(
        subject,
        f"{unit.name} runs HAProxy as a classic process: nothing hands over its sockets by itself",
        place=text_place(unit.files, start[0].where, start[0].text),
        evidence=(Evidence(text=subject.instance.mode_source, source=start[0].where or unit.source),),
        fix=Fix(
            summary=f"{mode}: ExecStart={start[1].program} {option} {files}, ExecReload= with a check and SIGUSR2, "
            "KillMode=mixed"
        ),
        prices=(
            "master-worker: a reload is one signal, sockets are handed over from 2.6 on; the change takes one restart",
            "classic: no change now; each reload depends on the right -x and the right pid",
        ),
    )


RULE = Rule(
    code="HL125",
    name="classic-mode",
    severity=Severity.NOTE,
    summary="HAProxy runs as a classic process where a master would hand over its sockets",
    versions="1.8 and later",
    needs=frozenset({Need.MODE, Need.UNIT}),
    check=_check,
)
