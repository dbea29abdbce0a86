import pytest

from hitless.explain.detect.lives import Life
from hitless.explain.detect.succession import Succession
from hitless.explain.detect.verdicts import Said, earliest_stop, is_crash, judge_succession
from hitless.logged import Certainty, ChangeKind, ServiceKind
from tests.explain.detect.histories import History, at


def life(pid: int, first: float, last: float, **more: object) -> Life:
    found = Life(
        "lb1", "haproxy", pid, first_accept=at(first), last_accept=at(last), last_line=at(last), lines=9
    )
    for name, value in more.items():
        setattr(found, name, value)
    return found


@pytest.mark.parametrize(
    ("code", "current", "stopped", "crash"),
    [
        (139, True, False, True),
        (143, True, False, False),
        (0, True, False, False),
        (139, False, False, False),
        (139, True, True, False),
    ],
)
def test_what_a_crash_is(code: int, *, current: bool, stopped: bool, crash: bool) -> None:
    one = life(
        1, 0, 5, exited=at(5), exit_code=code, current_at_exit=current, stop_asked=at(4) if stopped else None
    )
    assert is_crash(one) == crash
    assert not is_crash(life(1, 0, 5))


def test_messages_of_the_service_near_a_moment() -> None:
    history = History()
    history.manage(1, ServiceKind.STOPPING)
    history.manage(5, ServiceKind.RELOADING)
    said = Said(history.services)
    assert said.near(at(6), ServiceKind.RELOADING) is not None
    assert said.near(at(4), ServiceKind.RELOADING) is None
    assert said.near(at(600), ServiceKind.RELOADING) is None
    assert said.near(at(600), ServiceKind.RELOADING, before_ns=1000 * 10**9) is not None
    assert said.near(at(6), ServiceKind.STOPPING, ServiceKind.RELOADING) is history.services[1]
    assert said.near(at(6), ServiceKind.STOPPING, after=at(2)) is None


def test_the_first_processes_of_a_log_are_no_event() -> None:
    assert judge_succession(Succession([life(1, 0, 5)]), Said()) is None


def test_another_master_is_a_restart() -> None:
    from hitless.explain.detect.attempts import Attempt

    succession = Succession(
        [life(2, 6, 9)], [life(1, 0, 5)], attempt=Attempt(7, at(5.9), reload=False, new_pids=[2])
    )
    change = judge_succession(succession, Said())
    assert change is not None
    assert (change.kind, change.certainty, change.master) == (ChangeKind.RESTART, Certainty.SHOWN, 7)


def test_the_earliest_stop() -> None:
    assert earliest_stop(
        [life(1, 0, 5), life(2, 0, 5, stop_asked=at(4)), life(3, 0, 5, stop_asked=at(3))]
    ) == at(3)
    assert earliest_stop([]) is None
