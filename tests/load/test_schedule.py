"""Intended times, by arithmetic alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitless.load.schedule import PROBE_INTERVAL_NS, Pace, next_start_ns, pace_of, share
from hitless.records import Stream, Target, Workload

TARGET = Target(frontend="fe", where="test.cfg:1", address="127.0.0.1", port=80)
SECOND = 1_000_000_000


def stream(workload: Workload, **fields: object) -> Stream:
    return Stream(number=0, workload=workload, target=TARGET, **fields)  # type: ignore[arg-type]


def test_an_open_loop_keeps_its_intended_times_however_late_it_is() -> None:
    pace = Pace(first_ns=1000, interval_ns=100)
    assert [pace.intended_ns(number, ended_ns=10**9) for number in range(4)] == [1000, 1100, 1200, 1300]


def test_a_closed_loop_rests_after_the_end_and_longer_the_first_time() -> None:
    pace = Pace(first_ns=1000, rest_ns=50, offset_ns=7)
    assert pace.intended_ns(0, 0) == 1000
    assert pace.intended_ns(1, 2000) == 2057
    assert pace.intended_ns(2, 3000) == 3050


def test_the_connections_of_an_open_loop_interleave_to_its_rate() -> None:
    plan = stream(Workload.KEEPALIVE, connections=4, rate_per_s=1000)
    paces = [pace_of(plan, connection, 0) for connection in range(4)]
    times = sorted(pace.intended_ns(number, 0) for pace in paces for number in range(5))
    assert times == [index * 1_000_000 for index in range(20)]


def test_http2_streams_share_the_rate() -> None:
    plan = stream(Workload.H2, connections=2, streams_per_connection=5, rate_per_s=100)
    assert pace_of(plan, 9, 0).interval_ns == pytest.approx(0.1 * SECOND)


def test_idle_connections_open_at_once_and_spread_over_their_rest() -> None:
    plan = stream(Workload.IDLE, connections=10, idle_s=5)
    paces = [pace_of(plan, connection, 0) for connection in range(10)]
    assert max(pace.first_ns for pace in paces) <= 20_000_000
    seconds = [pace.intended_ns(1, pace.first_ns) / SECOND for pace in paces]
    assert seconds == pytest.approx([5 + number * 0.5 for number in range(10)], abs=0.02)


@pytest.mark.parametrize("workload", [Workload.INFLIGHT, Workload.UPLOAD, Workload.STREAM])
def test_long_exchanges_start_staggered_over_their_duration(workload: Workload) -> None:
    plan = stream(workload, connections=4, duration_s=2)
    assert [pace_of(plan, connection, 0).first_ns / SECOND for connection in range(4)] == [0, 0.5, 1, 1.5]


def test_a_client_that_is_cut_off_tries_again_soon_whatever_its_rest() -> None:
    assert next_start_ns(Pace(0, rest_ns=60 * SECOND), 3, 1000, cut_off=True) == (
        1000 + PROBE_INTERVAL_NS,
        1000 + PROBE_INTERVAL_NS,
    )


def test_an_open_loop_that_is_cut_off_starts_late_and_intends_the_same() -> None:
    assert next_start_ns(Pace(0, interval_ns=100), 3, 1000, cut_off=True) == (300, 1000 + PROBE_INTERVAL_NS)
    assert next_start_ns(Pace(0, interval_ns=SECOND), 3, 1000, cut_off=True) == (3 * SECOND, 3 * SECOND)
    assert next_start_ns(Pace(0, interval_ns=100), 3, 1000, cut_off=False) == (300, 300)


@given(connections=st.integers(0, 300), number=st.integers(0, 50), processes=st.integers(1, 16))
def test_shares_are_disjoint_whole_and_even(connections: int, number: int, processes: int) -> None:
    shares = [
        share(connections, stream=number, process=process, processes=processes)
        for process in range(processes)
    ]
    assert sorted(connection for part in shares for connection in part) == list(range(connections))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1
