"""DNS messages without I/O (RFC 1035, EDNS0 of RFC 6891, SRV of RFC 2782): questions read, answers written.

Every name exists. A name has the address that `hitless.sandbox.world.names` gives it; the plan's names may
have several, one for each server of a server-template. Their order never changes: HAProxy would move its servers.
"""

from __future__ import annotations

import ipaddress
import struct
from typing import TYPE_CHECKING, NamedTuple

from hitless.sandbox.world.names import address6_for_name, address_for_name, srv_target
from hitless.sandbox.world.records import DnsName

if TYPE_CHECKING:
    from hitless.sandbox.world.records import WorldPlan

__all__ = ["DnsAnswerer"]

_A, _AAAA, _SRV, _OPT, _ANY = 1, 28, 33, 41, 255
_IN = 1
_TTL_S = 60
_HEADER = struct.Struct("!6H")
_QUESTION_NAME = b"\xc0\x0c"
"""A pointer to the name in the question (RFC 1035 section 4.1.4)."""
_PLAIN_SIZE_BYTES = 512
_MOST_SIZE_BYTES = 4096
_FORMAT_ERROR, _NOT_IMPLEMENTED = 1, 4


class Question(NamedTuple):
    """The one question of a query, and where it ends in the message."""

    name: str
    kind: int
    end: int


class DnsAnswerer:
    """Answers queries by the plan's names, and any other name by its address."""

    def __init__(self, plan: WorldPlan) -> None:
        self._names = {n.name.rstrip(".").lower(): n for n in plan.names}
        self._ipv6 = plan.ipv6

    def answer(self, query: bytes, *, over_tcp: bool = False) -> bytes | None:
        """Return the response to a message; None to what is no query at all."""
        if len(query) < _HEADER.size:
            return None
        identity, flags, questions, _, _, additional = _HEADER.unpack_from(query)
        if flags & 0x8000:
            return None
        if flags & 0x7800:
            return _refusal(identity, flags, _NOT_IMPLEMENTED)
        question = _read_question(query) if questions == 1 else None
        if question is None:
            return _refusal(identity, flags, _FORMAT_ERROR)
        option, size_bytes = _read_option(query[question.end :], additional)
        room = (_MOST_SIZE_BYTES * 8 if over_tcp else size_bytes) - question.end - len(option)
        records = self._records(question)
        fitting: list[bytes] = []
        for record in records:
            room -= len(record)
            if room < 0:
                break
            fitting.append(record)
        # Not marked as truncated: HAProxy discards such a response, and a part of the addresses is an answer.
        head = _HEADER.pack(identity, 0x8580 | flags & 0x0100, 1, len(fitting), 0, 1 if option else 0)
        return head + query[_HEADER.size : question.end] + b"".join(fitting) + option

    def _records(self, question: Question) -> list[bytes]:
        name = self._names.get(question.name, DnsName(name=question.name))
        records: list[bytes] = []
        if question.kind in {_SRV, _ANY} and (name.srv_port or question.name.startswith("_")):
            records += [_srv(srv_target(name.name, n), name.srv_port or 80) for n in range(name.count)]
        if question.kind in {_A, _ANY}:
            records += [_address(a) for a in self._addresses(name, version=4)]
        if question.kind in {_AAAA, _ANY}:
            records += [_address(a) for a in self._addresses(name, version=6)]
        return records

    def _addresses(self, name: DnsName, *, version: int) -> list[str]:
        if name.addresses:
            return [a for a in name.addresses if ipaddress.ip_address(a).version == version]
        if version == 4:
            return [address_for_name(name.name, number=n) for n in range(name.count)]
        return [address6_for_name(name.name, number=n) for n in range(name.count)] if self._ipv6 else []


def _read_question(query: bytes) -> Question | None:
    labels: list[bytes] = []
    position = _HEADER.size
    while position < len(query) and query[position]:
        length = query[position]
        label = query[position + 1 : position + 1 + length]
        if length > 63 or len(label) < length or position - _HEADER.size > 254:
            return None
        labels.append(label)
        position += 1 + length
    if position + 5 > len(query):
        return None
    kind, _ = struct.unpack_from("!HH", query, position + 1)
    name = b".".join(labels).decode("utf-8", "surrogateescape").lower()
    return Question(name, kind, position + 5)


def _read_option(rest: bytes, additional: int) -> tuple[bytes, int]:
    """Return the OPT record to answer with, and the size of response that the client takes."""
    if additional != 1 or len(rest) < 11 or rest[:3] != b"\0\0\x29":
        return b"", _PLAIN_SIZE_BYTES
    offered = int.from_bytes(rest[3:5])
    option = b"\0" + struct.pack("!HHIH", _OPT, _MOST_SIZE_BYTES, 0, 0)
    return option, max(_PLAIN_SIZE_BYTES, min(offered, _MOST_SIZE_BYTES))


def _record(kind: int, data: bytes) -> bytes:
    return _QUESTION_NAME + struct.pack("!HHIH", kind, _IN, _TTL_S, len(data)) + data


def _address(address: str) -> bytes:
    parsed = ipaddress.ip_address(address)
    return _record(_A if parsed.version == 4 else _AAAA, parsed.packed)


def _srv(target: str, port: int) -> bytes:
    labels = [label.encode("utf-8", "surrogateescape")[:63] for label in target.split(".")]
    name = b"".join(bytes((len(label),)) + label for label in labels if label) + b"\0"
    return _record(_SRV, struct.pack("!HHH", 0, 1, port) + name)


def _refusal(identity: int, flags: int, code: int) -> bytes:
    return _HEADER.pack(identity, 0x8080 | flags & 0x7900 | code, 0, 0, 0, 0)
