"""The classic format of captures: a header of 24 bytes, then packets of 16 bytes and their data.

    struct file   { u32 magic; u16 major, minor; s32 zone; u32 accuracy, snap_length, link; };
    struct packet { u32 seconds, fraction, captured, length; };

The magic number says byte order and fraction: 0xa1b2c3d4 microseconds, 0xa1b23c4d nanoseconds.

Source: draft-ietf-opsawg-pcap; libpcap 1.10 sf-pcap.c
"""

from __future__ import annotations

import struct

import numpy as np

from hitless.explain.captures.frames import MAX_PACKET_BYTES, Frames, Walk
from hitless.units import NANOSECONDS_PER_SECOND

__all__ = ["HEADER_BYTES", "PcapWalker", "is_pcap"]

HEADER_BYTES = 24
_RECORD_BYTES = 16
_NS_PER_FRACTION = {0xA1B2C3D4: 1000, 0xA1B23C4D: 1}


def is_pcap(header: bytes) -> bool:
    """Return whether a file that begins so is a classic capture."""
    return _order(header) is not None


def _order(header: bytes) -> str | None:
    if len(header) < HEADER_BYTES:
        return None
    return next((o for o in "<>" if struct.unpack_from(f"{o}I", header)[0] in _NS_PER_FRACTION), None)


class PcapWalker:
    """Steps through the packets behind the header."""

    def __init__(self, header: bytes) -> None:
        order = _order(header)
        if order is None:
            raise ValueError("no header of a capture")
        (magic,) = struct.unpack_from(f"{order}I", header)
        self._ns_per_fraction = _NS_PER_FRACTION[magic]
        # The upper bits say whether frames carry their check sum (draft-ietf-opsawg-pcap section 4).
        self._link = struct.unpack_from(f"{order}I", header, 20)[0] & 0xFFFF
        self._captured = struct.Struct(f"{order}I").unpack_from
        self._column = np.dtype(f"{order}u4")

    def walk(self, buffer: bytes) -> Walk:
        """Return the packets of the whole records at the buffer's begin."""
        found, position, problem = self._step(buffer)
        if not found:
            return Walk(None, position, problem)
        at = np.array(found, np.int64)
        raw = np.frombuffer(buffer, np.uint8)
        header = raw[at[:, None] + np.arange(_RECORD_BYTES)].view(self._column).astype(np.int64)
        seconds, fraction, captured, length = header.T
        frames = Frames(
            buffer=buffer,
            start=at + _RECORD_BYTES,
            captured=captured,
            length=np.maximum(length, captured),
            t_ns=seconds * NANOSECONDS_PER_SECOND + fraction * self._ns_per_fraction,
            link=np.full(len(at), self._link, np.int64),
        )
        return Walk(frames, position, problem)

    def _step(self, buffer: bytes) -> tuple[list[int], int, str]:
        """Return where records begin, where the first one begins that is not whole, and what is wrong there."""
        captured_at, end = self._captured, len(buffer)
        found: list[int] = []
        position = 0
        while position + _RECORD_BYTES <= end:
            captured = captured_at(buffer, position + 8)[0]
            if captured > MAX_PACKET_BYTES:
                return found, position, f"a packet of {captured} bytes cannot be"
            after = position + _RECORD_BYTES + captured
            if after > end:
                break
            found.append(position)
            position = after
        return found, position, ""
