import os
import stat
from pathlib import Path

import pytest

from hitless.records import Record
from hitless.reload.instance_files import InstanceFiles
from hitless.store import ChangeError


class Note(Record, frozen=True):
    text: str


def test_a_record_comes_back(tmp_path: Path) -> None:
    with InstanceFiles(str(tmp_path / "state" / "one")) as files:
        files.write("a.json", Note(text="x"))
        assert files.read("a.json", Note) == Note(text="x")
        files.remove("a.json")
        files.remove("a.json")
        assert files.read("a.json", Note) is None


def test_all_of_it_is_private(tmp_path: Path) -> None:
    with InstanceFiles(str(tmp_path / "state" / "one")) as files:
        files.write_bytes("a", b"secret")
        os.close(files.open_lock())
    directory = tmp_path / "state" / "one"
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()} == {0o600}


def test_nothing_stays_open(tmp_path: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    with InstanceFiles(str(tmp_path / "state" / "one")) as files:
        files.write("a.json", Note(text="x"))
        files.read("a.json", Note)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_what_is_no_record_is_none(tmp_path: Path) -> None:
    with InstanceFiles(str(tmp_path / "s" / "one")) as files:
        for data in (b"", b"{", b'{"other": 1}', b"\xff\xfe"):
            files.write_bytes("a.json", data)
            assert files.read("a.json", Note) is None


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    with InstanceFiles(str(tmp_path / "s" / "one")) as files:
        (tmp_path / "target").write_text("precious")
        (tmp_path / "s" / "one" / "a").symlink_to(tmp_path / "target")
        with pytest.raises(ChangeError):
            files.read_bytes("a")
        files.write_bytes("a", b"new")
        assert (tmp_path / "target").read_text() == "precious"


def test_what_a_killed_writer_left_is_swept(tmp_path: Path) -> None:
    with InstanceFiles(str(tmp_path / "s" / "one")) as files:
        (tmp_path / "s" / "one" / ".a.0123").write_text("half")
        files.write_bytes("a", b"whole")
        files.sweep()
        assert files.names() == ["a"]


def test_what_a_living_writer_is_just_writing_is_left(tmp_path: Path) -> None:
    with InstanceFiles(str(tmp_path / "s" / "one")) as files:
        name = f".a.{os.getpid()}-0123456789ab"
        (tmp_path / "s" / "one" / name).write_text("half")
        files.sweep()
        assert files.names() == [name]


def test_a_directory_that_others_may_write_in_is_refused(tmp_path: Path) -> None:
    (tmp_path / "s" / "one").mkdir(parents=True)
    (tmp_path / "s").chmod(0o700)
    (tmp_path / "s" / "one").chmod(0o777)
    with pytest.raises(ChangeError):
        InstanceFiles(str(tmp_path / "s" / "one"))
