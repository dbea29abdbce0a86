import pytest
from hypothesis import given
from hypothesis import strategies as st
from wsproto.frame_protocol import FrameProtocol, Opcode

from hitless.sandbox.world.servers.websocket import WebSocketEcho
from tests.sandbox.world.fakes import FakeSink


def connect() -> FakeSink:
    sink = FakeSink()
    sink.layer = WebSocketEcho(sink)
    return sink


@given(st.binary(max_size=70_000), st.integers(1, 5000))
def test_a_message_comes_back_as_another_implementation_reads_it(payload: bytes, cut: int) -> None:
    sink = connect()
    client = FrameProtocol(client=True, extensions=[])
    frame = bytes(client.send_data(payload, fin=True))
    for position in range(0, len(frame), cut):
        sink.layer.feed(frame[position : position + cut])
    client.receive_bytes(sink.sent)
    received = list(client.received_frames())
    assert {f.opcode for f in received} == {Opcode.BINARY}
    assert b"".join(f.payload for f in received if isinstance(f.payload, bytes | bytearray)) == payload


def test_ping_close_and_pong() -> None:
    sink = connect()
    client = FrameProtocol(client=True, extensions=[])
    sink.layer.feed(bytes(client.ping(b"p") + client.pong(b"unasked")))
    assert sink.take() == b"\x8a\x01p"
    sink.layer.feed(bytes(client.close(1000, "bye")))
    assert sink.take() == b"\x88\x05\x03\xe8bye"
    assert sink.closed


@pytest.mark.parametrize(
    ("frame", "code"),
    [(b"\x81\x01a", 1002), (b"\x83\x80\0\0\0\0", 1002), (b"\x82\xff\0\0\0\0\0\x20\0\0\0\0\0\0", 1009)],
    ids=["unmasked", "unknown opcode", "too big"],
)
def test_a_bad_frame_ends_it(frame: bytes, code: int) -> None:
    sink = connect()
    sink.layer.feed(frame)
    assert sink.sent == b"\x88\x02" + code.to_bytes(2)
    assert sink.closed


@given(st.binary(max_size=64))
def test_any_bytes_are_survived(data: bytes) -> None:
    sink = connect()
    sink.layer.feed(data)
    sink.layer.end()
