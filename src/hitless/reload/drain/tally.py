"""What became of the sessions that were to be closed, counted while it goes on. Pure."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field

from hitless.drains import CloseResult

__all__ = ["Tally"]

_SLICES = 60
_MOST_PROBLEMS = 20


@dataclass(slots=True)
class Tally:
    """Counts. Times are seconds since the start."""

    sessions: int
    over_s: float
    order: str
    closed_at_s: dict[tuple[int, str], float] = field(default_factory=dict)
    late_s: list[float] = field(default_factory=list)
    gone: int = 0
    failed: int = 0
    left: int = 0
    ended: list[int] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def closed(self, key: tuple[int, str], at_s: float, due_s: float) -> None:
        """One has been closed."""
        self.closed_at_s[key] = at_s
        self.late_s.append(max(0.0, at_s - due_s))

    def problem(self, text: str) -> None:
        """Say what went wrong, once."""
        if text not in self.problems and len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(text)

    def result(
        self, *, duration_s: float, gone: int, appeared: int, waiting: int, interrupted: bool = False
    ) -> CloseResult:
        """Return the account. `gone` have ended before their turn came, `waiting` are those whose turn has not come."""
        slice_s = max(1.0, self.over_s / _SLICES)
        slices = [0] * (int(max(self.closed_at_s.values(), default=-slice_s) / slice_s) + 1)
        for at_s in self.closed_at_s.values():
            slices[int(at_s / slice_s)] += 1
        return CloseResult(
            sessions=self.sessions,
            over_s=self.over_s,
            order=self.order,
            closed=len(self.closed_at_s),
            gone=self.gone + gone,
            appeared=appeared,
            failed=self.failed,
            left=self.left + waiting,
            duration_s=round(duration_s, 3),
            slice_s=slice_s,
            per_slice=tuple(slices),
            late_median_s=round(statistics.median(self.late_s), 4) if self.late_s else 0.0,
            late_worst_s=round(max(self.late_s, default=0.0), 4),
            ended=tuple(self.ended),
            interrupted=interrupted,
            problems=tuple(self.problems),
        )
