"""What systemd says about HAProxy's unit, Keepalived about its addresses, the kernel about its memory.

Source: systemd 252 src/core/{job,service,unit}.c, and 215 for older wordings ("Reloading HAProxy Load Balancer.");
keepalived 2.2.7 vrrp/{vrrp,vrrp_scheduler,vrrp_notify,vrrp_track}.c; Linux v6.18 mm/oom_kill.c.
"""

import re
from dataclasses import dataclass

from hitless.logged import ServiceKind

__all__ = ["SERVICES", "ServiceLine", "classify_service_line"]

_K = ServiceKind


@dataclass(frozen=True, slots=True)
class ServiceLine:
    """What a line means; fields as in `ServiceMessage`."""

    kind: ServiceKind
    unit: str = ""
    number: int = 0
    state: str = ""


_UNIT = r"(?P<unit>[\w@:.\\-]{1,255}\.service)"
_NAMED = rf"(?:{_UNIT} - .*|(?P<description>.{{1,255}}?))"
_SYSTEMD: tuple[tuple[ServiceKind, str], ...] = (
    (_K.MAIN_EXITED, rf"{_UNIT}: Main process exited, code=(?P<state>\w+), status=(?P<number>\d+)"),
    (_K.CONTROL_EXITED, rf"{_UNIT}: Control process exited, code=(?P<state>\w+),? status=(?P<number>\d+)"),
    (_K.RESTART_SCHEDULED, rf"{_UNIT}: Scheduled restart job, restart counter is at (?P<number>\d+)"),
    (_K.RESTART_SCHEDULED, rf"{_UNIT}: Service .*scheduling restart"),
    (
        _K.FAILED,
        rf"{_UNIT}: (?:Failed with result|Start request repeated too quickly|Unit entered failed state)",
    ),
    (_K.KILLED, rf"{_UNIT}: Killing process (?P<number>\d+)"),
    (_K.SIGNALLED, rf"{_UNIT}: Sent signal (?P<state>SIG\w+) to main process (?P<number>\d+)"),
    (_K.KILLED, rf"{_UNIT}: State '[\w-]+' timed out\. (?:Killing|Terminating)"),
    (_K.OUT_OF_MEMORY, rf"{_UNIT}: A process of this unit has been killed by the OOM killer"),
    (_K.RELOAD_FAILED, rf"Reload failed for {_NAMED}\.?\Z"),
    (_K.START_FAILED, rf"Failed to start {_NAMED}\.?\Z"),
    (_K.RELOADING, rf"Reloading {_NAMED}(?:\.{{1,3}}|…)?\Z"),
    (_K.RELOADED, rf"Reloaded {_NAMED}\.?\Z"),
    (_K.STARTING, rf"Starting {_NAMED}(?:\.{{1,3}}|…)?\Z"),
    (_K.STARTED, rf"Started {_NAMED}\.?\Z"),
    (_K.STOPPING, rf"Stopping {_NAMED}(?:\.{{1,3}}|…)?\Z"),
    (_K.STOPPED, rf"Stopped {_NAMED}\.?\Z"),
)
_KEEPALIVED: tuple[tuple[ServiceKind, str], ...] = (
    (_K.VRRP_MASTER, r"\(?(?:VRRP_Instance\()?(?P<unit>[^()\s]{1,128})\)+:? Entering MASTER STATE"),
    (_K.VRRP_BACKUP, r"\(?(?:VRRP_Instance\()?(?P<unit>[^()\s]{1,128})\)+:? Entering BACKUP STATE"),
    (_K.VRRP_FAULT, r"\(?(?:VRRP_Instance\()?(?P<unit>[^()\s]{1,128})\)+:? Entering FAULT STATE"),
    (_K.TRACK_SCRIPT, r"Script `(?P<unit>[^`']{1,128})`? now returning (?P<number>\d+)"),
    (_K.TRACK_SCRIPT, r"VRRP_Script\((?P<unit>[^()]{1,128})\) (?P<state>succeeded|failed)"),
)
_OUT_OF_MEMORY = (
    r"(?:\[ *[\d.]+\] )?(?:Memory cgroup out of memory|Out of memory): Killed process (?P<number>\d+)"
    r" \((?P<unit>haproxy[^)]*)\)"
)
_KERNEL: tuple[tuple[ServiceKind, str], ...] = ((_K.OUT_OF_MEMORY, _OUT_OF_MEMORY),)
_RULES = {
    name: tuple((kind, re.compile(pattern)) for kind, pattern in rules)
    for name, rules in (("systemd", _SYSTEMD), ("keepalived", _KEEPALIVED), ("kernel", _KERNEL))
}
SERVICES = frozenset(_RULES)
"""Programs (up to a "_", in small letters) whose lines are looked at."""


def classify_service_line(program: str, message: str, *, unit: re.Pattern[str]) -> ServiceLine | None:
    """Return what a line of `program` means for HAProxy's service, None for one that is about something else.

    `unit` is searched in the unit's name or description, as older systemd gives only that.
    """
    family = program.lower().partition("_")[0]
    for kind, pattern in _RULES.get(family, ()):
        match = pattern.match(message)
        if match is None:
            continue
        groups = match.groupdict()
        named = groups.get("unit") or groups.get("description") or ""
        if family == "systemd" and not unit.search(message):
            return None
        return ServiceLine(kind, named, int((groups.get("number") or "0")[:9]), groups.get("state") or "")
    return None
