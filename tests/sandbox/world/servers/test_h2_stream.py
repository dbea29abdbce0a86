from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, Event, ResponseReceived, StreamEnded

from hitless.sandbox.world.servers.answer import Answer
from hitless.sandbox.world.servers.echo import Echo
from hitless.sandbox.world.servers.h2_stream import _MOST_PENDING_BYTES, H2Stream
from tests.sandbox.world.fakes import FakeSink

REQUEST = [(":method", "GET"), (":scheme", "http"), (":authority", "x"), (":path", "/")]
WINDOW_BYTES = 65_535
"""Both a stream's and a connection's first window (RFC 9113 section 6.9.2)."""


class Bed:
    """One open stream between a server's connection and a client's, carried by hand."""

    def __init__(self, room_bytes: int | None = None) -> None:
        self.client = H2Connection(H2Configuration(client_side=True))
        self.server = H2Connection(H2Configuration(client_side=False))
        self.client.initiate_connection()
        self.server.initiate_connection()
        self.client.send_headers(1, REQUEST)
        self.server.receive_data(self.client.data_to_send())
        self.sink = FakeSink(room_bytes=room_bytes)
        self.forgotten: list[int] = []
        self.flushes = 0
        self.stream = H2Stream(self, self.server, 1, self.sink)

    def flush(self) -> None:
        self.flushes += 1

    def forget(self, number: int) -> None:
        self.forgotten.append(number)

    def received(self) -> list[Event]:
        return list(self.client.receive_data(self.server.data_to_send()))

    def open_windows(self, size_bytes: int) -> None:
        self.client.increment_flow_control_window(size_bytes)
        self.client.increment_flow_control_window(size_bytes, 1)
        self.server.receive_data(self.client.data_to_send())


def body(events: list[Event]) -> bytes:
    return b"".join(event.data for event in events if isinstance(event, DataReceived))


def test_a_head_names_the_length_where_there_is_a_body() -> None:
    for length, expected in ((5, [(b"content-length", b"5")]), (0, []), (None, [])):
        bed = Bed()
        bed.stream.head(Answer(203, ((b"x-a", b"b"),), b"", length))
        (response,) = [e for e in bed.received() if isinstance(e, ResponseReceived)]
        assert response.headers == [(b":status", b"203"), (b"x-a", b"b"), *expected]


def test_what_the_window_does_not_take_waits_and_the_end_after_it() -> None:
    bed = Bed()
    bed.stream.head(Answer(200, (), b"", 100_000))
    bed.stream.data(b"x" * 100_000)
    bed.stream.finish()
    events = bed.received()
    assert len(body(events)) == WINDOW_BYTES
    assert (bed.stream.full, bed.forgotten) == (True, [])
    bed.open_windows(100_000)
    bed.stream.drained()
    events = bed.received()
    assert len(body(events)) == 100_000 - WINDOW_BYTES
    assert any(isinstance(event, StreamEnded) for event in events)
    assert (bed.stream.full, bed.forgotten) == (False, [1])
    bed.stream.drained()
    assert bed.forgotten == [1]


def test_a_full_connection_makes_the_stream_full() -> None:
    bed = Bed(room_bytes=3)
    full = [bed.stream.full]
    bed.sink.write(b"more")
    assert [*full, bed.stream.full] == [False, True]


def test_a_reset_stream_sends_nothing_more() -> None:
    bed = Bed()
    bed.stream.head(Answer(200, (), b"", 100_000))
    bed.stream.data(b"x" * 100_000)
    bed.received()
    bed.stream.cancel()
    bed.open_windows(100_000)
    bed.stream.drained()
    assert body(bed.received()) == b""


def test_a_tunnel_carries_its_layer_both_ways_and_ends_with_it() -> None:
    bed = Bed()
    bed.stream.accept(Echo(bed.stream))
    bed.stream.feed(b"over")
    bed.stream.end()
    events = bed.received()
    assert body(events) == b"over"
    assert any(isinstance(event, StreamEnded) for event in events)
    assert bed.forgotten == [1]
    assert bed.flushes


def test_a_tunnel_that_is_not_taken_overflows() -> None:
    bed = Bed()
    bed.stream.accept(Echo(bed.stream))
    overflows = []
    for size_bytes in (_MOST_PENDING_BYTES, WINDOW_BYTES + 1):
        bed.stream.feed(bytes(size_bytes))
        overflows.append(bed.stream.overflows)
    assert overflows == [False, True]
