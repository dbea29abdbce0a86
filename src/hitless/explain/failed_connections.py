"""Lines about connections that failed before their first request, read whole: a census has only counted them."""

from collections.abc import Sequence
from itertools import islice

import numpy as np
from msgspec.structs import replace

from hitless.explain.analysis.faults import FailedConnections, describe_failure, find_faults, may_have_failed
from hitless.explain.analysis.spans import Span
from hitless.explain.inputs.errors import ErrorEvidence
from hitless.explain.places import read_places
from hitless.explain.quoting import quote
from hitless.explain.scan.census import Census
from hitless.explain.sources.log_set import LogSet
from hitless.explanations import Fault
from hitless.logged import Traffic

__all__ = ["explain_faults", "read_failed_connections"]

_NO_STATUS = -1
_NO_TEXT = -1
_MOST = 5000
_MOST_QUOTED = 200


def read_failed_connections(logs: LogSet, census: Census) -> FailedConnections:
    """Return all of them, or evenly chosen ones where they may be too many."""
    known = (n for n, name in enumerate(census.terminations) if may_have_failed(_NO_STATUS, name))
    fits = [_NO_TEXT, *known]
    ended = census.ended
    mine = ended[(ended["status"] <= 0) & np.isin(ended["termination"], fits)]
    if not len(mine):
        return FailedConnections()
    trouble = census.trouble
    buckets = trouble["second"] - trouble["second"] % census.ended_bucket_s
    rows = np.flatnonzero(np.isin(buckets, np.unique(mine["second"])))
    if len(rows) > _MOST:
        rows = rows[np.linspace(0, len(rows) - 1, _MOST).astype(np.int64)]
    read = [
        line
        for line in read_places(logs, trouble[rows].tolist())
        if isinstance(line, Traffic) and may_have_failed(line.status, line.termination)
    ]
    formats = logs.options.error_formats
    failed = [line for line in read if describe_failure(line, formats)]
    total = int(mine["lines"].sum())
    return FailedConnections(failed, max(1.0, total / len(read)) if read else 1.0)


def explain_faults(logs: LogSet, census: Census, errors: ErrorEvidence, spans: Sequence[Span]) -> list[Fault]:
    """Return what HAProxy could not accept, by logs and by what `show errors` printed, in order of time."""
    failed = read_failed_connections(logs, census)
    found = find_faults(errors.found, failed, logs.options.error_formats, spans)
    quotes = iter(quote(logs, [place for _, places in found[:_MOST_QUOTED] for place in places]))
    return [
        replace(fault, quotes=(*fault.quotes, *islice(quotes, len(places) if number < _MOST_QUOTED else 0)))
        for number, (fault, places) in enumerate(found)
    ]
