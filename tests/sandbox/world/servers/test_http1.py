import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitless.sandbox.world.servers.http1 import Http1
from hitless.sandbox.world.servers.serving import Serving
from tests.sandbox.world.fakes import ENDPOINT, GREETING, FakeSink

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
RESPONSE = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 40\r\n\r\n" + GREETING


def connect(*, room_bytes: int | None = None) -> FakeSink:
    sink = FakeSink(room_bytes=room_bytes)
    sink.layer = Http1(sink, Serving(ENDPOINT, None))
    return sink


def wish(text: str, *, method: str = "GET", version: str = "1.1") -> bytes:
    return f"{method} / HTTP/{version}\r\nX-Hitless: {text}\r\n\r\n".encode()


def test_the_same_request_again_is_answered_the_same() -> None:
    sink = connect()
    for _ in range(3):
        sink.layer.feed(GET)
        assert sink.take() == RESPONSE
    assert not sink.closed


@given(st.lists(st.integers(1, 60), min_size=1))
def test_a_pipeline_is_answered_in_order_however_it_is_cut(cuts: list[int]) -> None:
    sink = connect()
    upload = b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n12345"
    chunked = b"PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    data = GET + upload + chunked + wish("delay-ms=50; status=201") + b"HEAD / HTTP/1.1\r\n\r\n" + GET
    while data:
        cut = cuts[len(data) % len(cuts)]
        sink.layer.feed(data[:cut])
        data = data[cut:]
    sink.fake_loop.advance(1)
    created = RESPONSE.replace(b"200 OK", b"201 Created")
    assert sink.sent == RESPONSE * 3 + created + RESPONSE.removesuffix(GREETING) + RESPONSE


def test_a_delay_is_kept_and_a_lost_connection_forgets_it() -> None:
    sink = connect()
    sink.layer.feed(wish("delay-ms=100"))
    sink.fake_loop.advance(0.09)
    assert sink.take() == b""
    sink.fake_loop.advance(0.02)
    assert sink.take() == RESPONSE
    sink.layer.feed(wish("delay-ms=100"))
    sink.layer.lost()
    sink.fake_loop.advance(1)
    assert sink.take() == b""


def test_a_stream_lasts_as_long_as_it_should() -> None:
    sink = connect()
    sink.layer.feed(wish("stream-ms=1000; chunk-ms=100; size=32"))
    assert b"transfer-encoding: chunked" in sink.sent
    sink.fake_loop.advance(0.5)
    assert b"0\r\n\r\n" not in sink.sent
    sink.fake_loop.advance(0.6)
    assert 9 <= sink.sent.count(b"20\r\ndata: ") <= 11
    assert sink.sent.endswith(b"\r\n0\r\n\r\n")


def test_a_stream_to_http10_ends_with_the_connection() -> None:
    sink = connect()
    sink.layer.feed(wish("stream-ms=100", version="1.0"))
    sink.fake_loop.advance(1)
    assert b"chunked" not in sink.sent
    assert sink.closed


def test_a_large_body_waits_for_room() -> None:
    sink = connect(room_bytes=100_000)
    sink.layer.feed(wish("size-bytes=1000000"))
    head, _, body = sink.take().partition(b"\r\n\r\n")
    assert b"content-length: 1000000" in head
    assert len(body) < 200_000
    received = len(body)
    while received < 1_000_000:
        sink.layer.drained()
        received += len(sink.take())
    assert received == 1_000_000
    sink.layer.feed(GET)
    assert sink.take() == RESPONSE


def test_continue_is_said_before_the_body() -> None:
    sink = connect()
    sink.layer.feed(b"POST / HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
    assert sink.take() == b"HTTP/1.1 100 Continue\r\n\r\n"
    sink.layer.feed(b"ab")
    assert sink.take() == RESPONSE


@pytest.mark.parametrize(
    "request_", [GET.replace(b"Host: x", b"Connection: close"), GET.replace(b"1.1", b"1.0")]
)
def test_the_connection_closes_where_the_client_wants_it(request_: bytes) -> None:
    sink = connect()
    sink.layer.feed(request_)
    assert sink.closed
    assert b"connection: close" in sink.sent


def test_the_end_of_the_client_ends_the_connection_once_it_is_answered() -> None:
    sink = connect()
    sink.layer.feed(wish("delay-ms=100") + GET)
    sink.layer.end()
    assert not sink.closed
    sink.fake_loop.advance(1)
    assert sink.sent == RESPONSE * 2
    assert sink.closed


@pytest.mark.parametrize(
    ("data", "status"), [(b"nonsense\r\n\r\n", b" 400 "), (b"GET / HTTP/1.1\r\na:" + b"x" * 70000, b" 431 ")]
)
def test_what_is_no_request_is_refused(data: bytes, status: bytes) -> None:
    sink = connect()
    sink.layer.feed(data)
    assert status in sink.sent
    assert sink.closed


def test_requests_behind_an_unanswered_one_are_not_taken_without_bound() -> None:
    sink = connect()
    sink.layer.feed(wish("delay-ms=100"))
    sink.layer.feed(GET * 4000)
    assert sink.paused
    sink.fake_loop.advance(1)
    assert sink.sent == RESPONSE * 4001
    assert not sink.paused


def test_the_memory_of_responses_is_bounded() -> None:
    serving = Serving(msgspec.structs.replace(ENDPOINT, label="x"), None)
    sink = FakeSink()
    sink.layer = Http1(sink, serving)
    for number in range(3000):
        sink.layer.feed(b"GET /%d HTTP/1.1\r\n\r\n" % number)
    assert len(serving.responses) <= 1024


def test_connect_opens_a_tunnel() -> None:
    sink = connect()
    sink.layer.feed(b"CONNECT a:1 HTTP/1.1\r\n\r\nbytes")
    assert sink.sent == b"HTTP/1.1 200 OK\r\n\r\nbytes"


def test_an_upgrade_becomes_a_websocket() -> None:
    sink = connect()
    key = b"dGhlIHNhbXBsZSBub25jZQ=="
    sink.layer.feed(
        b"GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: "
        + key
        + b"\r\n\r\n\x81\x81\0\0\0\0a"
    )
    # The key and its answer are the example of RFC 6455 section 1.3.
    assert b"sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in sink.sent
    assert sink.sent.endswith(b"\r\n\r\n\x81\x01a")


@given(st.lists(st.binary(max_size=200), max_size=5))
def test_any_bytes_are_survived(pieces: list[bytes]) -> None:
    sink = connect()
    for piece in pieces:
        if not sink.closed:
            sink.layer.feed(piece)
    sink.layer.end()
