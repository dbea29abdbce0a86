import socket

import pytest

from hitless.sandbox.world.records import WorldPlan
from hitless.sandbox.world.servers.dns import _BATCH, DnsStream, answer_datagrams
from hitless.sandbox.world.servers.dns_wire import DnsAnswerer
from tests.sandbox.world.fakes import FakeSink

QUERY = b"\0\x07\1\0\0\1\0\0\0\0\0\0\3app\0\0\1\0\1"
ANSWERER = DnsAnswerer(WorldPlan())
ANSWER = ANSWERER.answer(QUERY)
assert ANSWER is not None
FRAMED_QUERY, FRAMED_ANSWER = (len(m).to_bytes(2) + m for m in (QUERY, ANSWER))


@pytest.fixture
def receiver() -> socket.socket:
    opened = socket.socket(type=socket.SOCK_DGRAM)
    opened.bind(("127.0.0.1", 0))
    opened.settimeout(0)
    return opened


def test_each_datagram_is_answered_to_its_sender(receiver: socket.socket) -> None:
    with receiver, socket.socket(type=socket.SOCK_DGRAM) as one, socket.socket(type=socket.SOCK_DGRAM) as two:
        for client in (one, two):
            client.settimeout(30)
            client.connect(receiver.getsockname())
        one.send(QUERY)
        two.send(b"no query")
        two.send(QUERY)
        answer_datagrams(receiver, ANSWERER)
        assert (one.recv(4096), two.recv(4096)) == (ANSWER, ANSWER)


def test_a_client_that_has_gone_holds_up_nobody(receiver: socket.socket) -> None:
    with receiver, socket.socket(type=socket.SOCK_DGRAM) as client:
        with socket.socket(type=socket.SOCK_DGRAM) as gone:
            gone.sendto(QUERY, receiver.getsockname())
        client.settimeout(30)
        client.connect(receiver.getsockname())
        client.send(QUERY)
        answer_datagrams(receiver, ANSWERER)
        assert client.recv(4096) == ANSWER


def test_many_datagrams_are_answered_a_batch_at_a_time(receiver: socket.socket) -> None:
    with receiver, socket.socket(type=socket.SOCK_DGRAM) as client:
        client.connect(receiver.getsockname())
        client.settimeout(0)
        for _ in range(_BATCH + 1):
            client.send(QUERY)
        answer_datagrams(receiver, ANSWERER)
        assert [client.recv(4096) for _ in range(_BATCH)] == [ANSWER] * _BATCH
        with pytest.raises(BlockingIOError):
            client.recv(4096)
        answer_datagrams(receiver, ANSWERER)
        assert client.recv(4096) == ANSWER


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_queries_over_tcp_come_in_any_pieces(size: int) -> None:
    sink = FakeSink()
    stream = DnsStream(sink, ANSWERER)
    data = FRAMED_QUERY * 2 + b"\0\x05short" + FRAMED_QUERY
    for position in range(0, len(data), size):
        stream.feed(data[position : position + size])
    assert sink.sent == FRAMED_ANSWER * 3
    stream.end()
    assert sink.closed


def test_who_takes_no_answers_may_ask_no_more() -> None:
    sink = FakeSink(room_bytes=len(FRAMED_ANSWER))
    stream = DnsStream(sink, ANSWERER)
    paused = []
    for _ in range(2):
        stream.feed(FRAMED_QUERY)
        paused.append(sink.paused)
    assert paused == [False, True]
    sink.take()
    stream.drained()
    assert not sink.paused
