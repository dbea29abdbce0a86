"""What the processes that a reload has made old still carry, just after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hitless.control.runtime_api import MasterCli
from hitless.errors import ControlError
from hitless.host.errors import Gone
from hitless.host.processes import read_times

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hitless.reload.target import Target
    from hitless.reloads import DrainForecast

__all__ = ["still_draining"]

_TIMEOUT_S = 1.0


def still_draining(target: Target, forecast: Iterable[DrainForecast]) -> tuple[DrainForecast, ...]:
    """Return the forecast for those of the processes that live, with what they carry now where it can be asked."""
    return tuple(_now(target, entry) for entry in forecast if _lives(entry.pid))


def _lives(pid: int) -> bool:
    try:
        return bool(read_times(pid))
    except Gone:
        return False


def _now(target: Target, entry: DrainForecast) -> DrainForecast:
    if not target.master_address:
        return msgspec.structs.replace(entry, connections=None)
    try:
        info = MasterCli(target.master_address).ask_worker_info(entry.pid, timeout_s=_TIMEOUT_S)
    except ControlError:  # it has just ended, or is too busy: then nothing is said of it
        return msgspec.structs.replace(entry, connections=None)
    return msgspec.structs.replace(entry, connections=info.number("CurrConns"))
