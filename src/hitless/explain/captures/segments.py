"""From frames to segments of TCP: link layer, IPv4, IPv6 with its extension headers, TCP; all of a buffer at once.

Only those segments are kept that say something: with data, or with SYN, FIN or RST. Bare acknowledgements, about half
of all packets, are counted and passed over.

Source: RFC 791, 8200, 9293; IEEE 802.1Q; libpcap's LINKTYPE_ list (https://www.tcpdump.org/linktypes.html)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from hitless.captured import CaptureTotals
    from hitless.explain.captures.frames import Frames, Mask, Numbers

    Octets = npt.NDArray[np.uint8]

__all__ = ["ACK", "FIN", "RST", "SYN", "Segment", "Segments", "find_segments"]

FIN, SYN, RST, ACK = 1, 2, 4, 16
_ETHERNET, _SLL, _SLL2 = 1, 113, 276
_IPV4, _IPV6 = 0x0800, 0x86DD
_TAGS = (0x8100, 0x88A8, 0x9100)
"""802.1Q, 802.1ad, and what switches used before."""
_MOST_TAGS = 3
_LINKS = {_ETHERNET: (12, 14), _SLL: (14, 16), _SLL2: (0, 20)}
"""By link type: where the EtherType lies, and what follows the header."""
_BARE_LINKS = {0: 4, 108: 4, 12: 0, 14: 0, 101: 0, 228: 0, 229: 0}
"""NULL and LOOP, RAW, IPV4, IPV6: only IP comes over them; where it begins."""
_TCP = 6
_EXTENSIONS = (0, 43, 60)
"""Hop-by-hop, routing, destination options: a length in units of 8 bytes, without the first 8."""
_FRAGMENT, _AUTHENTICATION = 44, 51
_MOST_EXTENSIONS = 8
_BEYOND_BYTES = 512
"""More than all headers together; zeroes behind the buffer, so that no look at a cut header leaves it."""


Segment = tuple[int, int, int, int, int, int, int, int, int]
"""In this order: time in ns; source and target as numbers (`hitless.explain.captures.endpoints`); sequence number, and
the one expected from the other end; flags; size of the data in bytes, by IP's own length, also where less was captured;
where the data begins in the buffer, and where what was captured ends."""


@dataclass(frozen=True, slots=True)
class Segments:
    """Segments of TCP, in order, and the buffer that their data is in."""

    buffer: bytes
    rows: Iterable[Segment]


@dataclass(frozen=True, slots=True)
class _Packets:
    """Rows that are IP: where the transport header begins, which one it is, where the packet and the capture end."""

    row: Numbers
    transport: Numbers
    protocol: Numbers
    """-1: a fragment; -2: cut before it can be known."""
    end: Numbers
    network: Numbers
    is_v6: Mask


def find_segments(
    frames: Frames, tally: CaptureTotals, ports: npt.NDArray[np.int64] | None = None
) -> Segments | None:
    """Return the segments that say something, None if there are none; those of other ports count as foreign."""
    octets = np.frombuffer(frames.buffer + bytes(_BEYOND_BYTES), np.uint8)
    limit = frames.start + frames.captured
    tally.packets += len(frames.start)
    packets = _find_packets(octets, frames, limit, tally)
    is_tcp = packets.protocol == _TCP
    whole = packets.transport + 14 <= limit[packets.row]
    tally.fragments += int((packets.protocol == -1).sum())
    tally.cut += int((packets.protocol == -2).sum() + (is_tcp & ~whole).sum())
    tally.other += int(((packets.protocol >= 0) & ~is_tcp).sum())
    tally.tcp += int((is_tcp & whole).sum())
    return _build(octets, frames, _select(packets, is_tcp & whole), tally, ports)


def _select(packets: _Packets, rows: Mask) -> _Packets:
    columns = (getattr(packets, name)[rows] for name in _Packets.__slots__)
    return _Packets(*columns)


def _build(
    octets: Octets, frames: Frames, tcp: _Packets, tally: CaptureTotals, ports: npt.NDArray[np.int64] | None
) -> Segments | None:
    at = tcp.transport
    flags = octets[at + 13].astype(np.int64) & 0x17
    data = at + (octets[at + 12].astype(np.int64) >> 4) * 4
    size = np.maximum(tcp.end - data, 0)
    wanted = (size > 0) | ((flags & (SYN | FIN | RST)) != 0)
    if ports is not None:
        ours = np.isin(_u16(octets, at), ports) | np.isin(_u16(octets, at + 2), ports)
        tally.foreign += int((~ours).sum())
        wanted &= ours
    kept = np.flatnonzero(wanted)
    if not len(kept):
        return None
    tcp, at = _select(tcp, wanted), at[kept]
    columns = (
        frames.t_ns[tcp.row],
        _endpoints(octets, tcp, 0),
        _endpoints(octets, tcp, 1),
        _u32(octets, at + 4),
        _u32(octets, at + 8),
        flags[kept],
        size[kept],
        data[kept],
        (frames.start + frames.captured)[tcp.row],
    )
    lists = (column if isinstance(column, list) else column.tolist() for column in columns)
    return Segments(frames.buffer, zip(*lists, strict=True))


def _endpoints(octets: Octets, tcp: _Packets, side: int) -> list[int]:
    """Return address and port of each segment's source (0) or target (1) as one number."""
    port = _u16(octets, tcp.transport + 2 * side)
    found: list[int] = ((_u32(octets, tcp.network + 12 + 4 * side) << 16) | port).tolist()
    for row in np.flatnonzero(tcp.is_v6).tolist():
        at = int(tcp.network[row]) + 8 + 16 * side
        address = int.from_bytes(octets[at : at + 16].tobytes(), "big")
        found[row] = 1 << 144 | address << 16 | int(port[row])
    return found


def _find_packets(octets: Octets, frames: Frames, limit: Numbers, tally: CaptureTotals) -> _Packets:
    """Return what is IP; all else is counted."""
    network, kind = _find_network(octets, frames, limit)
    tally.unknown_link += int((kind == -1).sum())
    tally.cut += int((kind == -2).sum())
    version = octets[network] >> 4
    is_v4 = (kind == _IPV4) & (version == 4)
    is_v6 = (kind == _IPV6) & (version == 6)
    tally.other += int(((kind >= 0) & ~is_v4 & ~is_v6).sum())
    row = np.flatnonzero(is_v4 | is_v6)
    packets = _Packets(
        row, network[row], np.full(len(row), -2, np.int64), network[row], network[row], is_v6[row]
    )
    frame_end = (frames.start + frames.length)[row]
    _read_v4(octets, packets, limit[row], frame_end)
    _read_v6(octets, packets, limit[row], frame_end)
    return packets


def _find_network(octets: Octets, frames: Frames, limit: Numbers) -> tuple[Numbers, Numbers]:
    """Return where the network header begins, and its EtherType; -1: unknown link, -2: cut."""
    network = frames.start.copy()
    kind = np.full(len(network), -1, np.int64)
    for link in np.unique(frames.link).tolist():
        rows = np.flatnonzero(frames.link == link)
        start = frames.start[rows]
        if link in _LINKS:
            type_at, header = _LINKS[link]
            network[rows] = start + header
            kind[rows] = _u16(octets, start + type_at)
        elif link in _BARE_LINKS:
            network[rows] = start + _BARE_LINKS[link]
            is_v6 = octets[network[rows]] >> 4 == 6
            kind[rows] = np.where(is_v6, _IPV6, _IPV4)
    for _ in range(_MOST_TAGS):
        tagged = np.flatnonzero(np.isin(kind, _TAGS) & (network + 4 <= limit))
        kind[tagged] = _u16(octets, network[tagged] + 2)
        network[tagged] += 4
    kind[(kind >= 0) & (network >= limit)] = -2
    return network, kind


def _read_v4(octets: Octets, packets: _Packets, limit: Numbers, frame_end: Numbers) -> None:
    at_all = packets.network
    rows = np.flatnonzero(~packets.is_v6 & (at_all + 20 <= limit))
    at = at_all[rows]
    total = _u16(octets, at + 2)
    packets.transport[rows] = at + (octets[at].astype(np.int64) & 15) * 4
    # With segmentation offload the length can be 0: then the frame's counts.
    packets.end[rows] = np.where(total > 0, at + total, frame_end[rows])
    fragment = (_u16(octets, at + 6) & 0x3FFF) != 0
    packets.protocol[rows] = np.where(fragment, -1, octets[at + 9].astype(np.int64))


def _read_v6(octets: Octets, packets: _Packets, limit: Numbers, frame_end: Numbers) -> None:
    rows = np.flatnonzero(packets.is_v6 & (packets.network + 40 <= limit))
    at = packets.network[rows]
    size = _u16(octets, at + 4)
    packets.end[rows] = np.where(size > 0, at + 40 + size, frame_end[rows])  # 0: a jumbogram
    protocol = octets[at + 6].astype(np.int64)
    here = at + 40
    for _ in range(_MOST_EXTENSIONS):
        extended = np.flatnonzero(
            np.isin(protocol, (*_EXTENSIONS, _AUTHENTICATION)) & (here + 8 <= limit[rows])
        )
        if not len(extended):
            break
        place, units = here[extended], octets[here[extended] + 1].astype(np.int64)
        authentication = protocol[extended] == _AUTHENTICATION
        here[extended] = np.where(authentication, place + (units + 2) * 4, place + (units + 1) * 8)
        protocol[extended] = octets[place]
        here = np.minimum(here, len(octets) - 64)
    protocol[np.isin(protocol, (*_EXTENSIONS, _AUTHENTICATION))] = -2
    protocol[protocol == _FRAGMENT] = -1
    packets.transport[rows] = here
    packets.protocol[rows] = protocol


def _u16(octets: Octets, at: Numbers) -> Numbers:
    return octets[at].astype(np.int64) << 8 | octets[at + 1]


def _u32(octets: Octets, at: Numbers) -> Numbers:
    return _u16(octets, at) << 16 | _u16(octets, at + 2)
