"""A stop of the service cuts every connection at once, or before the hard stop that the configuration allows.

## What it does

Looks at `KillSignal=` and `TimeoutStopSec=`: SIGTERM, systemd's default, is a hard stop for HAProxy; SIGUSR1 is a soft
stop, which `TimeoutStopSec=` ends by SIGKILL if it is not longer than `hard-stop-after`.

## Why it drops connections

`systemctl stop` and `restart`, package upgrades and a reboot send SIGTERM: each connection is closed or reset at once.
With SIGUSR1 the listening sockets are closed and open connections may end.

## Example

```unit
[Service]
Type=notify
ExecStart=/usr/sbin/haproxy -Ws -f /etc/haproxy/haproxy.cfg
ExecReload=/bin/kill -USR2 $MAINPID
KillMode=mixed
```
```cfg
global
    hard-stop-after 60s
```

## Use instead

```unit
[Service]
Type=notify
ExecStart=/usr/sbin/haproxy -Ws -f /etc/haproxy/haproxy.cfg
ExecReload=/bin/kill -USR2 $MAINPID
KillMode=mixed
KillSignal=SIGUSR1
TimeoutStopSec=65
```
```cfg
global
    hard-stop-after 60s
```

## Known problems

An `ExecStop=` that stops softly makes the signal matter less; with one the rule is silent.

## Fix safety

Unsafe: a stop and a restart take as long as the longest connection, and nobody listens meanwhile.

## References

- systemd.kill(5) KillSignal=; systemd.service(5) TimeoutStopSec=
- HAProxy 2.8 management.txt section 4; configuration.txt section 3.1 `hard-stop-after`
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.rule import Need, Rule
from hitless.audit.service import unit_start
from hitless.findings import Evidence, Finding, Fix, Safety, Severity, UnitEdit
from hitless.subject.places import text_place
from hitless.units import parse_duration_s

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.facts import Unit
    from hitless.subject import Subject

_SOFT_PRICE = (
    "KillSignal=SIGUSR1: connections may end; a stop or restart takes as long as the longest of them, and nobody "
    "listens meanwhile"
)
_PRICES = (
    _SOFT_PRICE,
    "KillSignal=SIGTERM: a stop takes a moment and cuts every connection; a restart is over sooner",
)
_MARGIN_S = 5
_DEFAULT_STOP_S = 90
"""DefaultTimeoutStopSec= of systemd."""


def _check(subject: Subject) -> Iterator[Finding]:
    unit = subject.unit
    if unit is None or unit.stop or unit_start(unit) is None:
        return
    hard_stop_s = _hard_stop_s(subject)
    if unit.kill_signal in {"SIGTERM", "15", "SIGINT", "SIGKILL"}:
        name = "KillSignal"
        message = f"a stop of {unit.name} cuts every connection at once: KillSignal={unit.kill_signal} is a hard stop"
    elif (
        unit.kill_signal in {"SIGUSR1", "10"}
        and hard_stop_s is not None
        and (stop_s := _stop_s(unit)) is not None
        and stop_s <= hard_stop_s
    ):
        name = "TimeoutStopSec"
        message = f"{unit.name} is killed {stop_s:.0f} s into a stop, and hard-stop-after allows {hard_stop_s:.0f} s"
    else:
        return
    yield RULE.finding(
        subject,
        message,
        place=text_place(unit.files, unit.place_of(name), name),
        evidence=(
            Evidence(
                text=f"KillSignal={unit.kill_signal}, TimeoutStopSec={_shown(_stop_s(unit))}",
                source=unit.source,
            ),
        ),
        fix=_fix(unit, hard_stop_s),
        prices=_PRICES,
    )


def _fix(unit: Unit, hard_stop_s: float | None) -> Fix:
    if hard_stop_s is None:
        return Fix(
            summary="first `hard-stop-after` in global, then KillSignal=SIGUSR1 with a longer TimeoutStopSec="
        )
    lines = ("KillSignal=SIGUSR1", f"TimeoutStopSec={int(hard_stop_s) + _MARGIN_S}")
    return Fix(
        summary=" and ".join(lines),
        safety=Safety.UNSAFE,
        edits=(UnitEdit(unit=unit.name, section="Service", lines=lines),),
        commands=("systemctl daemon-reload",),
    )


def _stop_s(unit: Unit) -> float | None:
    """Return TimeoutStopSec= in seconds; None for infinity."""
    if (
        unit.timeout_stop_s is None
        and "TimeoutStopSec" not in unit.properties
        and "TimeoutStopUSec" not in unit.properties
    ):
        return _DEFAULT_STOP_S
    return unit.timeout_stop_s


def _shown(stop_s: float | None) -> str:
    return "infinity" if stop_s is None else f"{stop_s:.0f}"


def _hard_stop_s(subject: Subject) -> float | None:
    directive = subject.model.global_value("hard-stop-after")
    if directive is None or len(directive.words) < 2:
        return None
    try:
        return parse_duration_s(directive.words[1])
    except ValueError:
        return None


RULE = Rule(
    code="HL114",
    name="stop-cuts-connections",
    severity=Severity.NOTE,
    summary="a stop of the service cuts every connection at once",
    versions="all",
    needs=frozenset({Need.UNIT}),
    check=_check,
)
