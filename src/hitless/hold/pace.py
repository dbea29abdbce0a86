"""When to look at HAProxy's processes: often and cheaply, thoroughly when something moves. Pure but for the glimpse."""

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Pace"]

GLIMPSE_S = 0.2
UNSETTLED_S = 0.05
THOROUGH_S = 5.0
_SHARE = 20
"""Looking takes at most one twentieth of the time."""
_HURRY_S = 10.0
"""After somebody asked, or was announced, it is looked at often for so long."""


@dataclass(slots=True)
class Pace:
    """Says when the next look is due."""

    next_s: float = 0.0
    thorough_at_s: float = 0.0
    hurry_until_s: float = 0.0
    unsettled: bool = False
    _seen: object = None
    _hurry: bool = False

    def hurry(self) -> None:
        """Something is under way."""
        self._hurry = True
        self.next_s = 0.0

    def wait_s(self, now_s: float) -> float:
        """Return how long nothing is to be done."""
        return max(0.0, self.next_s - now_s)

    def is_due(self, now_s: float, glimpse: Callable[[], object]) -> bool:
        """Return whether to look thoroughly now; `glimpse` returns what has changed when something moves."""
        if now_s < self.next_s:
            return False
        self.next_s = now_s + GLIMPSE_S
        return self.has_moved(glimpse) or now_s < self.hurry_until_s or now_s >= self.thorough_at_s

    def has_moved(self, glimpse: Callable[[], object]) -> bool:
        """Return whether what was seen last is not all that is true now."""
        seen = glimpse()
        moved, self._seen = seen != self._seen, seen
        return moved or self.unsettled or self._hurry

    def has_looked(
        self, cost_s: float, ended_s: float, *, unsettled: bool, due_at_s: float = float("inf")
    ) -> None:
        """Plan the next look; this one took so much processor time, and something falls due at `due_at_s`."""
        if self._hurry:
            self._hurry = False
            self.hurry_until_s = ended_s + _HURRY_S
        self.unsettled = unsettled
        rest_s = cost_s * _SHARE
        busy = unsettled or ended_s < self.hurry_until_s
        self.next_s = ended_s + max(UNSETTLED_S if busy else GLIMPSE_S, rest_s)
        self.thorough_at_s = min(max(ended_s + THOROUGH_S, self.next_s), max(due_at_s, self.next_s))
