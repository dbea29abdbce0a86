r"""How one HAProxy hands its listening sockets to the next (`-x`): bytes in, bytes out, both sides.

    new -> old   "_getsocks\n"
    old -> new   int32 number of sockets; an old process without any says nothing and closes
    old -> new   records of up to 252 sockets, with their descriptors (SCM_RIGHTS) beside the first byte
    new -> old   int32 acknowledgement, for each such message; its value means nothing

    record: u8 length, name of the network namespace; u8 length, name of the interface; int32 options

Integers are in the machine's byte order. HAProxy 1.8 to 3.5 agree on all of this, except that 2.2 and earlier compare
`options` with those of the bind line, and later ones read them from the socket.

A HAProxy that receives hands the length of the ancillary data that came first back to the kernel as the room for the
next (src/sock.c sock_get_old_sockets() of 3.5): no message may bring more descriptors than the one before it.

Source: HAProxy v2.2.0 src/haproxy.c get_old_sockets(), src/cli.c _getsocks(); v3.2.0 src/sock.c, src/cli.c. Tried on
2.2, 2.6, 2.8, 3.0 and 3.2 in both directions.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntFlag

from hitless.control.errors import NotUnderstood

__all__ = [
    "DESCRIPTORS_PER_MESSAGE",
    "MOST_SOCKETS",
    "REQUEST",
    "ListenerOption",
    "Message",
    "SocketRecord",
    "SocketsReply",
    "SocketsServer",
]

REQUEST = b"_getsocks\n"
DESCRIPTORS_PER_MESSAGE = 252
"""The kernel takes 253; musl's CMSG macros do not (HAProxy 148d7a030)."""
MOST_SOCKETS = 65_536
"""More are not believed. A HAProxy with as many binds as ports does not come near it."""

_INT = struct.Struct("=i")
_NAME_LIMIT_BYTES = 255
_RECORD_LIMIT_BYTES = 1 + _NAME_LIMIT_BYTES + 1 + _NAME_LIMIT_BYTES + _INT.size
_MESSAGE_LIMIT_BYTES = 16 * 1024
"""The kernel cuts longer ones apart, and then their end comes without descriptors.

Source: Linux v6.18 net/unix/af_unix.c unix_stream_sendmsg().
"""
_READ_BYTES = 64 * 1024


class ListenerOption(IntFlag):
    """What HAProxy up to 2.2 compares. Source: v2.2.0 include/haproxy/listener-t.h, src/proto_tcp.c."""

    FOREIGN = 0x0002
    """`transparent`."""
    V6_ONLY = 0x0400
    """`v6only` stands on the line."""
    V4_V6 = 0x0800
    """`v4v6` stands on the line."""


@dataclass(frozen=True, slots=True)
class SocketRecord:
    """What is said of one socket. Names are HAProxy's: as after `namespace` and `interface` on the bind line."""

    namespace: str = ""
    interface: str = ""
    options: int = 0

    def encode(self) -> bytes:
        """Return the record's bytes.

        Raises: ValueError for a name that does not fit.
        """
        return b"".join((_encode_name(self.namespace), _encode_name(self.interface), _INT.pack(self.options)))


def _encode_name(name: str) -> bytes:
    data = name.encode("utf-8", "surrogateescape")
    if len(data) > _NAME_LIMIT_BYTES:
        raise ValueError(f"a name of {len(data)} bytes: {name[:40]!r}…")
    return bytes([len(data)]) + data


class SocketsReply:
    """The side that asks: takes what comes, says how much to read and what to send back."""

    def __init__(self, most: int = MOST_SOCKETS) -> None:
        self._most = most
        self._data = bytearray()
        self._records: list[SocketRecord] = []
        self._descriptors = 0
        self.announced: int | None = None
        """How many sockets are to come."""

    @property
    def complete(self) -> bool:
        """All sockets and their records have come."""
        return self.announced is not None and len(self._records) == self._descriptors == self.announced

    @property
    def read_bytes(self) -> int:
        """How much to read next: not beyond the number, so that no descriptors come with it."""
        return _INT.size - len(self._data) if self.announced is None else _READ_BYTES

    @property
    def records(self) -> tuple[SocketRecord, ...]:
        """The records so far, in the order of the descriptors."""
        return tuple(self._records)

    def feed(self, data: bytes, descriptors: int) -> bytes:
        """Take what one read brought, and how many descriptors came with it; return what to send back.

        Raises: NotUnderstood
        """
        self._data += data
        self._descriptors += descriptors
        if self.announced is None:
            self._take_number()
        elif self._descriptors > self.announced:
            raise self._not_understood(f"{self._descriptors} sockets came, {self.announced} were announced")
        if self.announced is not None:
            self._take_records(self.announced)
        return _INT.pack(self._descriptors) if descriptors else b""

    def _take_number(self) -> None:
        if self._descriptors:
            raise self._not_understood("sockets came before their number")
        if len(self._data) < _INT.size:
            return
        (number,) = _INT.unpack_from(self._data)
        if not 0 < number <= self._most:
            raise self._not_understood(f"{number} sockets were announced")
        self.announced = number
        del self._data[: _INT.size]

    def _take_records(self, announced: int) -> None:
        offset = 0
        while len(self._records) < announced and (found := _parse_record(self._data, offset)) is not None:
            record, offset = found
            self._records.append(record)
        del self._data[:offset]
        if len(self._records) == announced and self._data:
            raise self._not_understood(f"{len(self._data)} bytes came after the last socket")
        if len(self._data) > _RECORD_LIMIT_BYTES:
            raise self._not_understood("a record without an end")

    def _not_understood(self, what: str) -> NotUnderstood:
        return NotUnderstood(
            f"the listening sockets were not handed over as HAProxy does it: {what}",
            raw=bytes(self._data[:200]).decode("latin-1"),
        )


def _parse_record(data: bytearray, offset: int) -> tuple[SocketRecord, int] | None:
    """Return the record at an offset and where the next begins, None if it has not come whole."""
    namespace, offset = _parse_name(data, offset)
    interface, offset = _parse_name(data, offset)
    if namespace is None or interface is None or offset + _INT.size > len(data):
        return None
    (options,) = _INT.unpack_from(data, offset)
    return SocketRecord(namespace, interface, options), offset + _INT.size


def _parse_name(data: bytearray, offset: int) -> tuple[str | None, int]:
    end = offset + 1 + data[offset] if offset < len(data) else len(data) + 1
    if end > len(data):
        return None, end
    return bytes(data[offset + 1 : end]).decode("utf-8", "surrogateescape"), end


@dataclass(frozen=True, slots=True)
class Message:
    """What to send at once: bytes, and which of the sockets go with them."""

    data: bytes
    sockets: range


class SocketsServer:
    """The side that is asked, for one client: takes what it says, gives the messages to send."""

    def __init__(self, records: Sequence[SocketRecord]) -> None:
        self._messages = _messages(records)
        self._data = bytearray()
        self._asked = False
        self._unacknowledged = False
        self.complete = False
        """All has been sent, and acknowledged."""

    def feed(self, data: bytes) -> tuple[Message, ...]:
        """Take what the client sent; return what to send now.

        Raises: NotUnderstood if it says anything but the request and, after each message, its acknowledgement.
        """
        self._data += data
        if not self._asked:
            return self._take_request()
        if not self._unacknowledged or len(self._data) > _INT.size:
            raise self._not_understood()
        if len(self._data) < _INT.size:
            return ()
        self._data.clear()
        message = next(self._messages, None)
        self._unacknowledged = message is not None
        self.complete = message is None
        return () if message is None else (message,)

    def _take_request(self) -> tuple[Message, ...]:
        if not REQUEST.startswith(bytes(self._data)):
            raise self._not_understood()
        if len(self._data) < len(REQUEST):
            return ()
        self._data.clear()
        self._asked = self._unacknowledged = True
        return next(self._messages), next(self._messages)

    def _not_understood(self) -> NotUnderstood:
        raw = bytes(self._data[:200]).decode("latin-1")
        return NotUnderstood(f"this is no HAProxy that asks for listening sockets: {raw[:40]!r}", raw=raw)


def _messages(records: Sequence[SocketRecord]) -> Iterator[Message]:
    """Return the number of sockets, then the sockets.

    Raises: ValueError without any: 2.2 fails on "0", and the others have nothing to fetch.
    """
    if not 0 < len(records) <= MOST_SOCKETS:
        raise ValueError(f"{len(records)} sockets cannot be handed over")
    encoded = [record.encode() for record in records]
    longest = max(len(data) for data in encoded)
    step = min(DESCRIPTORS_PER_MESSAGE, _MESSAGE_LIMIT_BYTES // longest)
    spans = [range(start, min(start + step, len(encoded))) for start in range(0, len(encoded), step)]
    messages = [Message(b"".join(encoded[span.start : span.stop]), span) for span in spans]
    return iter([Message(_INT.pack(len(encoded)), range(0)), *messages])
