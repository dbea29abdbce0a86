"""How far the start of a successor has come, from what its stand-in says: pure."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

__all__ = ["StartState"]


@dataclass(slots=True)
class StartState:
    """The start of one successor. `daemon`: the process that is started ends, and those that it leaves serve."""

    daemon: bool
    pid: int = 0
    """Of the process that was started; 0 as long as there is none."""
    bound: bool = False
    """It has bound everything and wants the old processes to leave."""
    paused: bool = False
    """It could not bind something, and wanted the old processes to stop listening."""
    failed: str = ""
    """Why nothing could be started."""
    notes: list[str] = field(default_factory=list)
    ended: dict[int, int] = field(default_factory=dict)
    """Exit statuses by process; less than 0 for a signal."""
    background: frozenset[int] | None = None
    """What it left in the background; None until that has been looked at."""
    childless: bool = False
    """None of all that was started lives, and all of `ended` is known."""

    def take(self, message: str) -> None:
        """Take what the stand-in says; what is not understood is a note."""
        kind, _, rest = message.partition(" ")
        numbers = [int(word) for word in rest.split() if word.isascii() and word.isdigit()]
        if kind == "pid" and len(numbers) == 1:
            self.pid = numbers[0]
        elif kind == "ended" and len(numbers) == 2:
            self.ended[numbers[0]] = os.waitstatus_to_exitcode(numbers[1])
        elif kind == "bound":
            self.bound = True
        elif kind == "paused":
            self.paused = True
        elif kind == "childless":
            self.childless = True
        elif kind == "failed":
            self.failed = rest or "for no reason that is known"
        else:
            self.notes.append(rest if kind == "note" else message)

    @property
    def waits_for_background(self) -> bool:
        """The process that was started has ended in order, and what it left is not known yet."""
        left = self.ended.get(self.pid) == 0 and not self.childless
        return self.daemon and left and self.background is None

    @property
    def pids(self) -> tuple[int, ...]:
        """The processes that serve or are to; of the background only once they are known."""
        if self.daemon:
            return tuple(sorted((self.background or frozenset()) - self.ended.keys()))
        return (self.pid,) if self.pid and self.pid not in self.ended else ()

    @property
    def exit_status(self) -> int | None:
        """How it has ended; None while it lives or goes on starting."""
        own = self.ended.get(self.pid)
        if own is None or own != 0 or not self.daemon:
            return own
        if not self.childless:
            return None
        return next((status for pid, status in reversed(self.ended.items()) if pid != self.pid), own)

    @property
    def over(self) -> bool:
        """Nothing will come of it any more."""
        return bool(self.failed) or self.exit_status is not None
