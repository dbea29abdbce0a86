import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitless.captured import CaptureTotals
from hitless.explain.captures.frames import Frames
from hitless.explain.captures.pcapng import PcapngWalker, is_pcapng
from tests.explain.captures.wire import START_NS, Packet, block, enhanced, interface, option, section

PACKET = Packet(START_NS + 123_456_789, b"a frame", 5)


def walk(file: bytes, tally: CaptureTotals | None = None) -> Frames:
    found = PcapngWalker(tally or CaptureTotals()).walk(file)
    assert found.problem == ""
    assert found.consumed == len(file)
    assert found.frames is not None
    return found.frames


@pytest.mark.parametrize("order", ["<", ">"])
def test_both_byte_orders(order: str) -> None:
    file = section(order) + interface(link=276, order=order) + enhanced(PACKET, order=order)
    assert is_pcapng(file)
    frames = walk(file)
    assert frames.buffer[int(frames.start[0]) :][:5] == b"a fra"
    assert (frames.captured.tolist(), frames.length.tolist(), frames.link.tolist()) == ([5], [7], [276])
    assert frames.t_ns.tolist() == [START_NS + 123_456_000]


@pytest.mark.parametrize(
    ("resolution", "unit_ns", "expected_ns"),
    [
        (9, 1, START_NS + 123_456_789),
        (3, 1_000_000, START_NS + 123_000_000),
        (0, 1_000_000_000, START_NS),
    ],
)
def test_units_of_time_are_the_interfaces(resolution: int, unit_ns: int, expected_ns: int) -> None:
    file = section() + interface(option(9, bytes([resolution]))) + enhanced(PACKET, unit_ns=unit_ns)
    assert walk(file).t_ns.tolist() == [expected_ns]


def test_units_of_time_can_be_finer_than_ours_or_powers_of_two() -> None:
    ticks = 5 * 2**40 + 2**39  # 5.5 s
    binary = struct.pack("<IIIII", 0, ticks >> 32, ticks & 0xFFFF_FFFF, 0, 0)
    fine = struct.pack("<IIIII", 1, 0, 2_500_000_000, 0, 0)
    file = (
        section()
        + interface(option(9, b"\xa8"))
        + interface(option(9, b"\x0c"))
        + block(6, binary)
        + block(6, fine)
    )
    assert walk(file).t_ns.tolist() == [5_500_000_000, 2_500_000]


def test_an_interface_can_have_an_offset() -> None:
    file = section() + interface(option(14, struct.pack("<q", -3600)) + option(0, b"")) + enhanced(PACKET)
    assert walk(file).t_ns.tolist() == [START_NS + 123_456_000 - 3600 * 10**9]


def test_a_new_section_has_interfaces_of_its_own_and_other_blocks_are_stepped_over() -> None:
    names = block(4, b"names of hosts")
    file = (
        section()
        + interface(link=1)
        + names
        + enhanced(PACKET)
        + section(">")
        + interface(link=101, order=">")
    )
    assert walk(file + enhanced(PACKET, order=">")).link.tolist() == [1, 101]


def test_old_packet_blocks_are_read_and_simple_ones_have_no_time() -> None:
    ticks = PACKET.t_ns // 1000
    old = struct.pack("<HHIIII", 0, 0, ticks >> 32, ticks & 0xFFFF_FFFF, 5, 7) + PACKET.kept
    tally = CaptureTotals()
    frames = walk(section() + interface() + block(2, old) + block(3, struct.pack("<I", 4) + b"abcd"), tally)
    assert frames.t_ns.tolist() == [START_NS + 123_456_000]
    assert (tally.packets, tally.without_time) == (1, 1)


def test_a_packet_of_an_interface_that_nobody_described_is_counted() -> None:
    tally = CaptureTotals()
    found = PcapngWalker(tally).walk(section() + enhanced(PACKET))
    assert found.frames is None
    assert (tally.packets, tally.unknown_link) == (1, 1)


def test_what_the_capturing_program_lost_is_said() -> None:
    def statistics(number: int, dropped: int) -> bytes:
        return block(5, struct.pack("<III", number, 0, 0) + option(5, struct.pack("<Q", dropped)))

    tally = CaptureTotals()
    file = section() + interface() + interface() + statistics(0, 3) + statistics(0, 9) + statistics(1, 2)
    walk(file + statistics(7, 50) + enhanced(PACKET), tally)
    assert tally.dropped_by_kernel == 11


@pytest.mark.parametrize("length", [0, 11, 13, 1 << 30])
def test_a_length_that_cannot_be_stops_the_walk(length: int) -> None:
    good = section() + interface() + enhanced(PACKET)
    found = PcapngWalker(CaptureTotals()).walk(good + struct.pack("<III", 6, length, 0))
    assert found.consumed == len(good)
    assert found.problem == f"a block of {length} bytes cannot be"


def test_a_block_that_is_not_whole_waits_for_more() -> None:
    good = section() + interface()
    found = PcapngWalker(CaptureTotals()).walk(good + enhanced(PACKET)[:-1])
    assert (found.consumed, found.problem, found.frames) == (len(good), "", None)


@given(st.binary(max_size=200), st.sampled_from([1, 2, 3, 5, 6, 0x0A0D0D0A]))
def test_any_bytes_in_a_block_do_no_harm(body: bytes, kind: int) -> None:
    file = section() + interface() + block(kind, body) + enhanced(PACKET)
    PcapngWalker(CaptureTotals()).walk(file)
