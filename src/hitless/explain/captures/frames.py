"""Packets of a capture as columns: where each lies in a buffer, how long it was, when it came, over which link."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Numbers = npt.NDArray[np.int64]
    Mask = npt.NDArray[np.bool_]

__all__ = ["MAX_PACKET_BYTES", "Frames", "Walk", "Walker"]

MAX_PACKET_BYTES = 1 << 20
"""A packet that says it is longer is garbage. Source: libpcap 1.10 MAXIMUM_SNAPLEN is 262144 for every network."""


@dataclass(frozen=True, slots=True)
class Frames:
    """Some packets, in the order of the file. The columns have one row for each."""

    buffer: bytes
    start: Numbers
    """Offset in the buffer of the first byte captured."""
    captured: Numbers
    """How many bytes were captured …"""
    length: Numbers
    """… of how many."""
    t_ns: Numbers
    """CLOCK_REALTIME."""
    link: Numbers
    """The link type (LINKTYPE_…)."""


@dataclass(frozen=True, slots=True)
class Walk:
    """What a walker made of a buffer."""

    frames: Frames | None
    consumed: int
    """Bytes of whole records at the buffer's begin; the rest waits for more."""
    problem: str = ""
    """Why the walk cannot go on behind `consumed`."""


class Walker(Protocol):
    """Steps from record to record of one file."""

    def walk(self, buffer: bytes) -> Walk:
        """Return the packets of the whole records at the buffer's begin."""
