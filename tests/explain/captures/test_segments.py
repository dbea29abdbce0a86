import struct
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitless.captured import CaptureTotals
from hitless.explain.captures.endpoints import endpoint_number
from hitless.explain.captures.frames import Frames
from hitless.explain.captures.segments import Segment, find_segments
from tests.explain.captures.wire import (
    ACK,
    CLIENT,
    CLIENT6,
    FIN,
    PROXY,
    PROXY6,
    RST,
    START_NS,
    SYN,
    Packet,
    ethernet,
    ipv4,
    ipv6,
    tcp,
)

DATA = b"GET / HTTP/1.1\r\n\r\n"
SEGMENT = tcp(CLIENT, PROXY, ACK, DATA, sequence=0xFFFF_FFFE, acknowledged=0x8000_0001)
V4 = ipv4(CLIENT, PROXY, SEGMENT)
V6 = ipv6(CLIENT6, PROXY6, tcp(CLIENT6, PROXY6, ACK, DATA))
ENDS, ENDS6 = (
    (endpoint_number(*CLIENT), endpoint_number(*PROXY)),
    (endpoint_number(*CLIENT6), endpoint_number(*PROXY6)),
)


def frames(packets: list[Packet], link: int = 1) -> Frames:
    buffer, starts = b"", []
    for packet in packets:
        starts.append(len(buffer))
        buffer += packet.kept
    column = [
        starts,
        [len(p.kept) for p in packets],
        [len(p.frame) for p in packets],
        [p.t_ns for p in packets],
        [link] * len(packets),
    ]
    return Frames(buffer, *(np.array(values, np.int64) for values in column))


def find(*raw: bytes, link: int = 1, captured: int | None = None) -> tuple[list[Segment], CaptureTotals]:
    tally = CaptureTotals()
    found = find_segments(frames([Packet(START_NS, one, captured) for one in raw], link), tally)
    return list(found.rows) if found else [], tally


def test_a_segment_has_all_that_its_headers_say() -> None:
    (row,), tally = find(ethernet(V4))
    t_ns, source, target, sequence, acknowledged, flags, size, data, end = row
    assert (t_ns, source, target) == (START_NS, *ENDS)
    assert (sequence, acknowledged, flags, size) == (0xFFFF_FFFE, 0x8000_0001, ACK, len(DATA))
    assert ethernet(V4)[data:end] == DATA
    assert (tally.packets, tally.tcp) == (1, 1)


LINKS: dict[str, tuple[int, Callable[[bytes], bytes]]] = {
    "ethernet": (1, ethernet),
    "one tag": (1, lambda packet: ethernet(packet, 0x8100)),
    "tags of two kinds": (1, lambda packet: ethernet(packet, 0x88A8, 0x8100)),
    "null": (0, lambda packet: struct.pack("<I", 2) + packet),
    "loop": (108, lambda packet: struct.pack(">I", 24) + packet),
    "raw": (101, lambda packet: packet),
    "cooked": (113, lambda packet: bytes(14) + ethernet(packet)[12:14] + packet),
    "cooked, version 2": (276, lambda packet: ethernet(packet)[12:14] + bytes(18) + packet),
}


@pytest.mark.parametrize("name", LINKS)
def test_links(name: str) -> None:
    link, wrap = LINKS[name]
    rows, tally = find(wrap(V4), wrap(V6), link=link)
    assert [(row[1], row[2]) for row in rows] == [ENDS, ENDS6]
    assert [row[6] for row in rows] == [len(DATA)] * 2
    assert (tally.tcp, tally.other, tally.unknown_link) == (2, 0, 0)


def test_a_link_that_is_not_read_is_counted() -> None:
    rows, tally = find(V4, V4, link=127)
    assert rows == []
    assert (tally.packets, tally.unknown_link) == (2, 2)


def extension(following: int, size: int = 8) -> bytes:
    return bytes([following, size // 8 - 1]) + bytes(size - 2)


def test_extension_headers_of_ipv6() -> None:
    authentication = bytes([60, 4]) + bytes(22)
    chain = extension(43) + extension(51, 24) + authentication + extension(6, 16)
    segment = tcp(CLIENT6, PROXY6, ACK, DATA)
    (row,), _ = find(ethernet(ipv6(CLIENT6, PROXY6, chain + segment, protocol=0)))
    assert (row[1], row[2], row[6]) == (*ENDS6, len(DATA))


def test_more_extension_headers_than_anybody_sends_are_not_followed() -> None:
    chain = extension(0) * 12 + extension(6)
    rows, tally = find(ethernet(ipv6(CLIENT6, PROXY6, chain + SEGMENT, protocol=0)))
    assert rows == []
    assert tally.cut == 1


def test_fragments_are_skipped_and_counted() -> None:
    first, later = ipv4(CLIENT, PROXY, SEGMENT, fragment=0x2000), ipv4(CLIENT, PROXY, DATA, fragment=185)
    dont = ipv4(CLIENT, PROXY, SEGMENT, fragment=0x4000)
    six = ipv6(CLIENT6, PROXY6, extension(6) + SEGMENT, protocol=44)
    rows, tally = find(*map(ethernet, (first, later, dont, six)))
    assert len(rows) == 1
    assert (tally.fragments, tally.tcp) == (3, 1)


def test_what_is_not_tcp_is_counted() -> None:
    arp = bytes(12) + b"\x08\x06" + bytes(28)
    rows, tally = find(arp, ethernet(ipv4(CLIENT, PROXY, bytes(20), protocol=17)), ethernet(b"\x55" + V4[1:]))
    assert rows == []
    assert (tally.packets, tally.other) == (3, 3)


def test_sizes_are_ips_own_where_less_was_captured_or_padded() -> None:
    (row,), tally = find(ethernet(V4), captured=54)
    assert (row[6], row[7], row[8]) == (len(DATA), 54, 54)
    assert tally.cut == 0
    rows, _ = find(ethernet(ipv4(CLIENT, PROXY, tcp(CLIENT, PROXY, ACK))) + bytes(6))
    assert rows == [], "the padding of a short frame is no data"


@pytest.mark.parametrize("total", [0, 10])
def test_lengths_of_ip_that_cannot_be(total: int) -> None:
    (row, *_), _ = find(ethernet(V4[:2] + struct.pack(">H", total) + V4[4:]), ethernet(V4))
    assert row[6] == len(DATA)


@pytest.mark.parametrize("captured", [0, 13, 20, 33, 47])
def test_too_little_captured_is_counted(captured: int) -> None:
    rows, tally = find(ethernet(V4), captured=captured)
    assert rows == []
    assert (tally.packets, tally.cut) == (1, 1)


def test_only_segments_that_say_something_are_kept() -> None:
    flags = [ACK, ACK | 8, SYN, SYN | ACK, FIN | ACK, RST, RST | ACK, 0]
    rows, tally = find(*(ethernet(ipv4(CLIENT, PROXY, tcp(CLIENT, PROXY, flag))) for flag in flags))
    assert [row[5] for row in rows] == [SYN, SYN | ACK, FIN | ACK, RST, RST | ACK]
    assert tally.tcp == len(flags)


def test_other_ports_are_foreign_where_ports_are_given() -> None:
    other = ipv4(CLIENT, ("192.0.2.1", 22), tcp(CLIENT, ("192.0.2.1", 22), SYN))
    back = ipv4(PROXY, CLIENT, tcp(PROXY, CLIENT, SYN | ACK))
    tally = CaptureTotals()
    packets = [Packet(START_NS, ethernet(packet)) for packet in (other, back, V4)]
    found = find_segments(frames(packets), tally, np.array([80]))
    assert found is not None
    assert len(list(found.rows)) == 2
    assert tally.foreign == 1


@given(st.lists(st.binary(max_size=120), min_size=1, max_size=8), st.sampled_from([0, 1, 101, 113, 276]))
def test_any_bytes_do_no_harm(raw: list[bytes], link: int) -> None:
    _, tally = find(*raw, link=link)
    assert tally.packets == len(raw) == tally.tcp + tally.other + tally.cut + tally.fragments


@given(st.data())
def test_damaged_packets_do_no_harm(data: st.DataObject) -> None:
    raw = bytearray(ethernet(data.draw(st.sampled_from([V4, V6]))))
    for _ in range(4):
        raw[data.draw(st.integers(12, len(raw) - 1))] = data.draw(st.integers(0, 255))
    rows, tally = find(bytes(raw))
    assert tally.packets == tally.tcp + tally.other + tally.cut + tally.fragments == 1
    assert all(0 <= row[6] <= 65_535 for row in rows)
