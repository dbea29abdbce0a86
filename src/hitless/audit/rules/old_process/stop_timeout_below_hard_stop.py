"""systemd kills HAProxy before its graceful stop has ended.

## What it does

Where the unit stops HAProxy gracefully (`KillSignal=SIGUSR1`), compares `TimeoutStopSec=` with `hard-stop-after`.

## Why it drops connections

SIGUSR1 lets connections end, and `hard-stop-after` bounds how long. When `TimeoutStopSec=` is shorter, systemd sends
SIGKILL before: what is still open is reset, at a stop and at each restart, a package upgrade among them.

## Example

```cfg
global
    hard-stop-after 30m
```

```unit
[Service]
ExecStart=/usr/sbin/haproxy -Ws -f /etc/haproxy/haproxy.cfg -p /run/haproxy.pid
KillSignal=SIGUSR1
TimeoutStopSec=90
```

## Use instead

```cfg
global
    hard-stop-after 30m
```

```unit
[Service]
ExecStart=/usr/sbin/haproxy -Ws -f /etc/haproxy/haproxy.cfg -p /run/haproxy.pid
KillSignal=SIGUSR1
TimeoutStopSec=1810
```

## Known problems

Without `hard-stop-after` a graceful stop has no end of its own; HL203 speaks of that.

## Fix safety

Unsafe: stopping and restarting the service, and shutting the host down, may take as long as the hard stop.

## References

- systemd.kill(5) KillSignal=, systemd.service(5) TimeoutStopSec=
- HAProxy 2.8 management.txt section 4: SIGUSR1
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.findings import Evidence, Finding, Fix, Safety, Severity, UnitEdit
from hitless.subject.lifetimes import hard_stop
from hitless.subject.places import text_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject

_MARGIN_S = 10


def _check(subject: Subject) -> Iterator[Finding]:
    unit, stop = subject.unit, hard_stop(subject)
    if unit is None or stop is None or unit.kill_signal not in {"SIGUSR1", "USR1", "10"}:
        return
    if unit.timeout_stop_s is None or not 0 < unit.timeout_stop_s <= stop.seconds:
        return
    line = f"TimeoutStopSec={int(stop.seconds) + _MARGIN_S}"
    where = unit.place_of("TimeoutStopSec")
    yield RULE.finding(
        subject,
        f"systemd kills HAProxy {unit.timeout_stop_s:.0f} s after a graceful stop began, which may last {stop.text}",
        place=text_place(unit.files, where, "TimeoutStopSec"),
        evidence=(
            Evidence(text=f"KillSignal={unit.kill_signal}", source=unit.place_of("KillSignal")),
            Evidence(text=f"hard-stop-after {stop.text}", source=stop.where),
        ),
        fix=Fix(
            summary=line,
            safety=Safety.UNSAFE,
            edits=(UnitEdit(unit=unit.name, section="Service", lines=(line,)),),
            commands=("systemctl daemon-reload",),
        ),
    )


RULE = Rule(
    code="HL217",
    name="stop-timeout-below-hard-stop",
    severity=Severity.WARNING,
    summary="systemd kills HAProxy before its graceful stop has ended",
    versions="all",
    needs=frozenset({Need.CONFIGURATION, Need.UNIT}),
    check=_check,
)
