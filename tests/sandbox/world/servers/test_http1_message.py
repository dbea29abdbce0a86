import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitless.sandbox.world.servers.http1_message import BadMessage, ChunkedBody, parse_head


def test_what_a_head_says() -> None:
    head = parse_head(
        b"POST /a?b HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n"
        b"Content-Length: 12\r\nExpect: 100-Continue\r\nSec-WebSocket-Key: k\r\nX-Hitless: status=500"
    )
    assert head == (b"POST", b"/a?b", False, True, 12, True, b"websocket", b"k", b"status=500")


@pytest.mark.parametrize(
    ("connection", "version", "stays"),
    [
        (b"x: y", b"1.1", True),
        (b"Connection: close", b"1.1", False),
        (b"x: y", b"1.0", False),
        (b"Connection: Keep-Alive", b"1.0", True),
    ],
)
def test_whether_the_connection_stays(connection: bytes, version: bytes, stays: bool) -> None:  # noqa: FBT001 - a case
    assert parse_head(b"GET / HTTP/" + version + b"\r\n" + connection).keep_alive is stays


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"GET /",
        b"GET / HTTP/2.0",
        b"GET / HTTP/1.1\r\nno colon",
        b"GET / HTTP/1.1\r\nContent-Length: -1",
        b"GET / HTTP/1.1\r\nContent-Length: 9999999999999999999",
        b"GET / HTTP/1.1\r\nTransfer-Encoding: gzip",
    ],
)
def test_no_request(head: bytes) -> None:
    with pytest.raises(BadMessage):
        parse_head(head)


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=6), st.integers(1, 7))
def test_chunked_bodies_end_where_they_end_however_they_are_cut(chunks: list[bytes], step: int) -> None:
    body = b"".join(b"%x;e=1\r\n%b\r\n" % (len(c), c) for c in chunks) + b"0\r\nTrailer: x\r\n\r\n"
    data = body + b"GET"
    reader = ChunkedBody()
    rest = None
    position = 0
    while rest is None:
        assert position < len(data)
        rest = reader.feed(data[position : position + step])
        position += step
    assert rest + data[position:] == b"GET"


@pytest.mark.parametrize("data", [b"zz\r\n", b"-1\r\n", b"1" * 5000, b"ffffffffffffffffffff\r\n"])
def test_no_chunked_body(data: bytes) -> None:
    with pytest.raises(BadMessage):
        ChunkedBody().feed(data)
