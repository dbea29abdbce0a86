from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, Event, ResponseReceived, SettingsAcknowledged, StreamEnded, StreamReset

from hitless.sandbox.world.servers.http2 import Http2
from hitless.sandbox.world.servers.serving import Serving
from tests.sandbox.world.fakes import ENDPOINT, GREETING, FakeSink

REQUEST = [(":method", "GET"), (":scheme", "http"), (":authority", "x"), (":path", "/")]


class Client:
    """An HTTP/2 client on a fake connection."""

    def __init__(self) -> None:
        self.sink = FakeSink()
        self.sink.layer = Http2(self.sink, Serving(ENDPOINT, None))
        self.h2 = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
        self.h2.initiate_connection()
        self.exchange()

    def exchange(self) -> list[Event]:
        """Send what is to be sent; return what comes."""
        self.sink.layer.feed(self.h2.data_to_send())
        return list(self.h2.receive_data(self.sink.take()))

    def request(self, wish: str = "", *, method: str = "GET") -> int:
        number: int = self.h2.get_next_available_stream_id()
        headers = [*REQUEST[1:], ("x-hitless", wish)] if wish else REQUEST[1:]
        self.h2.send_headers(number, [(":method", method), *headers], end_stream=True)
        return number


def bodies(events: list[Event]) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    for event in events:
        if isinstance(event, DataReceived):
            found[event.stream_id] = found.get(event.stream_id, b"") + event.data
    return found


def test_streams_are_answered_independently() -> None:
    client = Client()
    slow, fast, head = client.request("delay-ms=100"), client.request(), client.request(method="HEAD")
    events = client.exchange()
    assert bodies(events) == {fast: GREETING, head: b""}
    assert {e.stream_id for e in events if isinstance(e, StreamEnded)} == {fast, head}
    client.sink.fake_loop.advance(0.2)
    assert bodies(client.exchange()) == {slow: GREETING}


def test_a_large_body_keeps_to_the_window() -> None:
    client = Client()
    number = client.request("size-bytes=200000; status=203")
    received = b""
    ended = False
    rounds = 0
    while not ended:
        events = client.exchange()
        for event in events:
            if isinstance(event, DataReceived):
                client.h2.acknowledge_received_data(event.flow_controlled_length, number)
        received += bodies(events).get(number, b"")
        ended = any(isinstance(e, StreamEnded) for e in events)
        rounds += 1
    assert len(received) == 200_000
    assert rounds > 2


def test_an_upload_is_read_and_answered_at_its_end() -> None:
    client = Client()
    number = client.h2.get_next_available_stream_id()
    client.h2.send_headers(number, [(":method", "POST"), *REQUEST[1:]])
    for _ in range(8):
        client.h2.send_data(number, b"x" * 16_000)
        assert bodies(client.exchange()) == {}
    client.h2.end_stream(number)
    assert bodies(client.exchange()) == {number: GREETING}


def test_a_stream_that_is_reset_is_not_answered() -> None:
    client = Client()
    number = client.request("delay-ms=100")
    client.exchange()
    client.h2.reset_stream(number)
    client.exchange()
    client.sink.fake_loop.advance(1)
    assert client.exchange() == []


def test_a_websocket_by_extended_connect() -> None:
    client = Client()
    assert client.h2.remote_settings.enable_connect_protocol == 1
    number = client.h2.get_next_available_stream_id()
    client.h2.send_headers(number, [(":method", "CONNECT"), (":protocol", "websocket"), *REQUEST[1:]])
    client.h2.send_data(number, b"\x81\x82\0\0\0\0hi")
    events = client.exchange()
    assert any(isinstance(e, ResponseReceived) for e in events)
    assert bodies(events) == {number: b"\x81\x02hi"}
    client.h2.send_data(number, b"\x88\x80\0\0\0\0")
    assert any(isinstance(e, StreamEnded) for e in client.exchange())


def test_a_websocket_that_sends_and_never_reads_is_reset() -> None:
    client = Client()
    number = client.h2.get_next_available_stream_id()
    client.h2.send_headers(number, [(":method", "CONNECT"), (":protocol", "websocket"), *REQUEST[1:]])
    frame = b"\x82\xfe\x27\x10\0\0\0\0" + bytes(10_000)
    reset = False
    for _ in range(200):
        client.h2.send_data(number, frame)
        reset = any(isinstance(e, StreamReset) for e in client.exchange())
        if reset:
            break
    assert reset


def test_nonsense_ends_the_connection_with_a_reason() -> None:
    client = Client()
    client.sink.layer.feed(b"\0\0\x01\x00\0\0\0\0\0x")
    assert client.sink.closed
    assert client.sink.sent[3] == 7  # GOAWAY


def test_settings_are_acknowledged() -> None:
    client = Client()
    client.h2.update_settings({4: 100_000})
    assert any(isinstance(e, SettingsAcknowledged) for e in client.exchange())
