"""A bind takes a socket from systemd, and the check before a reload does not have that socket: every reload fails.

## What it does

Finds `bind fd@N` together with an `ExecReload=` (or `ExecStartPre=`) that runs `haproxy -c`.

## Why it drops connections

systemd hands the sockets to the main process only. The check of `ExecReload=` has no descriptor N, is refused, and with
it every `systemctl reload`: the new configuration is never loaded, and what people do then is restart, which cuts every
connection.

## Example

```cfg
frontend www
    bind fd@3
```
```unit
[Service]
Type=notify
ExecStart=/usr/sbin/haproxy -Ws -f /etc/haproxy/haproxy.cfg
ExecReload=/usr/sbin/haproxy -Ws -f /etc/haproxy/haproxy.cfg -c -q
ExecReload=/bin/kill -USR2 $MAINPID
```

## Use instead

```cfg
frontend www
    bind fd@3
```
```unit
[Service]
Type=notify
ExecStart=/usr/sbin/haproxy -Ws -f /etc/haproxy/haproxy.cfg
ExecReload=/bin/kill -USR2 $MAINPID
```

## Known problems

A check with a "-" before it (its failure is ignored) is left out. Without a check a refused configuration shows only in
the log and in the status text of the unit; the old worker serves on.

## Fix safety

Safe in master-worker mode: the reload fails today, always.

## References

- systemd.socket(5), sd_listen_fds(3)
- https://github.com/haproxy/haproxy/issues/3341; tried with 3.0 under systemd 257
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.audit.service import haproxy_arguments, reload_fix
from hitless.findings import Evidence, Finding, Fix, Severity
from hitless.subject.places import text_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    unit = subject.unit
    inherited = next(
        ((b, a) for p in subject.model.proxies for b in p.binds for a in b.addresses if a.kind == "fd"), None
    )
    if unit is None or inherited is None:
        return
    bind, address = inherited
    for setting, commands in (("ExecStartPre", unit.start_pre), ("ExecReload", unit.reload)):
        for command in commands:
            found = haproxy_arguments(command.arguments)
            if found is None or not found.check or "-" in command.prefixes:
                continue
            what = "reload" if setting == "ExecReload" else "start"
            yield RULE.finding(
                subject,
                f"{setting}= checks a configuration with {address.text}, which the check has not: every {what} fails",
                place=text_place(unit.files, command.where, command.text),
                evidence=(
                    Evidence(text=f"bind {address.text}", source=bind.where),
                    Evidence(text=f"{setting}={command.text}", source=command.where or unit.source),
                ),
                fix=reload_fix(subject, "an ExecReload= without the check")
                if setting == "ExecReload"
                else Fix(summary="no check in ExecStartPre=: the start itself checks"),
            )


RULE = Rule(
    code="HL120",
    name="socket-activation-check-fails",
    severity=Severity.ERROR,
    summary="the check before a reload does not have the sockets that systemd hands over: every reload fails",
    versions="all",
    needs=frozenset({Need.CONFIGURATION, Need.UNIT}),
    check=_check,
)
