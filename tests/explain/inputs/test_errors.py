import gzip
from datetime import UTC
from pathlib import Path

import pytest

from hitless.errors import EvidenceError
from hitless.explain.heads.wall_clock import WallClock
from hitless.explain.inputs.errors import read_errors
from hitless.explain.inputs.kinds import kind_of
from hitless.explain.window import ALWAYS, Window
from hitless.explanations import InputKind
from tests.explain.test_error_snapshots import FIXTURES, printed

CLOCK = WallClock(UTC)


def test_records_of_several_files_in_a_window(tmp_path: Path) -> None:
    packed = tmp_path / "errors.gz"
    packed.write_bytes(gzip.compress(printed("2.8")))
    paths = [str(packed), str(FIXTURES / "3.2.errors")]
    assert [kind_of(path) for path in paths] == [InputKind.ERRORS] * 2
    found = read_errors(paths, CLOCK, ALWAYS)
    assert [name for name, _ in found.found] == [paths[0]] * 2 + [paths[1]] * 2
    assert found.size_bytes == len(printed("3.2") + printed("2.8"))
    since_ns = found.found[0][1].at.t_ns  # 2.8 was tried last
    assert [name for name, _ in read_errors(paths, CLOCK, Window(since_ns)).found] == [paths[0]] * 2


def test_malformed_records_are_counted_and_named(tmp_path: Path) -> None:
    path = tmp_path / "errors"
    path.write_bytes(printed("3.2") + b"\n[soon] frontend x\n" * 5)
    (note,) = read_errors([str(path)], CLOCK, ALWAYS).notes
    assert note.startswith(f"{path}: 5 malformed, the first at byte {len(printed('3.2')) + 1}: no record")
    with pytest.raises(EvidenceError, match="cannot be read"):
        read_errors([str(tmp_path / "nowhere")], CLOCK, ALWAYS)
    path.write_bytes(gzip.compress(printed("3.2"))[:200])
    notes = read_errors([str(path)], CLOCK, ALWAYS).notes
    assert any("broken compression" in note for note in notes)
    path.write_bytes(gzip.compress(printed("3.2"))[:5])
    with pytest.raises(EvidenceError, match="cannot be read"):
        read_errors([str(path)], CLOCK, ALWAYS)
