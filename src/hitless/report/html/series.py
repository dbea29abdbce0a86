"""From a table of attempts to what a timeline can draw: a bounded number of buckets for any run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hitless.attempts import FLAG_RETRY, OUTCOMES
from hitless.records import EventKind, Outcome, Workload
from hitless.units import NANOSECONDS_PER_MILLISECOND

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy as np
    import numpy.typing as npt

    from hitless.records import Event, Stream
    from hitless.verdict import ProofResult

    type_rows = npt.NDArray[np.void]
    type_numbers = npt.NDArray[np.float64]
    type_counts = npt.NDArray[np.int64]
    type_mask = npt.NDArray[np.bool_]

__all__ = ["Series", "bucket_width_ms", "count_resets", "find_victims", "make_series"]

MARKS_PER_BUCKET = 10
"""Victims are rare: they are counted in buckets so many times finer than latency, for zooming in."""

_WIDTHS_MS = (50, 100, 200, 500, 1000, 2000, 5000, 10_000, 60_000)
_MOST_BUCKETS = 2400
_LASTING = frozenset({Workload.INFLIGHT, Workload.UPLOAD, Workload.STREAM, Workload.WEBSOCKET})


@dataclass(frozen=True, slots=True)
class Series:
    """Counts and latencies by bucket, from `ProofResult.origin_ns` on.

    An attempt belongs to the bucket of its *intended* start: what a client waited before it could send
    counts, and a second in which nothing was answered is seen as such. Latencies are NaN where nothing was answered.
    """

    bucket_ms: int
    duration_ms: float
    started: type_counts
    answered: type_counts
    p50_ms: type_numbers
    p99_ms: type_numbers
    max_ms: type_numbers
    victims: Mapping[Outcome, type_counts]
    """By outcome, in buckets `MARKS_PER_BUCKET` times finer, by the time at which the attempt ended."""


def bucket_width_ms(duration_ms: float) -> int:
    """Return 50 ms, or more for a run so long that a page would hold too many buckets."""
    for width_ms in _WIDTHS_MS:
        if duration_ms / width_ms <= _MOST_BUCKETS:
            return width_ms
    return int(duration_ms / _MOST_BUCKETS) + 1


def find_victims(result: ProofResult, attempts: type_rows, streams: Iterable[Stream]) -> type_mask:
    """Return which rows a reload hurt, as far as a row alone tells it.

    That is: no retry, begun after the control run, and ended in a way in which no attempt of the same stream
    ended in the control run. The judge knows more; where its answer is at hand it should be used instead.
    """
    import numpy as np

    numbers = {stream.number for stream in streams}
    control_end_ns = result.origin_ns + int(result.control_end_s * 1e9)
    candidates = (attempts["flags"] & FLAG_RETRY == 0) & (attempts["intended_ns"] >= control_end_ns)
    candidates &= np.isin(attempts["stream"], list(numbers))
    normal = np.zeros((int(attempts["stream"].max(initial=0)) + 1, 256), dtype=np.bool_)
    normal[:, OUTCOMES.index(Outcome.OK)] = True
    for workload in result.workloads:
        if workload.stream < len(normal):
            for outcome in workload.control.outcomes:
                normal[workload.stream, OUTCOMES.index(outcome)] = True
    victims: type_mask = candidates & ~normal[attempts["stream"], attempts["outcome"]]
    return victims


def make_series(
    attempts: type_rows, streams: Sequence[Stream], victims: type_mask, *, origin_ns: int, duration_ms: float
) -> Series:
    """Return the buckets. Latency leaves out workloads whose exchanges last by design, and retries."""
    import numpy as np

    bucket_ms = bucket_width_ms(duration_ms)
    size = int(duration_ms // bucket_ms) + 1
    first_tries = attempts["flags"] & FLAG_RETRY == 0
    at_ms = (attempts["intended_ns"] - origin_ns) / NANOSECONDS_PER_MILLISECOND
    bucket = np.clip(at_ms // bucket_ms, 0, size - 1).astype(np.int64)
    quick = [s.number for s in streams if s.workload not in _LASTING and not s.duration_s]
    answered = first_tries & (attempts["first_byte_ns"] > 0) & np.isin(attempts["stream"], quick)
    latency_ms = (attempts["end_ns"] - attempts["intended_ns"]) / NANOSECONDS_PER_MILLISECOND
    counts, p50, p99, worst = _percentiles(bucket[answered], latency_ms[answered], size)
    ended_ms = (attempts["end_ns"][victims] - origin_ns) / NANOSECONDS_PER_MILLISECOND
    fine = np.clip(ended_ms // (bucket_ms / MARKS_PER_BUCKET), 0, size * MARKS_PER_BUCKET - 1).astype(
        np.int64
    )
    outcomes = attempts["outcome"][victims]
    return Series(
        bucket_ms=bucket_ms,
        duration_ms=duration_ms,
        started=np.bincount(bucket[first_tries], minlength=size),
        answered=counts,
        p50_ms=p50,
        p99_ms=p99,
        max_ms=worst,
        victims={
            OUTCOMES[code]: np.bincount(fine[outcomes == code], minlength=size * MARKS_PER_BUCKET)
            for code in np.unique(outcomes)
            if code < len(OUTCOMES)
        },
    )


def _percentiles(
    bucket: type_counts, latency_ms: type_numbers, size: int
) -> tuple[type_counts, type_numbers, type_numbers, type_numbers]:
    """Return count, p50, p99 and maximum of each bucket: one sort, then nearest ranks."""
    import numpy as np

    ordered = latency_ms[np.lexsort((latency_ms, bucket))]
    counts = np.bincount(bucket, minlength=size)
    ends = np.cumsum(counts)
    some = counts > 0

    def rank(quantile: float) -> type_numbers:
        values = np.full(size, np.nan)
        last = np.ceil(counts[some] * quantile).astype(np.int64) - 1
        values[some] = ordered[ends[some] - counts[some] + np.maximum(last, 0)]
        return values

    return counts, rank(0.50), rank(0.99), rank(1.0)


def count_resets(
    events: Iterable[Event], addresses: Iterable[str], *, origin_ns: int, series: Series
) -> type_counts:
    """Return the resets that the kernel sent from these addresses to clients, in the victims' buckets."""
    import numpy as np

    ours = frozenset(addresses)
    t_ns = [e.t_ns for e in events if e.kind is EventKind.KERNEL_RESET_SENT and e.local in ours]
    size = len(series.started) * MARKS_PER_BUCKET
    at_ms = (np.array(t_ns, dtype=np.int64) - origin_ns) / NANOSECONDS_PER_MILLISECOND
    fine = np.clip(at_ms // (series.bucket_ms / MARKS_PER_BUCKET), 0, size - 1).astype(np.int64)
    return np.bincount(fine, minlength=size)
