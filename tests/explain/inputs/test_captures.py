import lzma
from pathlib import Path

import pytest

from hitless.captured import Ending
from hitless.errors import EvidenceError
from hitless.explain.inputs.captures import open_capture, read_captures
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
    with pytest.raises(EvidenceError, match="cannot be read"), open_capture("/nowhere"):
        pass
    packed.write_bytes(b"\x28\xb5\x2f\xfd1234")
    with pytest.raises(EvidenceError, match="zstd"), open_capture(str(packed)):
        pass
