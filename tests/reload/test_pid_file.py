from pathlib import Path

import pytest

from hitless.reload.pid_file import KeptPidFile


def test_what_has_changed_is_put_back(tmp_path: Path) -> None:
    path = tmp_path / "pid"
    path.write_text("12\n")
    path.chmod(0o640)
    kept = KeptPidFile(str(path))
    path.unlink()
    path.write_text("13\n")
    assert kept.restore() == ""
    assert path.read_text() == "12\n"
    inode = path.stat().st_ino
    assert kept.restore() == ""
    assert path.stat().st_ino == inode
    assert list(tmp_path.iterdir()) == [path]


def test_one_that_was_not_there_goes(tmp_path: Path) -> None:
    path = tmp_path / "pid"
    kept = KeptPidFile(str(path))
    assert kept.restore() == ""
    path.write_text("13\n")
    assert kept.restore() == ""
    assert not path.exists()


def test_one_that_has_gone_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "pid"
    path.write_text("12\n")
    kept = KeptPidFile(str(path))
    path.unlink()
    assert kept.restore() == ""
    assert path.read_text() == "12\n"


@pytest.mark.parametrize("make", ["mkdir", "symlink", "none"])
def test_what_is_no_file_is_left_alone(tmp_path: Path, make: str) -> None:
    path = tmp_path / "pid"
    if make == "mkdir":
        path.mkdir()
    elif make == "symlink":
        path.symlink_to("elsewhere")
    assert KeptPidFile("" if make == "none" else str(path)).restore() == ""
    assert not (tmp_path / "elsewhere").exists()


def test_a_problem_is_said(tmp_path: Path) -> None:
    path = tmp_path / "directory" / "pid"
    path.parent.mkdir()
    path.write_text("12\n")
    kept = KeptPidFile(str(path))
    path.unlink()
    path.mkdir()
    assert "could not be put back" in kept.restore()
