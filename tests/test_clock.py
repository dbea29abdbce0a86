import time

from hitless.clock import now_ns, read_clock_pair


def test_now_is_the_monotonic_clock() -> None:
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    now = now_ns()
    assert before <= now <= time.clock_gettime_ns(time.CLOCK_MONOTONIC)


def test_a_pair_is_read_together_and_bounds_its_error() -> None:
    before = now_ns()
    pair = read_clock_pair()
    after = now_ns()
    assert 0 <= pair.error_ns <= after - before
    assert before <= pair.monotonic_ns <= after
    assert abs(pair.realtime_ns - time.time_ns()) < 60_000_000_000
