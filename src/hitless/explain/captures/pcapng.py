"""The newer format of captures: blocks, each with its type and length; packets refer to interfaces described before.

    struct block { u32 type, length; u8 body[length - 12]; u32 length_again; };

A section header block says the byte order of what follows it. Blocks that are not of use here are stepped over.

Source: draft-ietf-opsawg-pcapng sections 4.1 to 4.6
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hitless.explain.captures.frames import MAX_PACKET_BYTES, Frames, Walk
from hitless.units import NANOSECONDS_PER_SECOND

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from hitless.captured import CaptureTotals
    from hitless.explain.captures.frames import Numbers

    Ticks = npt.NDArray[np.uint64]

__all__ = ["PcapngWalker", "is_pcapng"]

_SECTION = 0x0A0D0D0A
_INTERFACE, _OLD_PACKET, _SIMPLE_PACKET, _STATISTICS, _PACKET = 1, 2, 3, 5, 6
_ORDERS = {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}
_MAX_BLOCK_BYTES = 16 << 20
"""Source: libpcap 1.10 sf-pcapng.c MAX_BLOCKSIZE."""
_MAX_INTERFACES = 4096
_MAX_OFFSET_S = 1 << 33
_END, _RESOLUTION, _OFFSET, _DROPPED_BY_INTERFACE, _DROPPED_BY_SYSTEM = 0, 9, 14, 5, 7


def is_pcapng(header: bytes) -> bool:
    """Return whether a file that begins so is a capture of blocks."""
    return len(header) >= 12 and header[:4] == b"\n\r\r\n" and header[8:12] in _ORDERS


@dataclass(frozen=True, slots=True)
class _Interface:
    link: int
    resolution: int
    """if_tsresol: with its highest bit a negative power of 2, else of 10."""
    offset_s: int


@dataclass(slots=True)
class _Columns:
    """What the steps collect of packets."""

    start: list[int]
    captured: list[int]
    length: list[int]
    ticks: list[int]
    interface: list[int]
    """Position in the list of all interfaces seen."""


class PcapngWalker:
    """Steps through the blocks of a file, its section header first."""

    def __init__(self, tally: CaptureTotals) -> None:
        self._tally = tally
        self._dropped_before = tally.dropped_by_kernel or 0
        self._dropped: dict[int, int] = {}
        """By interface: a statistics block counts from the begin of the capture."""
        self._seen: list[_Interface] = []
        self._first = 0
        """Where the interfaces of this section begin in `_seen`."""
        self._set_order("<")

    def _set_order(self, order: str) -> None:
        self._order = order
        self._block = struct.Struct(f"{order}II").unpack_from
        self._packet = struct.Struct(f"{order}IIIII").unpack_from
        self._old_packet = struct.Struct(f"{order}HHIIII").unpack_from

    def walk(self, buffer: bytes) -> Walk:
        """Return the packets of the whole blocks at the buffer's begin."""
        columns = _Columns([], [], [], [], [])
        position, problem = self._step(buffer, columns)
        if not columns.start:
            return Walk(None, position, problem)
        number = np.array(columns.interface, np.int64)
        frames = Frames(
            buffer=buffer,
            start=np.array(columns.start, np.int64),
            captured=np.array(columns.captured, np.int64),
            length=np.array(columns.length, np.int64),
            t_ns=self._times(np.array(columns.ticks, np.uint64), number),
            link=np.array([interface.link for interface in self._seen], np.int64)[number],
        )
        return Walk(frames, position, problem)

    def _step(self, buffer: bytes, columns: _Columns) -> tuple[int, str]:
        position, end = 0, len(buffer)
        while position + 12 <= end:
            kind, length = self._block(buffer, position)
            if kind == _SECTION:
                order = _ORDERS.get(buffer[position + 8 : position + 12])
                if order is None:
                    return position, "a section without byte order"
                self._set_order(order)
                self._first = len(self._seen)
                length = self._block(buffer, position)[1]
            if length < 12 or length % 4 or length > _MAX_BLOCK_BYTES:
                return position, f"a block of {length} bytes cannot be"
            after = position + length
            if after > end:
                break
            if kind == _PACKET and length >= 32:
                self._take(columns, position + 28, after, *self._packet(buffer, position + 8))
            elif kind != _SECTION:
                self._take_other(buffer, position, after, kind, columns)
            position = after
        return position, ""

    def _take(
        self,
        columns: _Columns,
        start: int,
        after: int,
        number: int,
        high: int,
        low: int,
        captured: int,
        length: int,
    ) -> None:
        number += self._first
        if number >= len(self._seen):
            self._tally.packets += 1
            self._tally.unknown_link += 1
            return
        captured = min(captured, after - 4 - start, MAX_PACKET_BYTES)
        columns.start.append(start)
        columns.captured.append(captured)
        columns.length.append(max(length, captured))
        columns.ticks.append(high << 32 | low)
        columns.interface.append(number)

    def _take_other(self, buffer: bytes, position: int, after: int, kind: int, columns: _Columns) -> None:
        size = after - position
        if kind == _INTERFACE and size >= 20:
            self._take_interface(buffer, position, after)
        elif kind == _OLD_PACKET and size >= 32:
            number, _drops, *rest = self._old_packet(buffer, position + 8)
            self._take(columns, position + 28, after, number, *rest)
        elif kind == _SIMPLE_PACKET:
            self._tally.packets += 1
            self._tally.without_time += 1
        elif kind == _STATISTICS and size >= 24:
            self._take_statistics(buffer, position, after)

    def _take_interface(self, buffer: bytes, position: int, after: int) -> None:
        if len(self._seen) >= _MAX_INTERFACES:
            return
        resolution, offset_s = 6, 0
        for code, value in self._options(buffer, position + 16, after - 4):
            if code == _RESOLUTION and len(value) == 1:
                resolution = value[0]
            elif code == _OFFSET and len(value) == 8:
                offset_s = struct.unpack(f"{self._order}q", value)[0]
        link = struct.unpack_from(f"{self._order}H", buffer, position + 8)[0]
        self._seen.append(_Interface(link, resolution, offset_s))

    def _take_statistics(self, buffer: bytes, position: int, after: int) -> None:
        number = self._first + struct.unpack_from(f"{self._order}I", buffer, position + 8)[0]
        if number >= len(self._seen):
            return
        for code, value in self._options(buffer, position + 20, after - 4):
            if code in {_DROPPED_BY_INTERFACE, _DROPPED_BY_SYSTEM} and len(value) == 8:
                dropped = struct.unpack(f"{self._order}Q", value)[0]
                self._dropped[number] = max(self._dropped.get(number, 0), dropped)
                self._tally.dropped_by_kernel = self._dropped_before + sum(self._dropped.values())

    def _options(self, buffer: bytes, position: int, end: int) -> Iterator[tuple[int, bytes]]:
        """Yield code and value of a block's options."""
        while position + 4 <= end:
            code, length = struct.unpack_from(f"{self._order}HH", buffer, position)
            position += 4
            if code == _END or position + length > end:
                return
            yield code, buffer[position : position + length]
            position += length + -length % 4

    def _times(self, ticks: Ticks, number: Numbers) -> Numbers:
        """Return nanoseconds of CLOCK_REALTIME."""
        t_ns = np.zeros(len(ticks), np.int64)
        for used in np.unique(number).tolist():
            rows = number == used
            interface = self._seen[used]
            t_ns[rows] = _nanoseconds(ticks[rows], interface.resolution)
            t_ns[rows] += min(max(interface.offset_s, -_MAX_OFFSET_S), _MAX_OFFSET_S) * NANOSECONDS_PER_SECOND
        return t_ns


def _nanoseconds(ticks: Ticks, resolution: int) -> Numbers:
    exponent = resolution & 0x7F
    if resolution & 0x80:
        if exponent > 63:
            return np.zeros(len(ticks), np.int64)
        whole = ticks >> np.uint64(exponent)
        part = (ticks - (whole << np.uint64(exponent))).astype(np.float64) / 2.0**exponent
        return whole.astype(np.int64) * NANOSECONDS_PER_SECOND + (part * NANOSECONDS_PER_SECOND).astype(
            np.int64
        )
    if exponent <= 9:
        return ticks.astype(np.int64) * np.int64(10 ** (9 - exponent))
    if exponent > 28:
        return np.zeros(len(ticks), np.int64)
    return (ticks // np.uint64(10 ** (exponent - 9))).astype(np.int64)
