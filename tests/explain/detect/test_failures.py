import pytest

from hitless.explain.detect.attempts import read_attempts
from hitless.explain.detect.failures import failed_reloads, refused_by_check
from hitless.logged import Change, ChangeKind, ServiceKind
from tests.explain.detect.histories import History, offset_s


def failures(history: History) -> list[Change]:
    return failed_reloads(read_attempts(history.own), history.own, {100})


def test_a_pause_belongs_to_the_attempt_it_happened_in() -> None:
    history = History()
    history.say(0, 1, "Reloading HAProxy")
    history.say(0.1, 100, "Paused frontend web.")
    history.say(0.1, 100, "Paused frontend api.")
    history.say(2.2, 1, "Loading failure!")
    history.say(2.3, 100, "Resumed frontend web.")
    history.say(20, 100, "Paused frontend web.")
    history.say(22, 100, "Resumed frontend web.")
    first, second = failures(history)
    assert [offset_s(first.at), offset_s(second.at)] == [0, 20]
    assert [first.refused_ns, second.refused_ns] == pytest.approx([2.2e9, 2e9])
    assert first.kind is second.kind is ChangeKind.FAILED_RELOAD


def test_a_pause_that_goes_on() -> None:
    history = History()
    history.say(0, 100, "Paused frontend web.")
    (change,) = failures(history)
    assert change.refused_ns == 0
    assert change.until is None


def test_pauses_of_other_services_are_theirs() -> None:
    history = History()
    history.say(0, 200, "Paused frontend web.")
    assert failures(history) == []


def test_the_service_manager_gave_up() -> None:
    history = History()
    history.manage(0, ServiceKind.RELOADING, "Reloading")
    history.manage(1, ServiceKind.RELOAD_FAILED, "Reload failed")
    history.manage(900, ServiceKind.RELOAD_FAILED, "Reload failed again")
    first, second = refused_by_check(history.services, [])
    assert (offset_s(first.at), first.reason) == (0, "Reload failed")
    assert (offset_s(second.at), second.reason) == (900, "Reload failed again")
    assert list(refused_by_check(history.services, [first, second])) == []
