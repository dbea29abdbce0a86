"""Dumps over netlink: one request, many messages, an end. Sockets of the standard library, nothing else.

struct nlmsghdr { __u32 nlmsg_len; __u16 nlmsg_type, nlmsg_flags; __u32 nlmsg_seq, nlmsg_pid; };
struct nlattr   { __u16 nla_len, nla_type; };

Source: Linux v6.18 include/uapi/linux/netlink.h.
"""

import os
import socket
import struct
import time
from collections.abc import Iterator

from hitless.errors import EvidenceError

__all__ = ["dump", "parse_attributes", "split_messages"]

HEADER = struct.Struct("=IHHII")
ATTRIBUTE = struct.Struct("=HH")
_ERRNO = struct.Struct("=i")

NLMSG_ERROR = 2
NLMSG_DONE = 3
NLM_F_REQUEST = 0x01
NLM_F_DUMP = 0x300
_NLA_TYPE_MASK = 0x3FFF

_RECEIVE_SIZE_BYTES = 256 * 1024
_MAX_MESSAGES = 4_000_000
"""Above what one host can have of sockets in one state; a dump that goes on is broken."""


def split_messages(datagram: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield type, sequence number and payload of each message in a datagram.

    Raises: EvidenceError if a length points outside of the datagram.
    """
    offset = 0
    while offset < len(datagram):
        if len(datagram) - offset < HEADER.size:
            raise EvidenceError(f"netlink: {len(datagram) - offset} bytes left over after a message")
        size, kind, _flags, sequence, _pid = HEADER.unpack_from(datagram, offset)
        if size < HEADER.size or offset + size > len(datagram):
            raise EvidenceError(f"netlink: a message of {size} bytes does not fit its datagram")
        yield kind, sequence, datagram[offset + HEADER.size : offset + size]
        offset += _align(size)


def parse_attributes(data: bytes) -> dict[int, bytes]:
    """Return the attributes that follow a message's fixed part, by type; the last of a type wins.

    Raises: EvidenceError if a length points outside of the message.
    """
    attributes: dict[int, bytes] = {}
    offset = 0
    while len(data) - offset >= ATTRIBUTE.size:
        size, kind = ATTRIBUTE.unpack_from(data, offset)
        if size < ATTRIBUTE.size or offset + size > len(data):
            raise EvidenceError(f"netlink: an attribute of {size} bytes does not fit its message")
        attributes[kind & _NLA_TYPE_MASK] = data[offset + ATTRIBUTE.size : offset + size]
        offset += _align(size)
    return attributes


def dump(netlink: socket.socket, kind: int, request: bytes, *, timeout_s: float) -> Iterator[bytes]:
    """Send a dump request and yield the payloads of the answer until the kernel says that it is done.

    Raises: EvidenceError if the kernel refuses, answers nonsense, or is not done within `timeout_s`.
    """
    sequence = time.monotonic_ns() & 0xFFFF_FFFF
    header = HEADER.pack(HEADER.size + len(request), kind, NLM_F_REQUEST | NLM_F_DUMP, sequence, 0)
    deadline = time.monotonic() + timeout_s
    received = 0
    try:
        netlink.send(header + request)
        while True:
            netlink.settimeout(max(1e-3, deadline - time.monotonic()))
            for message_kind, message_sequence, payload in split_messages(netlink.recv(_RECEIVE_SIZE_BYTES)):
                if message_sequence != sequence:
                    continue
                if message_kind == NLMSG_DONE:
                    return
                if message_kind == NLMSG_ERROR:
                    _raise_error(payload)
                yield payload
                received += 1
            if time.monotonic() > deadline or received > _MAX_MESSAGES:
                raise EvidenceError(f"netlink: the dump was not done after {received} messages")
    except OSError as error:
        raise EvidenceError(f"netlink: {error.strerror or error}") from error


def _raise_error(payload: bytes) -> None:
    if len(payload) < _ERRNO.size:
        raise EvidenceError("netlink: an error without its number")
    number = -_ERRNO.unpack_from(payload)[0]
    raise EvidenceError(f"netlink: the kernel refused the dump: {os.strerror(number)}")


def _align(size: int) -> int:
    return (size + 3) & ~3
