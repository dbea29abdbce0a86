import gzip
from datetime import UTC
from pathlib import Path

import pytest

from hitless.errors import EvidenceError
from hitless.explain.entries import ReadOptions
from hitless.explain.heads.wall_clock import WallClock
from hitless.explain.sources.log_set import open_logs, with_rotated
from hitless.logged import SkipReason

OPTIONS = ReadOptions(clock=WallClock(UTC))


def test_logs_in_their_order(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("one\n")
    (tmp_path / "a.log.1.gz").write_bytes(gzip.compress(b"zero\n"))
    (tmp_path / "a.log.d").mkdir()
    paths = with_rotated(str(tmp_path / "a.log"))
    assert [Path(path).name for path in paths] == ["a.log.1.gz", "a.log"]
    with open_logs(paths, OPTIONS) as logs:
        sources = logs.sources
        assert [(s.number, Path(s.name).name, s.compression, s.zone) for s in sources] == [
            (0, "a.log.1.gz", "gzip", "UTC"),
            (1, "a.log", "", "UTC"),
        ]
        assert [b"".join(b.data for b in logs.blocks(file)) for file in logs.files] == [b"zero\n", b"one\n"]
        assert not logs.skipped
        logs.skip_count(logs.files[0]).add(SkipReason.TORN, 5, 7)
        assert [(left.source, left.reason) for left in logs.skipped] == [(0, SkipReason.TORN)]
    assert all(file.file.closed for file in logs.files)


def test_a_log_without_rotated_ones(tmp_path: Path) -> None:
    assert with_rotated(str(tmp_path / "missing.log")) == (str(tmp_path / "missing.log"),)
    with pytest.raises(EvidenceError):
        with_rotated(str(tmp_path / "nowhere" / "a.log"))


def test_what_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("one\n")
    for paths in ([], [str(tmp_path / "a.log"), str(tmp_path / "missing")]):
        with pytest.raises(EvidenceError), open_logs(paths, OPTIONS):
            pass
