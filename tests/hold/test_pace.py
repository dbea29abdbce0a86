import pytest

from hitless.hold.pace import GLIMPSE_S, THOROUGH_S, UNSETTLED_S, Pace


def looked(pace: Pace, now_s: float, *, cost_s: float = 0.001, unsettled: bool = False) -> None:
    pace.has_looked(cost_s, now_s, unsettled=unsettled)


def test_a_quiet_host_is_looked_at_thoroughly_now_and_then() -> None:
    pace = Pace()
    assert pace.is_due(0.0, lambda: 1)
    looked(pace, 0.0)
    assert pace.wait_s(0.0) == GLIMPSE_S
    assert not pace.is_due(GLIMPSE_S / 2, lambda: 2)
    assert not pace.is_due(GLIMPSE_S, lambda: 1)
    assert pace.is_due(THOROUGH_S, lambda: 1)


def test_what_moves_is_looked_at_at_once() -> None:
    pace = Pace()
    pace.is_due(0.0, lambda: 1)
    looked(pace, 0.0)
    assert pace.is_due(GLIMPSE_S, lambda: 2)
    looked(pace, GLIMPSE_S, unsettled=True)
    assert pace.wait_s(GLIMPSE_S) == pytest.approx(UNSETTLED_S)
    assert pace.has_moved(lambda: 2)
    looked(pace, 1.0)
    assert not pace.has_moved(lambda: 2)


def test_after_somebody_asked_it_is_looked_at_often_for_a_while() -> None:
    pace = Pace()
    pace.is_due(0.0, lambda: 1)
    looked(pace, 0.0)
    pace.hurry()
    assert pace.wait_s(0.0) == 0
    assert pace.is_due(0.0, lambda: 1)
    looked(pace, 0.0)
    assert pace.is_due(UNSETTLED_S, lambda: 1)
    assert not pace.is_due(10.5, lambda: 1) or pace.thorough_at_s <= 10.5


def test_looking_takes_a_twentieth_of_the_time_at_most() -> None:
    pace = Pace()
    looked(pace, 0.0, cost_s=0.1, unsettled=True)
    assert pace.wait_s(0.0) == 2.0


def test_what_falls_due_is_not_missed() -> None:
    pace = Pace()
    pace.is_due(0.0, lambda: 1)
    pace.has_looked(0.001, 0.0, unsettled=False, due_at_s=1.0)
    assert not pace.is_due(0.5, lambda: 1)
    assert pace.is_due(1.0, lambda: 1)
