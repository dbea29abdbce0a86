"""Accept holes: seconds in which a frontend that is usually busy took no connection. Pure."""

from collections.abc import Iterator

import numpy as np

from hitless.explain.analysis.spans import Span
from hitless.explain.scan.census import Census
from hitless.explanations import AcceptHole
from hitless.units import NANOSECONDS_PER_SECOND

__all__ = ["accepts_per_s", "find_holes"]

_BEFORE_S = 60
_FEWEST_EXPECTED = 7.0
"""A hole in which so many would have come is chance once in a thousand times (e to the power of -7)."""


def find_holes(census: Census, span: Span) -> tuple[AcceptHole, ...]:
    """Return the holes in and just before a span; none are found where time was counted in more than seconds."""
    if census.accepted_bucket_s != 1 or not len(census.accepted):
        return ()
    return tuple(
        hole for frontend in range(len(census.frontends)) for hole in _of_frontend(census, span, frontend)
    )


def accepts_per_s(census: Census, span: Span, frontend: int | None = None) -> float:
    """Return how many connections or requests began each second before a span; 0.0 where nothing is known."""
    rows = census.accepted
    before = (rows["second"] >= span.begin_s - _BEFORE_S) & (rows["second"] < span.begin_s)
    if frontend is not None:
        before &= rows["frontend"] == frontend
    if not before.any():
        return 0.0
    first = int(rows["second"][before].min())
    return float(rows["lines"][before].sum()) / (span.begin_s - first)


def _of_frontend(census: Census, span: Span, frontend: int) -> Iterator[AcceptHole]:
    usual = accepts_per_s(census, span, frontend)
    if usual <= 0:
        return
    rows = census.accepted
    mine = rows[(rows["frontend"] == frontend) & (rows["second"] >= span.begin_s - 1)]
    busy = set(np.unique(mine["second"][mine["second"] <= span.end_s]).tolist())
    if not len(mine) or int(mine["second"].max()) < span.begin_s:
        return  # nothing came after it at all: the log ends, or the frontend is gone
    run = 0
    for second in range(span.begin_s - 1, span.end_s + 1):
        if second not in busy:
            run += 1
            continue
        if run * usual >= _FEWEST_EXPECTED:
            yield AcceptHole(
                frontend=census.frontends[frontend],
                begin_ns=(second - run) * NANOSECONDS_PER_SECOND,
                duration_s=float(run),
                usual_per_s=usual,
            )
        run = 0
