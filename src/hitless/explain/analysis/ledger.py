"""Counts of a census by change, beside what is usual: the lines of each window, and those of the time before. Pure."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hitless.explain.analysis.endings import describe, is_error, is_excess, is_normal
from hitless.explain.analysis.spans import NOBODY, Span, assign, role_of
from hitless.explain.scan.census import Census
from hitless.explanations import EndingCount, Role, TrafficCount

__all__ = ["Ledger"]

_BEFORE_S = 60
_FEWEST_BEFORE = 20
"""With fewer lines before, all that is outside of changes is taken for the usual."""
_MOST_PIDS = 8
_Mask = npt.NDArray[np.bool_]


@dataclass(slots=True)
class _Sum:
    lines: int = 0
    pids: set[int] | None = None


class Ledger:
    """The lines of a census, each under the change that it belongs to."""

    def __init__(self, census: Census, spans: Sequence[Span]) -> None:
        self.census = census
        self.spans = spans
        rows = census.ended
        pids = np.array([p.pid for p in census.processes] or [0], dtype=np.int64)
        self._pids = pids[rows["process"]] if len(rows) else np.empty(0, dtype=np.int64)
        self._owner = assign(spans, rows["second"], self._pids)
        self._error, self._odd = self._judge_rows()

    def during(self, index: int) -> TrafficCount:
        """Return the lines of a change."""
        span = self.spans[index]
        return self._count(self._owner == index, span.end_s - span.begin_s)

    def shared(self, index: int) -> TrafficCount:
        """Return the lines in the window of a change that are told with another: stamps tell only seconds apart."""
        span, seconds = self.spans[index], self.census.ended["second"]
        within = (seconds >= span.begin_s) & (seconds < span.end_s)
        return self._count(within & (self._owner != index) & (self._owner != NOBODY), 0)

    def before(self, index: int) -> TrafficCount:
        """Return the lines of the usual, with the seconds they are from; none where there is no usual."""
        mask, seconds = self._usual(index)
        return self._count(mask, seconds)

    def endings(self, index: int) -> tuple[EndingCount, ...]:
        """Return how the lines of a change ended that did not end well, the most remarkable first."""
        span = self.spans[index]
        mine, (usual, _) = self._owner == index, self._usual(index)
        total = int(self.census.ended["lines"][mine].sum())
        total_before = int(self.census.ended["lines"][usual].sum())
        before: dict[tuple[int, str], int] = defaultdict(int)
        for status, termination, lines, _ in self._rows(usual & self._odd):
            before[status, termination] += lines
        sums: dict[tuple[Role, int, str], _Sum] = defaultdict(_Sum)
        of_role: dict[Role, int] = defaultdict(int)
        for pid, lines in zip(
            self._pids[mine].tolist(), self.census.ended["lines"][mine].tolist(), strict=True
        ):
            of_role[role_of(span.change, pid)] += lines
        for status, termination, lines, pid in self._rows(mine & self._odd):
            found = sums[role_of(span.change, pid), status, termination]
            found.lines += lines
            found.pids = (found.pids or set()) | {pid}
        counts = [
            _ending(
                key, found, before.get(key[1:], 0) * of_role[key[0]] / total_before if total_before else None
            )
            for key, found in sums.items()
        ]
        assert sum(of_role.values()) == total, "every line has a role"
        return tuple(sorted(counts, key=lambda c: (not c.is_excess, -c.lines, c.termination)))

    def elsewhere(self) -> tuple[EndingCount, ...]:
        """Return the bad endings that belong to no change."""
        sums: dict[tuple[int, str], _Sum] = defaultdict(_Sum)
        for status, termination, lines, pid in self._rows((self._owner == NOBODY) & self._odd):
            found = sums[status, termination]
            found.lines += lines
            found.pids = (found.pids or set()) | {pid}
        counts = [_ending((Role.OTHER, *key), found, None, excess=False) for key, found in sums.items()]
        return tuple(sorted(counts, key=lambda c: (-c.lines, c.termination)))

    def totals(self) -> TrafficCount:
        """Return all lines."""
        rows = self.census.ended
        seconds = int(np.ptp(rows["second"])) + self.census.ended_bucket_s if len(rows) else 0
        return self._count(np.ones(len(rows), dtype=bool), seconds)

    def odd_seconds(self, index: int) -> npt.NDArray[np.int64]:
        """Return the seconds (of `ended_bucket_s`) in which lines of a change did not end well."""
        found: npt.NDArray[np.int64] = np.unique(
            self.census.ended["second"][(self._owner == index) & self._odd]
        )
        return found

    def lines_of(self, index: int, pids: frozenset[int]) -> TrafficCount:
        """Return the lines of a change that some processes wrote."""
        return self._count((self._owner == index) & np.isin(self._pids, sorted(pids)), 0)

    def _usual(self, index: int) -> tuple[_Mask, int]:
        """Return which rows are the usual for a change, and how many seconds they are from."""
        span, seconds = self.spans[index], self.census.ended["second"]
        nobody = self._owner == NOBODY
        mask = nobody & (seconds >= span.begin_s - _BEFORE_S) & (seconds < span.begin_s)
        if int(self.census.ended["lines"][mask].sum()) < _FEWEST_BEFORE:
            mask = nobody
        return mask, len(np.unique(seconds[mask])) * self.census.ended_bucket_s

    def _count(self, mask: _Mask, seconds: int) -> TrafficCount:
        lines = self.census.ended["lines"]
        return TrafficCount(
            duration_s=float(seconds),
            lines=int(lines[mask].sum()),
            errors=int(lines[mask & self._error].sum()),
        )

    def _rows(self, mask: _Mask) -> list[tuple[int, str, int, int]]:
        """Return status, termination, lines, pid of rows."""
        rows, names = self.census.ended[mask], self.census.terminations
        return [
            (int(status), names[termination] if termination >= 0 else "", int(lines), pid)
            for status, termination, lines, pid in zip(
                rows["status"].tolist(),
                rows["termination"].tolist(),
                rows["lines"].tolist(),
                self._pids[mask].tolist(),
                strict=True,
            )
        ]

    def _judge_rows(self) -> tuple[_Mask, _Mask]:
        """Return which rows are errors, and which did not end well."""
        rows = self.census.ended
        keys = list(zip(rows["status"].tolist(), rows["termination"].tolist(), strict=True))
        names = [*self.census.terminations, ""]
        judged = {
            key: (is_error(key[0], names[key[1]]), not is_normal(key[0], names[key[1]])) for key in set(keys)
        }
        table = np.array([judged[key] for key in keys], dtype=bool).reshape(-1, 2)
        return table[:, 0], table[:, 1]


def _ending(
    key: tuple[Role, int, str], found: _Sum, usual: float | None, *, excess: bool | None = None
) -> EndingCount:
    role, status, termination = key
    return EndingCount(
        role=role,
        status=status,
        termination=termination,
        lines=found.lines,
        usual=usual,
        meaning=describe(status, termination, role),
        is_excess=is_excess(found.lines, usual) if excess is None else excess,
        pids=tuple(sorted(found.pids or ()))[:_MOST_PIDS],
    )
