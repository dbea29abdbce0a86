"""The unit reloads without checking the configuration first.

## What it does

Finds an `ExecReload=` that signals the master, or asks it to reload, without a `haproxy -c` before.

## Why it drops connections

The old worker goes on serving when the new configuration is refused, but `systemctl reload` exits 0 and nobody learns
of it. On 2.2 and on 3.1 and later the reload that follows a failed one runs without socket transfer: connections in the
old accept queue are reset (85 in ten such reloads on 3.2.26). A check before keeps a refused configuration from the
master.

With `Type=simple` and `Type=exec` systemd takes HAProxy for started at once, and `systemctl reload` may signal one that
still reads its configuration: SIGUSR2 ends it then. A check takes about as long as the start, and comes first.
`Type=notify` with `-Ws` makes the reload wait for the start.

## Example

```unit
[Service]
ExecStart=/usr/sbin/haproxy -Ws -f /etc/haproxy/haproxy.cfg
ExecReload=/bin/kill -USR2 $MAINPID
```

## Use instead

```unit
[Service]
ExecStart=/usr/sbin/haproxy -Ws -f /etc/haproxy/haproxy.cfg
ExecReload=/usr/sbin/haproxy -Ws -f /etc/haproxy/haproxy.cfg -c
ExecReload=/bin/kill -USR2 $MAINPID
```

## Known problems

`haproxy -c` binds nothing: an address that cannot be bound still passes. With `fd@` binds (socket activation) no check
can pass, and the rule is silent. A script called by ExecReload= is not read.

## Fix safety

Safe: a reload that would have failed is refused earlier, and systemctl says so.

## References

- HAProxy 2.5 to 3.4 admin/systemd/haproxy.service.in
- HAProxy src/haproxy.c main(), src/mworker.c mworker_loop(): no handler before; tried on 2.2, 2.6, 2.8, 3.0, 3.2
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.acts import Action
from hitless.audit.rule import Need, Rule
from hitless.audit.service import binds_inherited_sockets, command_deeds, reload_fix
from hitless.findings import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    unit = subject.unit
    if unit is None or binds_inherited_sockets(subject):
        return
    for deed in command_deeds(unit, unit.reload):
        act = deed.act
        if act.action is Action.CHECK:
            return
        signals = act.action is Action.SIGNAL and act.detail in {"USR2", "HUP"}
        if signals or act.action is Action.MASTER_CLI:
            yield RULE.finding(
                subject,
                f"{unit.name} reloads without checking the configuration first",
                place=deed.place,
                evidence=(deed.evidence,),
                fix=reload_fix(subject, "an ExecReload= with `haproxy -c` before the one that signals"),
            )
            return


RULE = Rule(
    code="HL111",
    name="reload-without-check",
    severity=Severity.WARNING,
    summary="the unit reloads without checking the configuration first",
    versions="all",
    needs=frozenset({Need.UNIT}),
    check=_check,
)
