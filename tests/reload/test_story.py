import pytest

from hitless.records import Event, EventKind
from hitless.reload.story import Story


def test_phases_are_recorded_also_where_they_fail() -> None:
    story = Story()
    with story.phase("look"):
        pass
    with pytest.raises(ValueError, match="no"), story.phase("preflight", "all of it"):
        raise ValueError("no")
    assert [(p.name, p.detail) for p in story.phases] == [("look", ""), ("preflight", "all of it")]
    assert all(p.start_ns >= 0 and p.duration_ns >= 0 for p in story.phases)


def test_moments_of_the_takeover_stand_among_them_in_order() -> None:
    story = Story()
    with story.phase("trigger"):
        story.triggered_ns = story.started_ns
    event = Event(t_ns=story.started_ns + 5_000_000_000, kind=EventKind.LISTENERS_OWNED, pid=7)
    story.emit(event)
    last = story.seen()[-1]
    assert last.name == "new process holds every listening socket"
    assert last.detail == "pid 7, 5000 ms after the trigger"


def test_without_a_trigger_there_are_no_moments() -> None:
    story = Story()
    story.emit(Event(t_ns=1, kind=EventKind.PROCESS_EXIT))
    assert story.seen() == ()
