"""Counts by several keys, as arrays: equal keys are summed, and time gets coarser before the rows get too many."""

import math

import numpy as np

from hitless.explain.scan.runs import run_ends, run_starts
from hitless.explain.scan.words import Positions

__all__ = ["BUCKETS_S", "Rows"]

BUCKETS_S = (1, 10, 60, 600, 3600, 86_400)
_MOST_ROWS = 400_000
_MOST_COUNTERS = 1 << 16


class Rows:
    """Rows of keys with a count. The first key is a second since 1970, and is cut to `bucket_s`."""

    def __init__(self, keys: int, *, most: int = _MOST_ROWS) -> None:
        self._keys = keys
        self._most = most
        self.bucket_s = BUCKETS_S[0]
        self._parts: list[Positions] = []
        self._size = 0
        self._compact_at = most // 4

    def add(self, *columns: Positions) -> None:
        """Count one for each element of the columns, one column for each key."""
        if len(columns[0]):
            first = columns[0] - columns[0] % self.bucket_s
            self._keep(_summed([first, *columns[1:]], None))

    def add_rows(self, rows: Positions) -> None:
        """Add rows of keys and count."""
        if len(rows):
            columns = _columns_of(rows)
            columns[0] = columns[0] - columns[0] % self.bucket_s
            self._keep(_summed(columns[:-1], columns[-1]))

    def coarsen_to(self, bucket_s: int) -> None:
        """Cut time to a bucket that is not finer than the one in use."""
        if bucket_s <= self.bucket_s:
            return
        self.bucket_s = bucket_s
        for part in self._parts:
            part[:, 0] -= part[:, 0] % bucket_s
        self._compact()

    @property
    def table(self) -> Positions:
        """All rows, keys and count, in order of the keys."""
        self._compact()
        return self._parts[0] if self._parts else np.empty((0, self._keys + 1), dtype=np.int64)

    def _keep(self, part: Positions) -> None:
        self._parts.append(part)
        self._size += len(part)
        if self._size > self._compact_at:
            self._compact()

    def _compact(self) -> None:
        if not self._parts:
            return
        columns = _columns_of(np.concatenate(self._parts))
        rows = _summed(columns[:-1], columns[-1])
        while len(rows) > self._most and self.bucket_s < BUCKETS_S[-1]:
            self.bucket_s = next(b for b in BUCKETS_S if b > self.bucket_s)
            columns = _columns_of(rows)
            columns[0] -= columns[0] % self.bucket_s
            rows = _summed(columns[:-1], columns[-1])
        self._parts, self._size = [rows], len(rows)
        self._compact_at = 2 * len(rows) + self._most // 4


def _columns_of(rows: Positions) -> list[Positions]:
    return [np.ascontiguousarray(column) for column in rows.T]


def _summed(keys: list[Positions], counts: Positions | None) -> Positions:
    """Return rows of distinct keys with their counts (one for each, where none are given), in order of the keys."""
    packed, span = _packed(keys)
    if packed is not None and counts is None and span <= _MOST_COUNTERS:
        return _counted(keys, packed)
    order = np.lexsort(keys[::-1]) if packed is None else np.argsort(packed, kind="stable")
    if packed is None:
        changes = np.logical_or.reduce([np.diff(key[order]) != 0 for key in keys])
        heads = np.concatenate((np.zeros(1, dtype=np.int64), np.flatnonzero(changes) + 1))
    else:
        heads = run_starts(packed[order])
    sums = run_ends(heads, len(order)) - heads if counts is None else np.add.reduceat(counts[order], heads)
    return np.column_stack((*(key[order[heads]] for key in keys), sums))


def _counted(keys: list[Positions], packed: Positions) -> Positions:
    """Return the same by a counter for each number that keys may be packed into, not by sorting."""
    counters = np.bincount(packed)
    distinct = np.flatnonzero(counters)
    row = np.empty(len(counters), dtype=np.int64)
    row[packed] = np.arange(len(packed))  # one of the rows that have these keys
    return np.column_stack((*(key[row[distinct]] for key in keys), counters[distinct]))


def _packed(keys: list[Positions]) -> tuple[Positions | None, int]:
    """Return each row's keys as one number below a bound that sorts as they do, None where they do not fit into one."""
    lowest = [int(key.min()) for key in keys]
    spans = [int(key.max()) - low + 1 for key, low in zip(keys, lowest, strict=True)]
    bound = math.prod(spans)
    if bound >= 1 << 62:
        return None, bound
    packed = np.zeros(len(keys[0]), dtype=np.int64)
    for key, low, span in zip(keys, lowest, spans, strict=True):
        packed *= span
        packed += key
        packed -= low
    return packed, bound
