import gzip
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitless.captured import CaptureTotals
from hitless.errors import EvidenceError
from hitless.explain.captures import reader
from hitless.explain.captures.reader import CaptureFile, Readable
from tests.explain.captures.wire import Packet, Talk, enhanced, interface, pcap, section

PACKETS = Talk().connect().exchange().packets
FILES = {
    "pcap": pcap(PACKETS),
    "pcapng": section() + interface() + b"".join(enhanced(packet) for packet in PACKETS),
}


def read(stream: Readable) -> tuple[int, CaptureFile, CaptureTotals]:
    tally = CaptureTotals()
    file = CaptureFile(stream, "x.pcap", tally)
    return sum(len(frames.start) for frames in file), file, tally


@pytest.mark.parametrize("form", FILES)
@pytest.mark.parametrize("piece", [1, 7, 100, 1 << 20])
def test_pieces_of_any_size_make_the_same_packets(
    form: str, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "_PIECE_BYTES", piece)
    count, file, tally = read(BytesIO(FILES[form]))
    assert (count, file.skipped) == (len(PACKETS), None)
    assert (tally.files, tally.size_bytes) == (1, len(FILES[form]))


@pytest.mark.parametrize("form", FILES)
def test_a_file_that_is_cut_says_what_is_left_over(form: str) -> None:
    whole = FILES[form]
    for size in range(len(whole) - len(PACKETS[-1].frame), len(whole)):
        count, file, _ = read(BytesIO(whole[:size]))
        assert count == len(PACKETS) - 1
        if file.skipped is not None:
            assert file.skipped.offset_bytes + file.skipped.size_bytes == size
            assert file.skipped.why == "the file ends within a packet"


@pytest.mark.parametrize("form", FILES)
def test_garbage_in_the_middle_is_counted_to_the_end(form: str) -> None:
    tail = b"\xff" * 5000
    count, file, tally = read(BytesIO(FILES[form] + tail))
    assert count == len(PACKETS)
    assert file.skipped is not None
    assert (file.skipped.offset_bytes, file.skipped.size_bytes) == (len(FILES[form]), len(tail))
    assert "cannot be" in file.skipped.why
    assert tally.size_bytes == len(FILES[form]) + len(tail)


def test_a_compressed_file_that_is_cut_is_read_as_far_as_it_goes() -> None:
    many = pcap([Packet(packet.t_ns, packet.frame + bytes(range(256))) for packet in PACKETS] * 50)
    packed = gzip.compress(many)
    with gzip.open(BytesIO(packed)) as stream:
        assert read(stream)[0] == len(PACKETS) * 50
    with gzip.open(BytesIO(packed[: len(packed) // 2])) as stream:
        _, file, _ = read_in_small_pieces(stream)
    assert file.skipped is not None
    assert "reading failed" in file.skipped.why


def read_in_small_pieces(stream: Readable) -> tuple[int, CaptureFile, CaptureTotals]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "_PIECE_BYTES", 64)
        return read(stream)


@pytest.mark.parametrize("data", [b"", b"short", b"RIFF" + bytes(100), FILES["pcap"][:23]])
def test_what_is_no_capture_is_refused(data: bytes) -> None:
    with pytest.raises(EvidenceError, match="is no capture that can be read"):
        read(BytesIO(data))


def test_a_file_that_cannot_be_read_says_why() -> None:
    with (
        gzip.open(BytesIO(b"no gzip at all, but long enough")) as stream,
        pytest.raises(EvidenceError) as raised,
    ):
        read(stream)
    assert "reading failed: Not a gzipped file" in raised.value.message


@given(st.binary(max_size=400), st.sampled_from(sorted(FILES)), st.integers(24, 400))
def test_any_bytes_behind_any_part_of_a_capture_do_no_harm(tail: bytes, form: str, size: int) -> None:
    read(BytesIO(FILES[form][:size] + tail))
