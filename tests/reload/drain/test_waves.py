import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitless.reload.drain.process_facts import Session
from hitless.reload.drain.waves import (
    Order,
    Pace,
    Queue,
    has_aged,
    is_same,
    order_sessions,
    plan_waves,
    select_sessions,
)
from tests.reload.drain.made import session


def names(sessions: list[Session]) -> list[str]:
    return [s.row.id for s in sessions]


def closings(count: int, over_s: float, *, stalls: dict[int, float] | None = None) -> list[float]:
    """When a clock that only waits where the pace says so, and stalls before some closings, closes each."""
    pace, now = Pace(count, over_s), 0.0
    times: list[float] = []
    while len(times) < count:
        while pace.take(now, count - len(times)):
            now += (stalls or {}).get(len(times), 0.0)
            times.append(now)
        now += pace.wait_s(now)
    return times


@pytest.mark.parametrize(("count", "over_s"), [(1, 10.0), (2, 1.0), (1000, 60.0), (997, 61.3), (10_000, 5.0)])
def test_the_rate_is_even(count: int, over_s: float) -> None:
    times = closings(count, over_s)
    interval_s = over_s / count
    assert times == pytest.approx([(i + 0.5) * interval_s for i in range(count)], abs=1e-6 * over_s)


def test_without_a_time_all_are_closed_at_once() -> None:
    assert closings(5, 0.0) == [0.0] * 5


def test_who_is_late_catches_up_without_a_burst() -> None:
    times = closings(100, 10.0, stalls={20: 3.0})
    assert times[-1] <= 10.0
    after = [b - a for a, b in pairwise(times[21:])]
    assert min(after) >= 0.05  # twice the pace of the start, at most
    assert max(after) < 0.1


def test_who_is_much_too_late_keeps_the_bound() -> None:
    times = closings(100, 10.0, stalls={20: 30.0})
    after = [b - a for a, b in pairwise(times[21:])]
    assert min(after) == pytest.approx(0.05)
    assert times[-1] == pytest.approx(times[20] + 79 * 0.05, abs=0.1)


@given(
    st.integers(1, 300),
    st.floats(0.5, 120),
    st.dictionaries(st.integers(0, 299), st.floats(0.001, 20), max_size=5),
)
def test_no_moment_sees_more_than_twice_the_rate(count: int, over_s: float, stalls: dict[int, float]) -> None:
    times = closings(count, over_s, stalls=stalls)
    assert len(times) == count
    window_s = max(0.5, 2 * over_s / count)
    most = 2 * count / over_s * (window_s + 0.05) + 2
    for i, start in enumerate(times):
        assert sum(start <= t <= start + window_s for t in times[i:]) <= most


def test_the_pace_follows_what_is_left() -> None:
    pace = Pace(100, 10.0)
    assert pace.take(0.05, 100)
    assert pace.wait_s(0.05) == pytest.approx(0.1)
    assert not pace.take(0.1, 99)
    assert pace.take(0.15, 50)  # half of them have ended by themselves
    assert pace.wait_s(0.15) == pytest.approx(9.85 / 49.5)
    assert pace.due_s == pytest.approx(0.15)
    assert not pace.take(5.0, 0)


def test_the_oldest_and_the_idlest() -> None:
    held = [
        session(1, age_s=5, idle_s=3),
        session(2, age_s=50, idle_s=1),
        session(3, age_s=None, idle_s=40),
    ]
    assert names(order_sessions(held, Order.OLDEST)) == ["0x2", "0x1", "0x3"]
    assert names(order_sessions(held, Order.IDLEST)) == ["0x3", "0x1", "0x2"]


def test_where_nobody_saw_the_silence_the_next_timeout_decides() -> None:
    held = [session(n, idle_s=None, expires_s=e) for n, e in ((1, None), (2, 30), (3, 20))]
    assert names(order_sessions(held, Order.IDLEST)) == ["0x3", "0x2", "0x1"]


def test_only_sessions_of_clients_and_of_these_frontends() -> None:
    held = [session(1), session(2, frontend=""), session(3, frontend="db")]
    assert names(select_sessions(held, ())) == ["0x1", "0x3"]
    assert names(select_sessions(held, {"db"})) == ["0x3"]


@pytest.mark.parametrize(
    ("before_s", "elapsed_s", "now_s", "same"),
    [
        (100, 10, 110, True),
        (100, 10, 108, True),
        (100, 10, 2, False),
        (3660, 30, 3660, True),  # "1h1m": half a minute does not show
        (3660, 3600, 3660, False),
        (90_000, 1800, 90_000, True),  # "1d1h": half an hour does not show
        (100, 10, None, True),
        (None, 10, 3, True),
    ],
)
def test_a_session_that_is_younger_than_it_was_is_another(
    before_s: float | None, elapsed_s: float, now_s: float | None, *, same: bool
) -> None:
    before = session(1, age_s=before_s, seen_s=1000)
    after = session(1, age_s=now_s, seen_s=1000 + elapsed_s)
    assert is_same(before, after) is same
    assert has_aged(before, now_s, 1000 + elapsed_s) is same


def test_another_client_is_another_session() -> None:
    before = session(1, seen_s=0)
    assert not is_same(before, session(1, source="198.51.100.9:9", seen_s=0))
    assert not is_same(before, session(1, frontend="other", source=before.row.source, seen_s=0))


def test_a_queue_takes_notice_of_what_ends_and_what_comes() -> None:
    queue = Queue([session(n, age_s=n, seen_s=0) for n in (10, 20, 30)] + [session(5, pid=11)], Order.OLDEST)
    assert len(queue) == 4
    first = queue.take()
    assert first.row.id == "0x5"
    queue.refresh(10, [session(20, age_s=25, seen_s=5), session(30, age_s=35, seen_s=5), session(7, age_s=1)])
    assert (len(queue), queue.gone, queue.appeared) == (3, 1, 1)
    assert [queue.take().row.id for _ in range(3)] == ["0x1e", "0x14", "0x7"]


def test_a_session_that_has_been_taken_is_no_new_one() -> None:
    queue = Queue([session(1, seen_s=0), session(2, seen_s=0)], Order.OLDEST)
    queue.take()
    queue.refresh(10, [session(1, age_s=105, seen_s=5), session(2, age_s=105, seen_s=5)])
    assert (len(queue), queue.appeared) == (1, 0)


def test_an_address_that_has_come_to_mean_another_session() -> None:
    queue = Queue([session(1, age_s=100, seen_s=0)], Order.OLDEST)
    queue.refresh(10, [session(1, age_s=2, seen_s=30)])
    assert (len(queue), queue.gone, queue.appeared) == (1, 1, 1)
    queue.refresh(10, [session(1, age_s=7, seen_s=35)])
    assert (len(queue), queue.gone, queue.appeared) == (1, 1, 1)


def test_after_the_time_nothing_new_is_taken() -> None:
    queue = Queue([session(1, seen_s=0)], Order.OLDEST)
    queue.refresh(10, [session(2, age_s=1, seen_s=3)], take_new=False)
    assert (len(queue), queue.gone, queue.appeared) == (0, 1, 0)


def test_a_process_can_be_dropped_and_a_session_put_back() -> None:
    queue = Queue([session(1, pid=10), session(2, pid=11)], Order.OLDEST)
    first = queue.take()
    queue.put_back(first)
    assert queue.drop(10) == 1
    assert queue.take().pid == 11
    assert len(queue) == 0


def test_a_plan_says_all_of_it() -> None:
    held = [session(n, age_s=n, frontend=random.Random(n).choice(["web", "db"])) for n in range(20)]
    held += [session(1, pid=11, frontend="web")]
    plan = plan_waves(held, Order.OLDEST, 210.0)
    assert (plan.sessions, plan.interval_s, plan.order) == (21, 10.0, "oldest")
    assert dict(plan.by_generation) == {10: 20, 11: 1}
    assert sum(n for _, n in plan.by_frontend) == 21
    assert [round(step.at_s) for step in plan.first[:3]] == [5, 15, 25]
    assert len(plan.first) == 10
    assert plan.last_at_s == 205.0
    assert plan_waves([], Order.OLDEST, 60.0).sessions == 0
