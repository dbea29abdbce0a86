"""Framing of HTTP/1.1 responses, whole and in pieces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitless.errors import LoadError
from hitless.load.http1 import ResponseReader, Violation, request_bytes
from hitless.records import Request

# The response, its status, whether the connection stays, whether it is complete without the end of the stream.
RESPONSES = [
    (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, True, True),
    (b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", 200, True, True),
    (b"HTTP/1.1 200\r\nContent-Length: 2, 2\r\n\r\nok", 200, True, True),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: Close\r\n\r\nok", 200, False, True),
    (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, False, True),
    (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok", 200, True, True),
    (b"HTTP/1.1 204 No Content\r\n\r\n", 204, True, True),
    (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n", 304, True, True),
    (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, True, True),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 200, True, True),
    (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nA;x=y\r\n0123456789\r\n0\r\nT: v\r\n\r\n",
        200,
        True,
        True,
    ),
    (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
        200,
        True,
        True,
    ),
    (b"HTTP/1.1 200 OK\r\n\r\nto the end", 200, False, False),
    (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n", 101, True, True),
]


@pytest.mark.parametrize(("data", "status", "keep_alive", "complete"), RESPONSES)
@pytest.mark.parametrize("piece", [1, 7, 1000])
def test_framing(data: bytes, status: int, keep_alive: bool, complete: bool, piece: int) -> None:  # noqa: FBT001 - a table's columns
    reader = ResponseReader()
    for start in range(0, len(data), piece):
        assert not reader.complete
        assert reader.feed(data[start : start + piece]) == b""
    assert (reader.status, reader.keep_alive, reader.complete) == (status, keep_alive, complete)
    assert reader.end_of_stream()


def test_the_answer_to_head_has_no_body() -> None:
    reader = ResponseReader(head_only=True)
    assert reader.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n") == b""
    assert reader.complete


def test_what_follows_is_given_back_and_the_reader_starts_anew() -> None:
    reader = ResponseReader()
    assert reader.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 408 ") == b"HTTP/1.1 408 "
    reader.reset()
    assert not reader.end_of_stream()
    assert reader.status == 0


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-x\r\n",
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nbroken\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n folded: no\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9999999999999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1" * 2000,
        b"HTTP/1.1 200 OK\r\n" + b"x" * 70_000,
    ],
)
def test_violations(data: bytes) -> None:
    with pytest.raises(Violation):
        ResponseReader().feed(data)


@given(st.lists(st.binary(max_size=60), max_size=10))
def test_no_bytes_do_worse_than_a_violation(pieces: list[bytes]) -> None:
    reader = ResponseReader()
    try:
        for piece in [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", *pieces]:
            reader.feed(piece)
    except Violation:
        return
    assert reader.status == 200


def test_request_bytes() -> None:
    request = Request(path="/x?y", headers=(("X-A", "1"),))
    head = request_bytes(request, "h:80", extra=(("Connection", "close"),)).split(b"\r\n")
    assert head[0] == b"GET /x?y HTTP/1.1"
    assert head[1] == b"Host: h:80"
    assert head[2].startswith(b"User-Agent: hitless/")
    assert head[3:] == [b"X-A: 1", b"Connection: close", b"", b""]


def test_a_given_host_and_user_agent_stand_alone() -> None:
    head = request_bytes(Request(headers=(("host", "mine"), ("USER-AGENT", "me"))), "h")
    assert head == b"GET / HTTP/1.1\r\nhost: mine\r\nUSER-AGENT: me\r\n\r\n"
    assert b"Host: named\r\n" in request_bytes(Request(host="named"), "h")


@pytest.mark.parametrize(
    "request_",
    [
        Request(path="/a b"),
        Request(path=""),
        Request(method="GET /"),
        Request(headers=(("X", "a\r\nY: b"),)),
        Request(headers=(("X Y", "a"),)),
    ],
)
def test_what_cannot_be_sent_is_refused(request_: Request) -> None:
    with pytest.raises(LoadError):
        request_bytes(request_, "h")
