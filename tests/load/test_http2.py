"""HTTP/2 framing, against hand-made frames and against the h2 library as the server."""

import struct

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import RequestReceived
from hypothesis import given
from hypothesis import strategies as st

from hitless.errors import LoadError
from hitless.load.http1 import Violation
from hitless.load.http2 import NO_GOAWAY, Http2Client, StreamEvent, What, encode_request

BLOCK = encode_request("GET", "https", "example.test", "/", (("X-Hitless", "delay-ms=1"),))


def frame(kind: int, flags: int, stream_id: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream_id.to_bytes(4, "big") + payload


def server() -> H2Connection:
    connection = H2Connection(H2Configuration(client_side=False))
    connection.initiate_connection()
    return connection


def test_a_real_server_understands_several_requests_and_is_understood() -> None:
    peer, client = server(), Http2Client()
    first, first_bytes = client.request(BLOCK)
    second, second_bytes = client.request(BLOCK)
    events = peer.receive_data(client.to_send + first_bytes + second_bytes)
    requests = [event for event in events if isinstance(event, RequestReceived)]
    assert [event.stream_id for event in requests] == [first, second] == [1, 3]
    assert (b"x-hitless", b"delay-ms=1") in (requests[1].headers or ())

    client.to_send = b""
    peer.send_headers(1, [(":status", "200"), ("server", "x")])
    peer.send_data(1, b"body", end_stream=True)
    peer.send_headers(3, [(":status", "404")], end_stream=True)
    answered = client.receive(peer.data_to_send())
    assert answered == [
        StreamEvent(What.HEADERS, 1, 200),
        StreamEvent(What.DATA, 1, 4),
        StreamEvent(What.END, 1),
        StreamEvent(What.HEADERS, 3, 404),
        StreamEvent(What.END, 3),
    ]
    peer.receive_data(client.to_send)  # the acknowledged settings are valid


def test_streams_go_on_after_goaway() -> None:
    client = Http2Client()
    client.request(BLOCK)
    goaway = frame(7, 0, 0, struct.pack("!II", 1, 0))
    status_200 = frame(1, 0x5, 1, b"\x88")  # :status 200 is entry 8 of the static table
    assert client.goaway_last == NO_GOAWAY
    assert client.receive(goaway + status_200) == [
        StreamEvent(What.GOAWAY, 1, 0),
        StreamEvent(What.HEADERS, 1, 200),
        StreamEvent(What.END, 1),
    ]
    assert client.goaway_last == 1


def test_informational_answers_trailers_padding_and_continuation() -> None:
    client = Http2Client()
    status_100 = frame(1, 0x4, 1, b"\x08\x03100")
    padded = frame(1, 0x8 | 0x20, 1, b"\x02" + b"\0\0\0\0\x10" + b"\x88" + b"\0\0")
    continuation = frame(9, 0x4, 1, b"")
    trailers = frame(1, 0x5, 1, b"\x00\x01a\x01b")
    events = client.receive(status_100 + padded + continuation + trailers)
    assert events == [StreamEvent(What.HEADERS, 1, 200), StreamEvent(What.END, 1)]


def test_resets_settings_and_pings() -> None:
    client = Http2Client()
    client.to_send = b""
    data = (
        frame(4, 0, 0, struct.pack("!HI", 3, 7)) + frame(6, 0, 0, b"12345678") + frame(3, 0, 5, b"\0\0\0\7")
    )
    assert client.receive(data) == [StreamEvent(What.RESET, 5, 7)]
    assert client.max_streams == 7
    assert client.to_send == frame(4, 1, 0, b"") + frame(6, 1, 0, b"12345678")


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        frame(7, 0, 0, b"short"),
        frame(3, 0, 1, b""),
        frame(5, 0x4, 1, b"\0\0\0\2"),
        frame(1, 0, 1, b"\x88") + frame(0, 0, 1, b"in between"),
        frame(9, 0x4, 1, b"\x88"),
        frame(1, 0x4, 1, b"\xff\xff\xff\xff\xff\xff\xff"),
        frame(1, 0x4, 1, b"\x00\x01a\x01b"),
    ],
)
def test_violations(data: bytes) -> None:
    with pytest.raises(Violation):
        Http2Client().receive(data)


@given(st.binary(max_size=200))
def test_no_bytes_do_worse_than_a_violation(data: bytes) -> None:
    client = Http2Client()
    try:
        client.receive(data)
    except Violation:
        return
    assert len(client._buffer) <= len(data)


def test_headers_too_large_for_one_frame() -> None:
    with pytest.raises(LoadError):
        encode_request("GET", "https", "h", "/", (("x", "~" * 20_000),))
