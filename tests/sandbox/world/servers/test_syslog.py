import socket
import tempfile

import msgspec

from hitless.clock import now_ns
from hitless.records import Event, EventKind
from hitless.sandbox.world.servers.events import EventWriter
from hitless.sandbox.world.servers.syslog import _BATCH, SyslogStream, receive_lines
from tests.sandbox.world.fakes import FakeSink


class Written:
    """An event writer, and what it wrote."""

    def __init__(self) -> None:
        self.sink = FakeSink()
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed in `events`
        self.writer = EventWriter(self._file.fileno(), self.sink.loop)

    def events(self) -> list[Event]:
        self.writer.close()
        with self._file as file:
            file.seek(0)
            return [msgspec.json.decode(line, type=Event) for line in file]


def test_each_datagram_is_a_log_line_of_its_sender_and_its_moment() -> None:
    written = Written()
    before_ns = now_ns()
    receiver, sender = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with receiver, sender:
        receiver.settimeout(0)
        sender.send(b"<6>Nov 22 19:00:00 haproxy[42]: one\n")
        sender.send(b"")
        sender.send(b"\xff\x00")
        receive_lines(receiver, written.writer)
    after_ns = now_ns()
    first, *rest = written.events()
    assert (first.kind, first.pid) == (EventKind.LOG_LINE, 42)
    assert first.text == "<6>Nov 22 19:00:00 haproxy[42]: one"
    assert before_ns <= first.t_ns <= after_ns
    assert [event.pid for event in rest] == [0, 0]


def test_a_flood_is_taken_a_batch_at_a_time() -> None:
    written = Written()
    with socket.socket(type=socket.SOCK_DGRAM) as receiver, socket.socket(type=socket.SOCK_DGRAM) as sender:
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(0)
        for _ in range(_BATCH + 3):
            sender.sendto(b"line", receiver.getsockname())
        receive_lines(receiver, written.writer)
        assert receiver.recv(10) == b"line"  # left for the next turn
    assert len(written.events()) == _BATCH


def test_lines_over_tcp_and_the_one_that_is_cut_off() -> None:
    written = Written()
    stream = SyslogStream(written.sink, written.writer)
    for piece in (b"<6>haproxy[1]: on", b"e\n<6>haproxy[2]: two\n<6>hap", b"roxy[3]: three"):
        stream.feed(piece)
    stream.end()
    assert written.sink.closed
    assert [(event.pid, event.text.rpartition(" ")[2]) for event in written.events()] == [
        (1, "one"),
        (2, "two"),
        (3, "three"),
    ]
