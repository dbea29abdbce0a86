"""The time that everything asked of the services of a host may take together.

Each question has a limit of its own, but nobody limits how many services there are, and what calls itself haproxy may
be anything: hundreds that never answer must not make hours.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from hitless.facts import Unknown
from hitless.gather.program import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable

    from hitless.facts import Binary

__all__ = ["SPENT", "TOTAL_S", "Budget"]

TOTAL_S = 120.0
SPENT = (
    f"the {TOTAL_S:.0f} s for asking what runs here are spent; --unit, --config or --pid chooses one service"
)


class Budget:
    """Counts down from the first question on, and remembers which programs did not answer."""

    def __init__(self, total_s: float = TOTAL_S, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._end = clock() + total_s
        self._silent: dict[tuple[int, int], list[Unknown]] = {}
        """Programs that could not be asked, by device and inode."""

    @property
    def spent(self) -> bool:
        """No time is left."""
        return self._clock() >= self._end

    def ask(
        self, path: str, question: Callable[[], tuple[Binary | None, list[Unknown]]]
    ) -> tuple[Binary | None, list[Unknown]]:
        """Return what a program says of itself; one that did not answer for another service is not asked again."""
        if self.spent:
            return None, [Unknown(what=VERSION, why=SPENT)]
        try:
            found = os.stat(path)  # noqa: PTH116 - a link is followed, also that of /proc/PID/exe
        except OSError:
            return question()
        known = self._silent.get((found.st_dev, found.st_ino))
        if known is not None:
            return None, known
        binary, unknown = question()
        if binary is None:
            self._silent[found.st_dev, found.st_ino] = unknown
        return binary, unknown

    def at_most(self, limit_s: float) -> float:
        """Return the time for a question that may take `limit_s` by itself; more than 0."""
        return max(0.001, min(limit_s, self._end - self._clock()))
