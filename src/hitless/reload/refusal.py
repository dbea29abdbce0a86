"""Signs that a reload which was asked for by a signal has failed: a signal gets no answer."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hitless.control.runtime_api import MasterCli
from hitless.errors import ControlError

if TYPE_CHECKING:
    from hitless.control.replies import Processes

__all__ = ["RefusalWatch", "shows_failure"]

_PERIOD_S = 0.1


def shows_failure(reloads_before: int, now: Processes, known: frozenset[int]) -> bool:
    """Return whether `show proc` says that a reload was tried and brought no new worker.

    The master counts what it tries, good or bad (2.2 to 3.2). `known` are the workers from before; none is being
    started while this is asked.
    """
    listed = {row.pid for row in (*now.workers, *now.old_workers)}
    return now.master.reloads > reloads_before and not listed - known


@dataclass(slots=True)
class RefusalWatch:
    """Asks the master from time to time; says that it failed when two answers in a row say so."""

    master_address: str
    known: frozenset[int]
    reloads_before: int | None
    """None: it could not be asked before, and then nothing can be said."""
    _again_at: float = field(default=0.0)
    _seen: int = 0

    def failed(self, *, loading: bool) -> bool:
        """Return whether the reload has failed; `loading`: a new worker lives."""
        now = time.monotonic()
        if self.reloads_before is None or loading or now < self._again_at:
            return False
        self._again_at = now + _PERIOD_S
        try:
            processes = MasterCli(self.master_address).ask_processes(timeout_s=1.0)
        except ControlError:  # the master is just replacing itself
            self._seen = 0
            return False
        sign = shows_failure(self.reloads_before, processes, self.known)
        self._seen = self._seen + 1 if sign else 0
        return self._seen >= 2
