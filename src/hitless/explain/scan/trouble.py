"""The places of lines that ended badly, for those who read them whole: bounded, however long the logs are."""

import numpy as np

from hitless.explain.scan.runs import run_ends, run_starts
from hitless.explain.scan.words import Positions

__all__ = ["Trouble"]

_MOST = 500_000


class Trouble:
    """Rows of second, source, offset. Where they get too many, fewer of each second are kept: the first ones."""

    def __init__(self, *, most: int = _MOST) -> None:
        self._most = most
        self._parts: list[Positions] = []
        self._size = 0
        self.lines = 0
        """How many there were."""

    def add(self, second: Positions, source: int, offset: Positions) -> None:
        """Take lines of one source."""
        if len(second):
            self.lines += len(second)
            self._keep(np.column_stack((second, np.full(len(second), source, dtype=np.int64), offset)))

    def join(self, other: "Trouble") -> None:
        """Take those of lines that come after."""
        self.lines += other.lines
        self._keep(other.table)

    @property
    def table(self) -> Positions:
        """The rows that are kept, in the order in which they came."""
        return np.concatenate((np.empty((0, 3), dtype=np.int64), *self._parts))

    def _keep(self, rows: Positions) -> None:
        self._parts.append(rows)
        self._size += len(rows)
        if self._size > self._most:
            self._parts = [_thinned(self.table, self._most // 2)]
            self._size = len(self._parts[0])


def _thinned(rows: Positions, most: int) -> Positions:
    order = np.argsort(rows[:, 0], kind="stable")
    heads = run_starts(rows[order, 0])
    sizes = run_ends(heads, len(rows)) - heads
    each = int(sizes.max())
    while each > 1 and np.minimum(sizes, each).sum() > most:
        each //= 2
    kept = np.zeros(len(rows), dtype=bool)
    kept[order] = np.arange(len(rows)) - np.repeat(heads, sizes) < each
    found = rows[kept]
    return found[:: -(-len(found) // most)]
