"""Lines by the second around a change, for each process: what a report draws. Pure."""

import numpy as np

from hitless.explain.analysis.endings import is_error
from hitless.explain.analysis.spans import Span, role_of
from hitless.explain.scan.census import Census
from hitless.explanations import Plot, PlotLine, Role

__all__ = ["make_plot"]

_BEFORE_S = 60
_AFTER_S = 60
_MOST_BUCKETS = 240
_MOST_PROCESSES = 12
_Counts = np.ndarray[tuple[int, int], np.dtype[np.int64]]
_ORDER = {Role.OLD: 0, Role.NEW: 1, Role.OTHER: 2}


def make_plot(census: Census, span: Span) -> Plot | None:
    """Return lines and errors by process from a minute before to a minute after; None where there were none."""
    begin, end = span.begin_s - _BEFORE_S, span.end_s + _AFTER_S
    bucket_s = max(census.ended_bucket_s, -(-(end - begin) // _MOST_BUCKETS))
    rows = census.ended[(census.ended["second"] >= begin) & (census.ended["second"] < end)]
    if not len(rows):
        return None
    size = -(-(end - begin) // bucket_s)
    names = [*census.terminations, ""]
    lines: dict[int, _Counts] = {}
    for second, process, _, status, termination, count in rows.tolist():
        pid = census.processes[process].pid if process < len(census.processes) else 0
        counts = lines.setdefault(pid, np.zeros((2, size), dtype=np.int64))
        bucket = (second - begin) // bucket_s
        counts[0, bucket] += count
        counts[1, bucket] += count * is_error(status, names[termination])
    found = [
        PlotLine(
            pid=pid,
            role=role_of(span.change, pid),
            requests=tuple(counts[0].tolist()),
            errors=tuple(counts[1].tolist()),
        )
        for pid, counts in lines.items()
    ]
    found.sort(key=lambda p: (_ORDER[p.role], -sum(p.requests)))
    return Plot(start_s=begin, bucket_s=bucket_s, processes=tuple(found[:_MOST_PROCESSES]))
