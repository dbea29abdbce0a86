import time

import numpy as np
import numpy.typing as npt
import pytest

from hitless.attempts import FLAG_RETRY, OUTCOME_CODES, dtype
from hitless.records import Event, EventKind, Outcome, Stream, Workload
from hitless.report.html.series import (
    MARKS_PER_BUCKET,
    Series,
    bucket_width_ms,
    count_resets,
    find_victims,
    make_series,
)
from tests.report.synthetic import STREAMS, make_run, replace

MS = 1_000_000


def rows(*attempts: tuple[int, Outcome, int, int, int]) -> npt.NDArray[np.void]:
    """Rows of (stream, outcome, flags, intended ms, end ms); answered ones have a first byte."""
    table = np.zeros(len(attempts), dtype=dtype())
    for row, (stream, outcome, flags, intended_ms, end_ms) in zip(table, attempts, strict=True):
        row["stream"], row["outcome"], row["flags"] = stream, OUTCOME_CODES[outcome], flags
        row["intended_ns"], row["end_ns"] = intended_ms * MS, end_ms * MS
        row["first_byte_ns"] = end_ms * MS if outcome is Outcome.OK else 0
    return table


def series(
    table: npt.NDArray[np.void], streams: tuple[Stream, ...] = STREAMS, duration_ms: float = 199
) -> Series:
    hurt = table["outcome"] > 0
    return make_series(table, streams, hurt, origin_ns=0, duration_ms=duration_ms)


@pytest.mark.parametrize(
    ("duration_s", "width_ms"), [(26, 50), (120, 50), (121, 100), (3600, 2000), (1e6, 416_667)]
)
def test_buckets_are_bounded(duration_s: float, width_ms: int) -> None:
    assert bucket_width_ms(duration_s * 1000) == width_ms
    assert duration_s * 1000 / width_ms <= 2400


def test_an_attempt_belongs_to_its_intended_start() -> None:
    made = series(rows((0, Outcome.OK, 0, 10, 180), (0, Outcome.OK, 0, 60, 61)))
    assert made.started.tolist() == [1, 1, 0, 0]
    assert made.max_ms[:2].tolist() == [170, 1]
    assert np.isnan(made.p50_ms[2:]).all()


def test_percentiles_are_nearest_ranks() -> None:
    made = series(rows(*[(0, Outcome.OK, 0, 1, 1 + latency) for latency in range(1, 101)]))
    assert (made.p50_ms[0], made.p99_ms[0], made.max_ms[0], made.answered[0]) == (50, 99, 100, 100)


def test_retries_and_exchanges_that_last_by_design_have_no_latency() -> None:
    lasting = next(s.number for s in STREAMS if s.workload is Workload.INFLIGHT)
    made = series(rows((0, Outcome.OK, FLAG_RETRY, 1, 2), (lasting, Outcome.OK, 0, 1, 9)))
    assert made.started[0] == 1
    assert made.answered[0] == 0


def test_victims_are_counted_finely_by_their_end() -> None:
    made = series(
        rows((0, Outcome.REFUSED, 0, 10, 107), (0, Outcome.REFUSED, 0, 10, 106), (0, Outcome.SLOW, 0, 1, 2))
    )
    assert np.flatnonzero(made.victims[Outcome.REFUSED]).tolist() == [21]
    assert made.victims[Outcome.REFUSED][21] == 2
    assert made.victims[Outcome.SLOW].sum() == 1
    assert len(made.victims[Outcome.SLOW]) == len(made.started) * MARKS_PER_BUCKET


def test_times_outside_the_run_stay_at_its_edges() -> None:
    made = series(rows((0, Outcome.REFUSED, 0, -500, 9_000)))
    assert made.started.tolist() == [1, 0, 0, 0]
    assert made.victims[Outcome.REFUSED][-1] == 1


def test_no_attempts_at_all() -> None:
    made = series(rows())
    assert made.started.sum() == 0
    assert not made.victims


def test_what_the_control_run_showed_too_is_no_victim() -> None:
    run = make_run(hurt=False)
    first = run.result.workloads[0]
    usual = replace(first, control=replace(first.control, outcomes={Outcome.OK: 3, Outcome.HTTP_5XX: 1}))
    result = replace(run.result, workloads=(usual, *run.result.workloads[1:]), origin_ns=0, control_end_s=1.0)
    table = rows(
        (0, Outcome.HTTP_5XX, 0, 2000, 2001),
        (1, Outcome.HTTP_5XX, 0, 2000, 2001),
        (1, Outcome.REFUSED, 0, 500, 501),
        (1, Outcome.REFUSED, FLAG_RETRY, 2000, 2001),
        (0, Outcome.REFUSED, 0, 2000, 2001),
        (0, Outcome.OK, 0, 2000, 2001),
    )
    assert find_victims(result, table, STREAMS).tolist() == [False, True, False, False, True, False]


def test_only_resets_from_our_addresses_count() -> None:
    made = series(rows())
    sent = EventKind.KERNEL_RESET_SENT
    events = [
        Event(t_ns=3 * MS, kind=sent, local="a:1"),
        Event(t_ns=3 * MS, kind=sent, local="b:2"),
        Event(t_ns=3 * MS, kind=EventKind.KERNEL_RESET_RECEIVED, local="a:1"),
    ]
    assert count_resets(events, ["a:1"], origin_ns=0, series=made).sum() == 1


def test_a_million_attempts_take_well_under_two_seconds() -> None:
    table = np.zeros(1_000_000, dtype=dtype())
    table["intended_ns"] = np.arange(len(table)) * 30_000
    table["end_ns"] = table["intended_ns"] + 1_000_000
    table["first_byte_ns"] = table["end_ns"]
    began = time.process_time()
    series(table, duration_ms=30_001)
    assert time.process_time() - began < 2
