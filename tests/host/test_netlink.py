import errno
import socket
import struct
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitless.errors import EvidenceError
from hitless.host.netlink import HEADER, NLMSG_DONE, NLMSG_ERROR, dump, parse_attributes, split_messages

KIND = 20


def message(kind: int, payload: bytes, sequence: int = 0) -> bytes:
    return (HEADER.pack(HEADER.size + len(payload), kind, 0, sequence, 0) + payload).ljust(
        (HEADER.size + len(payload) + 3) & ~3, b"\0"
    )


def ask(*answers: list[tuple[int, bytes]], sequence_offset: int = 0, timeout_s: float = 30.0) -> list[bytes]:
    """Dump from a kernel of our own that answers with these datagrams."""
    ours, kernel = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)

    def serve() -> None:
        request = kernel.recv(65536)
        sequence = HEADER.unpack_from(request)[3] + sequence_offset
        for datagram in answers:
            kernel.send(b"".join(message(kind, payload, sequence) for kind, payload in datagram))

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        return list(dump(ours, KIND, b"request", timeout_s=timeout_s))
    finally:
        thread.join()
        ours.close()
        kernel.close()


def test_messages_come_until_the_kernel_is_done() -> None:
    answers = ask([(KIND, b"one"), (KIND, b"two")], [(KIND, b"three"), (NLMSG_DONE, b"\0\0\0\0")])
    assert answers == [b"one", b"two", b"three"]


def test_a_refusal_is_told_by_name() -> None:
    with pytest.raises(EvidenceError, match="No such file or directory"):
        ask([(NLMSG_ERROR, struct.pack("=i", -errno.ENOENT))])


def test_a_refusal_without_its_number_is_refused() -> None:
    with pytest.raises(EvidenceError, match="without its number"):
        ask([(NLMSG_ERROR, b"")])


def test_a_dump_that_never_ends_is_given_up() -> None:
    with pytest.raises(EvidenceError, match=r"timed out|was not done"):
        ask([(KIND, b"one")], timeout_s=0.3)


def test_answers_to_another_question_are_passed_over() -> None:
    with pytest.raises(EvidenceError, match=r"timed out|was not done"):
        ask([(KIND, b"one"), (NLMSG_DONE, b"")], sequence_offset=1, timeout_s=0.3)


@pytest.mark.parametrize(
    "datagram",
    [b"\0", HEADER.pack(0, KIND, 0, 0, 0), HEADER.pack(15, KIND, 0, 0, 0), HEADER.pack(17, KIND, 0, 0, 0)],
)
def test_a_length_outside_of_the_datagram_is_refused(datagram: bytes) -> None:
    with pytest.raises(EvidenceError):
        list(split_messages(datagram))


@pytest.mark.parametrize("data", [struct.pack("=HH", 3, 1), struct.pack("=HH", 9, 1) + b"abcd"])
def test_a_length_outside_of_the_message_is_refused(data: bytes) -> None:
    with pytest.raises(EvidenceError):
        parse_attributes(data)


def test_attributes_by_type() -> None:
    data = struct.pack("=HH", 5, 1) + b"a\0\0\0" + struct.pack("=HH", 8, 0x8002) + b"bcde"
    assert parse_attributes(data) == {1: b"a", 2: b"bcde"}


@given(st.binary(max_size=200))
def test_any_bytes_end(data: bytes) -> None:
    for parse in (lambda: list(split_messages(data)), lambda: parse_attributes(data)):
        try:
            parse()
        except EvidenceError:
            continue
