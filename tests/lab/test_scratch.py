"""What a killed run has left goes; what is in use, or another's, stays."""

import tempfile
from pathlib import Path

import pytest

from hitless.lab.scratch import scratch_directory, sweep_scratch


def test_a_directory_is_gone_afterwards(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with scratch_directory() as path:
        (path / "x").write_text("x")
        sweep_scratch(tmp_path, young_s=0)
        assert (path / "x").exists()
    assert list(tmp_path.iterdir()) == []


def test_what_was_abandoned_is_swept_and_nothing_else(tmp_path: Path) -> None:
    for name in ("hitless-lab-a", "other"):
        (tmp_path / name / "inner").mkdir(parents=True)
    (tmp_path / "hitless-lab-link").symlink_to(tmp_path / "other")
    sweep_scratch(tmp_path)
    assert (tmp_path / "hitless-lab-a").exists()
    sweep_scratch(tmp_path, young_s=0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hitless-lab-link", "other"]
