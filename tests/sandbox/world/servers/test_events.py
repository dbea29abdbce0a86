import os
import tempfile
import threading
from typing import cast

import msgspec

from hitless.records import Event, EventKind
from hitless.sandbox.world.servers.events import EventWriter
from tests.sandbox.world.fakes import FakeLoop, FakeSink

LINE = Event(t_ns=1, kind=EventKind.LOG_LINE, pid=7, text="x" * 1000)


def test_events_are_json_lines_in_order() -> None:
    sink = FakeSink()
    with tempfile.TemporaryFile() as file:
        writer = EventWriter(file.fileno(), sink.loop)
        for number in range(200):
            writer.write(Event(t_ns=number, kind=EventKind.LOG_LINE, text="\u2028\n\x00"))
        sink.fake_loop.advance(0.1)
        writer.close()
        file.seek(0)
        found = [msgspec.json.decode(line, type=Event) for line in file]
    assert [event.t_ns for event in found] == list(range(200))
    assert found[0].text == "\u2028\n\x00"


class PipeLoop(FakeLoop):
    """Remembers who waits for the pipe."""

    waiting: object = None

    def add_writer(self, _descriptor: int, callback: object) -> None:
        self.waiting = callback

    def remove_writer(self, _descriptor: int) -> None:
        self.waiting = None


def test_a_slow_reader_costs_lines_that_are_counted() -> None:
    loop = PipeLoop()
    read_end, write_end = os.pipe()
    writer = EventWriter(write_end, cast("FakeLoop", loop), most_bytes=200_000)  # type: ignore[arg-type] # a fake
    for _ in range(1000):
        writer.write(LINE)
    assert loop.waiting
    assert 600 < writer.dropped < 800
    received: list[bytes] = []

    def read_all() -> None:
        with os.fdopen(read_end, "rb") as reader:
            received.extend(reader)

    thread = threading.Thread(target=read_all)
    thread.start()
    writer.close()
    os.close(write_end)
    thread.join()
    events = [msgspec.json.decode(line, type=Event) for line in received]
    assert events[-1].kind is EventKind.NOTE
    assert events[-1].number == writer.dropped
    assert len(events) == 1000 - writer.dropped + 1
