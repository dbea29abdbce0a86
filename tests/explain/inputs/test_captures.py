import gzip
import lzma
from pathlib import Path

import pytest

from hitless.captured import Ending
from hitless.errors import EvidenceError
from hitless.explain.inputs.captures import read_captures
from tests.explain.stories import CAPTURES


def test_victims_and_totals() -> None:
    found = read_captures([str(CAPTURES / "accept-queue.pcap")], [])
    assert [victim.ending for victim in found.victims] == [Ending.RESET_UNANSWERED] * 18
    assert found.totals.packets == 234
    assert not read_captures([str(CAPTURES / "accept-queue.pcap")], ["192.0.2.1:1"]).victims


def test_gaps() -> None:
    found = read_captures([str(CAPTURES / "failed-bind.pcapng")], [])
    assert [gap.refused for gap in found.gaps] == [21]


def test_compressed_and_missing(tmp_path: Path) -> None:
    packed = tmp_path / "x.xz"
    packed.write_bytes(lzma.compress((CAPTURES / "quiet.pcap").read_bytes()))
    assert read_captures([str(packed)], []).totals.connections == 18
    with pytest.raises(EvidenceError, match="cannot be read"):
        read_captures(["/nowhere"], [])
    packed.write_bytes(b"\x28\xb5\x2f\xfd1234")
    with pytest.raises(EvidenceError, match=r"zstd|is no capture"):
        read_captures([str(packed)], [])


def test_a_compressed_one_that_was_cut_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    whole = (CAPTURES / "idle-close.pcap").read_bytes()
    packed = tmp_path / "x.gz"
    packed.write_bytes(gzip.compress(whole)[:-3000])
    found = read_captures([str(packed)], [])
    assert 0 < found.totals.packets < read_captures([str(CAPTURES / "idle-close.pcap")], []).totals.packets
    (skipped,) = found.totals.skipped
    assert "reading failed" in skipped.why
