"""The child's end: says, keeps, waits, and stops when hitless has gone."""

import stat
import time
from pathlib import Path

import pytest

from hitless.errors import Interrupted
from hitless.prove.channel import EVENTS_FILE
from hitless.prove.protocol import Progress, Tick
from hitless.records import Event, EventKind
from tests.prove.pipes import Pipes


def test_messages_come_in_order(tmp_path: Path) -> None:
    with Pipes(tmp_path) as pipes:
        pipes.channel.say(Progress(stage="load"))
        pipes.channel.say(Tick(attempts=1, failed=0))
        assert pipes.said() == [Progress(stage="load"), Tick(attempts=1, failed=0)]


def test_events_are_kept_privately(tmp_path: Path) -> None:
    with Pipes(tmp_path) as pipes:
        event = Event(t_ns=5, kind=EventKind.LOAD_START)
        pipes.channel.emit(event)
        assert pipes.events() == [event]
    assert stat.S_IMODE((tmp_path / EVENTS_FILE).stat().st_mode) == 0o600


def test_events_are_never_written_over_another_file(tmp_path: Path) -> None:
    (tmp_path / EVENTS_FILE).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileExistsError):
        Pipes(tmp_path)
    assert not (tmp_path / "elsewhere").exists()


def test_an_answer_ends_the_waiting(tmp_path: Path) -> None:
    with Pipes(tmp_path) as pipes:
        pipes.answer()
        assert pipes.channel.ask(Progress(stage="x"), timeout_s=10.0)
        assert not pipes.channel.ask(Progress(stage="x"), timeout_s=0.01)


def test_time_passes(tmp_path: Path) -> None:
    with Pipes(tmp_path) as pipes:
        start = time.monotonic()
        pipes.channel.wait(0.05)
        pipes.channel.check()
        pipes.channel.wait(-1.0)
        assert time.monotonic() - start >= 0.05


def test_the_child_stops_when_hitless_has_gone(tmp_path: Path) -> None:
    with Pipes(tmp_path) as pipes:
        pipes.hang_up()
        with pytest.raises(Interrupted):
            pipes.channel.wait(60.0)
        with pytest.raises(Interrupted):
            pipes.channel.check()
        with pytest.raises(Interrupted):
            pipes.channel.ask(Progress(stage="x"), timeout_s=60.0)
