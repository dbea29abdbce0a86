"""The lines that ended badly in the windows of changes, read whole: a census has only counted them."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from hitless.explain.analysis.ledger import Ledger
from hitless.explain.analysis.spans import Span, assign
from hitless.explain.places import read_places
from hitless.explain.sources.log_set import LogSet
from hitless.logged import Traffic
from hitless.units import NANOSECONDS_PER_SECOND

__all__ = ["read_troubled"]

_MOST_EACH = 1000
_MOST = 10_000


def read_troubled(logs: LogSet, ledger: Ledger, spans: Sequence[Span]) -> dict[int, list[Traffic]]:
    """Return bad endings by the index of their span: all of them, or evenly chosen ones where they are too many."""
    rows = _choose(ledger, spans)
    lines = [entry for entry in read_places(logs, rows.tolist()) if isinstance(entry, Traffic)]
    seconds = np.array([line.at.t_ns // NANOSECONDS_PER_SECOND for line in lines], dtype=np.int64)
    owner = assign(spans, seconds, np.array([line.pid for line in lines], dtype=np.int64))
    found: dict[int, list[Traffic]] = defaultdict(list)
    for index, line in zip(owner.tolist(), lines, strict=True):
        if index >= 0:
            found[index].append(line)
    return found


def _choose(ledger: Ledger, spans: Sequence[Span]) -> npt.NDArray[np.void]:
    trouble, bucket_s = ledger.census.trouble, ledger.census.ended_bucket_s
    buckets = trouble["second"] - trouble["second"] % bucket_s
    chosen = np.zeros(len(trouble), dtype=bool)
    each = min(_MOST_EACH, _MOST // max(1, len(spans)))
    for index in range(len(spans)):
        numbers = np.flatnonzero(np.isin(buckets, ledger.odd_seconds(index)))
        if len(numbers) > each:
            numbers = numbers[np.linspace(0, len(numbers) - 1, each).astype(np.int64)]
        chosen[numbers] = True
    return trouble[chosen]
