import signal

from hypothesis import given
from hypothesis import strategies as st

from hitless.reload.start_state import StartState


def state(*messages: str, daemon: bool = False) -> StartState:
    found = StartState(daemon)
    for message in messages:
        found.take(message)
    return found


def test_the_foreground() -> None:
    found = state()
    assert (found.pids, found.exit_status, found.over, found.bound) == ((), None, False, False)
    found.take("pid 12")
    assert found.pids == (12,)
    found.take("bound")
    assert found.bound
    ended = state("pid 12", "bound", f"ended 12 {signal.SIGKILL.value}")
    assert (ended.pids, ended.exit_status, ended.over) == ((), -9, True)


def test_a_status_is_as_waitpid_gives_it() -> None:
    assert state("pid 12", "ended 12 256").exit_status == 1
    assert state("pid 12", "ended 12 0").exit_status == 0


def test_the_background_is_what_is_left() -> None:
    found = state("pid 12", "bound", daemon=True)
    assert (found.pids, found.waits_for_background) == ((), False)
    found.take("ended 12 0")
    assert found.waits_for_background
    assert (found.exit_status, found.over) == (None, False)
    found.background = frozenset({13, 14})
    assert (found.pids, found.waits_for_background, found.over) == ((13, 14), False, False)
    found.take("ended 13 256")
    assert (found.pids, found.over) == ((14,), False)
    found.take("ended 14 512")
    assert not found.over  # something that was not seen may live
    found.take("childless")
    assert (found.pids, found.exit_status, found.over) == ((), 2, True)


def test_a_background_that_has_died_before_it_was_looked_at() -> None:
    found = state("pid 12", "bound", "ended 12 0", daemon=True)
    found.background = frozenset()
    assert (found.exit_status, found.over) == (None, False)
    found.take("ended 13 256")
    found.take("childless")
    assert (found.exit_status, found.over) == (1, True)


def test_the_start_of_the_background_fails() -> None:
    assert state("pid 12", "ended 12 256", daemon=True).exit_status == 1
    found = state("pid 12", "ended 12 0", "childless", daemon=True)
    assert not found.waits_for_background
    assert (found.exit_status, found.over) == (0, True)


def test_notes_and_failures() -> None:
    found = state("note a limit", "paused", "what is this", "failed", "pid x", "ended 1")
    assert found.notes == ["a limit", "what is this", "pid x", "ended 1"]
    assert found.paused
    assert found.failed
    assert found.over


@given(st.lists(st.text(max_size=30), max_size=10))
def test_any_words_can_be_said(messages: list[str]) -> None:
    found = state(*messages)
    assert found.pids == ((found.pid,) if found.pid and found.pid not in found.ended else ())
