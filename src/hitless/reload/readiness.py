"""Whether the current generation is ready: what speaks against it before anything is asked. Pure."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from hitless.facts import RunMode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.reload.target import Target

__all__ = ["unready_reasons"]

_RELOADS = {signal.SIGUSR2: "SIGUSR2", signal.SIGHUP: "SIGHUP"}
_CHANGING = frozenset({"reloading", "activating", "deactivating", "refreshing"})


def unready_reasons(
    target: Target, *, not_pid: int | None = None, loaded: bool | None = True, any_unit_state: bool = False
) -> Iterator[str]:
    """Yield what speaks against the current generation being the one to wait for.

    `not_pid` is a process that must not be the one any more; `loaded` whether what runs is what is on disk (True also
    where nobody asked for that), None where it could not be seen.

    With `any_unit_state` its unit may be just starting: it may wait for this very answer.
    """
    current = target.current
    if current is None:
        yield "no process of it listens"
        return
    if current.pid == not_pid:
        yield f"process {current.pid} still serves"
    starting = [p.pid for p in target.carriers if p.generation is None]
    if starting:
        yield f"process {starting[0]} is still starting"
    master = target.master
    if target.mode is RunMode.MASTER_WORKER and master is None:
        yield "its master is gone"
    pending = [name for number, name in _RELOADS.items() if master and number in master.pending_signals]
    if pending:
        yield f"{pending[0]} waits in the master: a reload is about to begin"
    unit = target.instance.unit
    if unit is not None and unit.active_state in _CHANGING and not any_unit_state:
        yield f"{unit.name} is {unit.active_state}"
    if loaded is False:
        yield "its configuration was changed after it was started"
    elif loaded is None:
        yield "whether it has loaded what is on disk cannot be seen"
