import pytest

from hitless.explain.captures.pcap import HEADER_BYTES, PcapWalker, is_pcap
from tests.explain.captures.wire import START_NS, Packet, pcap

PACKETS = [
    Packet(START_NS + 123_456_789, b"first frame of all"),
    Packet(START_NS + 999_999_999, b"second", 3),
    Packet(START_NS + 1_000_000_000, b""),
]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("nano", "unit_ns"), [(False, 1000), (True, 1)])
def test_both_byte_orders_and_both_units_of_time(order: str, *, nano: bool, unit_ns: int) -> None:
    file = pcap(PACKETS, order=order, nano=nano, link=113)
    assert is_pcap(file)
    walk = PcapWalker(file[:HEADER_BYTES]).walk(file[HEADER_BYTES:])
    frames = walk.frames
    assert frames is not None
    assert walk.consumed == len(file) - HEADER_BYTES
    assert frames.t_ns.tolist() == [packet.t_ns // unit_ns * unit_ns for packet in PACKETS]
    assert frames.length.tolist() == [len(packet.frame) for packet in PACKETS]
    assert set(frames.link.tolist()) == {113}
    kept = [
        frames.buffer[start : start + captured]
        for start, captured in zip(frames.start.tolist(), frames.captured.tolist(), strict=True)
    ]
    assert kept == [packet.kept for packet in PACKETS]


def test_a_packet_that_is_not_whole_waits_for_more() -> None:
    file = pcap(PACKETS)
    body = file[HEADER_BYTES:]
    walk = PcapWalker(file[:HEADER_BYTES]).walk(body[:-10])
    assert walk.frames is not None
    assert len(walk.frames.start) == 2
    assert not walk.problem
    rest = PcapWalker(file[:HEADER_BYTES]).walk(body[walk.consumed :])
    assert rest.frames is not None
    assert len(rest.frames.start) == 1


def test_a_length_that_cannot_be_stops_the_walk() -> None:
    file = pcap(PACKETS[:1])
    walk = PcapWalker(file[:HEADER_BYTES]).walk(file[HEADER_BYTES:] + b"\xff" * 40)
    assert walk.frames is not None
    assert walk.consumed == len(file) - HEADER_BYTES
    assert walk.problem == "a packet of 4294967295 bytes cannot be"


def test_bits_above_the_link_type_are_not_part_of_it() -> None:
    file = pcap(PACKETS, link=0x1400_0001)
    walk = PcapWalker(file[:HEADER_BYTES]).walk(file[HEADER_BYTES:])
    assert walk.frames is not None
    assert set(walk.frames.link.tolist()) == {1}


def test_what_is_no_capture_is_refused() -> None:
    assert not is_pcap(b"\xd4\xc3\xb2\xa1")
    assert not is_pcap(b"GIF89a" + bytes(30))
    with pytest.raises(ValueError, match="no header"):
        PcapWalker(bytes(24))
