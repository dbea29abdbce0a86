"""Which process stands for HAProxy: the master, or the classic one that serves; and whether it is over with it.

A classic HAProxy that is reloaded ends while another one serves in its place, which becomes our child when whoever has
started it ends.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hitless.host.errors import HostError
from hitless.host.processes import read_children
from hitless.run.machine import Phase
from hitless.run.processes import haproxy_children, read_serving

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["MainProcess"]

_SUCCESSOR_S = 2.0
"""How long after an end in order another one may turn up."""


@dataclass(slots=True)
class MainProcess:
    """`pid` is 0 while there is none."""

    pid: int = 0
    _status: int | None = None
    _until: float = 0.0

    def begin(self, pid: int) -> None:
        """Another one was started."""
        self.pid, self._status = pid, None

    def note_end(self, status: int, now: float) -> None:
        """It has ended; whether HAProxy has is what `settle` says."""
        self.pid, self._status = 0, status
        self._until = now + (_SUCCESSOR_S if status == 0 else 0.0)

    def note_reload(self, serving_pid: int) -> None:
        """A reload is over: this process serves. It may be a worker of the same master."""
        if serving_pid and serving_pid not in self._children():
            self.begin(serving_pid)
        self._until = 0.0

    def _children(self) -> list[int]:
        try:
            return read_children(self.pid) if self.pid else []
        except HostError:
            return []

    def settle(self, now: float, phase: Phase, *, reloading: bool) -> int | None:
        """Return the status that HAProxy has ended with; None if it has not, or nobody knows yet.

        While it is stopped, its end is that of its last process.
        """
        if self._status is None:
            return None
        others = haproxy_children(os.getpid())
        if phase is Phase.STOPPING:
            return None if others else self._taken()
        if (successor := _choose(others)) != 0:
            self.begin(successor)
            return None
        return None if reloading or (now < self._until and phase is Phase.SERVING) else self._taken()

    def _taken(self) -> int | None:
        status, self._status = self._status, None
        return status

    def follow(self) -> None:
        """A classic HAProxy that was replaced drains: who listens in its place stands for HAProxy now."""
        with contextlib.suppress(HostError):
            if self.pid and not read_serving(self.pid):
                others = [pid for pid in haproxy_children(os.getpid()) if pid != self.pid]
                self.pid = _choose(others) or self.pid


def _choose(others: Iterable[int]) -> int:
    """Return the newest that listens, 0 without one."""
    with contextlib.suppress(HostError):
        for pid in sorted(others, reverse=True):
            if read_serving(pid):
                return pid
    return 0
