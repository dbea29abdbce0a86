import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitless.control.errors import NotUnderstood
from hitless.control.fd_passing import (
    DESCRIPTORS_PER_MESSAGE,
    REQUEST,
    ListenerOption,
    Message,
    SocketRecord,
    SocketsReply,
    SocketsServer,
)

ACKNOWLEDGEMENT = struct.pack("=i", 0)
PLAIN = SocketRecord()


def all_messages(server: SocketsServer) -> list[Message]:
    messages = list(server.feed(REQUEST))
    while more := server.feed(ACKNOWLEDGEMENT):
        messages += more
    return messages


def reply_to(messages: list[Message]) -> SocketsReply:
    reply = SocketsReply()
    for message in messages:
        reply.feed(message.data, len(message.sockets))
    return reply


def test_a_record_is_two_names_and_options() -> None:
    record = SocketRecord("blue", "eth0", ListenerOption.FOREIGN | ListenerOption.V6_ONLY)
    assert record.encode() == b"\4blue\4eth0" + struct.pack("=i", 0x402)
    assert PLAIN.encode() == b"\0\0\0\0\0\0"


def test_names_are_the_systems_bytes() -> None:
    record = SocketRecord(b"n\xff".decode("utf-8", "surrogateescape"))
    (_, message) = SocketsServer([record]).feed(REQUEST)
    assert message.data.startswith(b"\2n\xff")
    assert reply_to([Message(struct.pack("=i", 1), range(0)), message]).records == (record,)


def test_a_name_that_does_not_fit_is_no_record() -> None:
    with pytest.raises(ValueError, match="256 bytes"):
        SocketRecord("n" * 256).encode()


def test_the_number_comes_first_then_the_sockets_in_messages_that_never_grow() -> None:
    messages = all_messages(SocketsServer([PLAIN] * 600))
    assert messages[0] == Message(struct.pack("=i", 600), range(0))
    assert [len(m.sockets) for m in messages[1:]] == [252, 252, 96]
    assert [m.sockets.start for m in messages[1:]] == [0, 252, 504]


def test_long_names_make_smaller_messages_of_one_size() -> None:
    records = [PLAIN] * 100 + [SocketRecord("n" * 255, "i" * 255)] * 100
    messages = all_messages(SocketsServer(records))
    sizes = [len(m.sockets) for m in messages[1:]]
    assert sum(sizes) == 200
    assert sizes == sorted(sizes, reverse=True)
    assert max(len(m.data) for m in messages) <= 16 * 1024


@pytest.mark.parametrize("number", [0, 65_537])
def test_what_cannot_be_handed_over(number: int) -> None:
    with pytest.raises(ValueError, match=f"^{number} sockets"):
        SocketsServer([PLAIN] * number)


def test_the_hand_over_is_complete_with_the_last_acknowledgement() -> None:
    server = SocketsServer([PLAIN] * 300)
    server.feed(REQUEST[:4])
    server.feed(REQUEST[4:])
    server.feed(ACKNOWLEDGEMENT[:1])
    assert len(server.feed(ACKNOWLEDGEMENT[1:])) == 1
    assert not server.complete
    assert server.feed(ACKNOWLEDGEMENT) == ()
    assert server.complete


@pytest.mark.parametrize(
    "said", [b"show info\n", b"_getsocks\n\n", b"_getsocks\r\n", b"\0", b"GET / HTTP/1.0\r\n"]
)
def test_a_client_that_says_something_else(said: bytes) -> None:
    with pytest.raises(NotUnderstood, match="no HAProxy that asks"):
        SocketsServer([PLAIN]).feed(said)


def test_a_client_that_talks_on() -> None:
    server = SocketsServer([PLAIN])
    server.feed(REQUEST)
    with pytest.raises(NotUnderstood):
        server.feed(ACKNOWLEDGEMENT * 2)
    server = SocketsServer([PLAIN])
    all_messages(server)
    with pytest.raises(NotUnderstood):
        server.feed(ACKNOWLEDGEMENT)


def test_the_number_is_read_alone() -> None:
    reply = SocketsReply()
    assert reply.read_bytes == 4
    assert reply.feed(struct.pack("=i", 2)[:3], 0) == b""
    assert reply.read_bytes == 1
    reply.feed(struct.pack("=i", 2)[3:], 0)
    assert reply.announced == 2
    assert reply.read_bytes > 1000
    assert reply.feed(PLAIN.encode() * 2, 2) == struct.pack("=i", 2)
    assert reply.complete


def test_records_may_come_in_pieces() -> None:
    reply = SocketsReply()
    reply.feed(struct.pack("=i", 2), 0)
    data = SocketRecord("blue", "eth0", 2).encode() * 2
    reply.feed(data[:1], 2)
    for index in range(1, len(data)):
        assert not reply.complete
        assert reply.feed(data[index : index + 1], 0) == b""
    assert reply.complete
    assert reply.records == (SocketRecord("blue", "eth0", 2),) * 2


@pytest.mark.parametrize("number", [0, -1, 65_537, -(2**31)])
def test_a_number_that_is_not_believed(number: int) -> None:
    with pytest.raises(NotUnderstood, match=f"{number} sockets were announced"):
        SocketsReply().feed(struct.pack("=i", number), 0)


def test_more_than_was_announced() -> None:
    reply = SocketsReply()
    reply.feed(struct.pack("=i", 1), 0)
    with pytest.raises(NotUnderstood, match="2 sockets came, 1 were announced"):
        reply.feed(PLAIN.encode(), 2)
    reply = SocketsReply()
    reply.feed(struct.pack("=i", 1), 0)
    with pytest.raises(NotUnderstood, match="1 bytes came after"):
        reply.feed(PLAIN.encode() + b"x", 1)


def test_sockets_before_their_number() -> None:
    with pytest.raises(NotUnderstood, match="before their number"):
        SocketsReply().feed(b"\1", 1)


records = st.builds(
    SocketRecord,
    st.text(st.characters(codec="utf-8"), max_size=60),
    st.text(st.characters(codec="utf-8"), max_size=60),
    st.integers(-(2**31), 2**31 - 1),
)


@given(st.lists(records, min_size=1, max_size=600))
def test_both_sides_understand_each_other(sent: list[SocketRecord]) -> None:
    messages = all_messages(SocketsServer(sent))
    assert all(len(m.sockets) <= DESCRIPTORS_PER_MESSAGE for m in messages)
    reply = reply_to(messages)
    assert reply.complete
    assert list(reply.records) == sent


@given(st.lists(st.tuples(st.binary(max_size=600), st.integers(0, 300)), max_size=20))
def test_any_bytes_end_in_sockets_or_in_an_error(reads: list[tuple[bytes, int]]) -> None:
    reply = SocketsReply(most=1000)
    try:
        for data, descriptors in reads:
            reply.feed(data[: reply.read_bytes], descriptors)
    except NotUnderstood:
        return
    assert len(reply.records) <= 1000


@given(st.lists(st.binary(max_size=30), max_size=10))
def test_any_client_is_served_or_refused(reads: list[bytes]) -> None:
    server = SocketsServer([PLAIN] * 3)
    try:
        for data in reads:
            server.feed(data)
    except NotUnderstood:
        return
    assert not server.complete or b"".join(reads).startswith(REQUEST)
