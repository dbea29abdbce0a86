import pytest

from hitless.explain.analysis.log_causes import name_log_causes
from hitless.explain.analysis.view import View
from hitless.explanations import Counting, EndingCount, Role, TrafficCount
from hitless.logged import ChangeKind
from tests.explain.analysis.views import SECOND, change, ending, view

K = ChangeKind


def codes(seen: View) -> list[tuple[str, int]]:
    return [(cause.code, cause.victims) for cause in name_log_causes(seen)]


def test_a_restart_refuses_for_as_long_as_nobody_is_there() -> None:
    seen = view(K.RESTART, change=change(K.RESTART, unserved_ns=2 * SECOND), accepts_per_s=50.0)
    assert codes(seen) == [("HL101", 100)]
    (cause,) = name_log_causes(seen)
    assert cause.counting is Counting.ESTIMATED
    assert codes(view(K.RESTART)) == [("HL101", 0)]


def test_a_failed_bind_is_another_failure_than_a_refused_configuration() -> None:
    paused = change(K.FAILED_RELOAD, refused_ns=2 * SECOND)
    assert codes(view(K.FAILED_RELOAD, change=paused, accepts_per_s=10.0)) == [("HL401", 20)]
    unbound = change(K.FAILED_RELOAD, reason="Starting frontend web: cannot bind socket")
    assert codes(view(K.FAILED_RELOAD, change=unbound)) == [("HL401", 0)]
    assert codes(view(K.FAILED_RELOAD)) == [("HL102", 0)]


def test_a_hard_stop_cuts_what_it_says_or_more() -> None:
    said = change(K.HARD_STOP, cut_connections=7)
    killed = ending(Role.OLD, "KD", 5, status=-1)
    assert codes(view(K.HARD_STOP, killed, change=said)) == [("HL201", 7)]
    (cause,) = name_log_causes(view(K.HARD_STOP, killed, change=said))
    assert cause.counting is Counting.AT_LEAST
    assert codes(view(K.HARD_STOP)) == []


@pytest.mark.parametrize(
    ("endings", "expected"),
    [
        ([ending(Role.OLD, "KH--", 4)], [("HL201", 4)]),
        ([ending(Role.OLD, "cR--", 4, status=408)], [("HL503", 4)]),
        ([ending(Role.OLD, "cR--", 4, status=-1)], []),
        ([ending(Role.NEW, "SC--", 4)], [("HL801", 4)]),
        ([ending(Role.OTHER, "RC--", 4)], [("HL210", 4)]),
        ([ending(Role.OTHER, "SH--", 4)], []),
    ],
)
def test_causes_of_a_reload(endings: list[EndingCount], expected: list[tuple[str, int]]) -> None:
    assert codes(view(K.RELOAD, *endings)) == expected


def test_what_fails_for_the_new_process_too_is_no_frozen_list() -> None:
    old = ending(Role.OLD, "SC--", 10)
    fine = TrafficCount(lines=500)
    assert codes(view(K.RELOAD, old, new_lines=fine)) == [("HL205", 10)]
    down = ending(Role.NEW, "SC--", 500)
    assert ("HL205", 10) not in codes(view(K.RELOAD, old, down, new_lines=fine))
