import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from hitless.reload.disk import Disk
from hitless.reload.instance_files import InstanceFiles
from hitless.reload.keeping import Pending, digests_of, read_pending, write_pending
from hitless.reload.recovery import recover
from tests.reload.test_disk import using


@pytest.fixture
def files(tmp_path: Path) -> Iterator[InstanceFiles]:
    with InstanceFiles(str(tmp_path / "state" / "one")) as found:
        yield found


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    (tmp_path / "h.cfg").write_bytes(b"new\n")
    return Disk(using(tmp_path / "h.cfg"))


def pending(disk: Disk, data: bytes, **fields: str) -> Pending:
    (path,) = disk.read()
    return Pending(pid=os.getpid(), began_at="yesterday", new=digests_of({path: data}), **fields)  # type: ignore[arg-type]


def test_nothing_is_left_and_nothing_said(files: InstanceFiles, disk: Disk) -> None:
    assert recover(files, disk, disk.target) == ""


def test_what_was_put_in_place_stays_and_is_said(files: InstanceFiles, disk: Disk) -> None:
    write_pending(files, pending(disk, b"new\n"))
    said = recover(files, disk, disk.target)
    assert "in place and was not proven" in said
    assert "yesterday" in said
    assert list(disk.read().values()) == [b"new\n"]
    assert read_pending(files) is None


def test_what_was_not_put_in_place_any_more_is_said(files: InstanceFiles, disk: Disk) -> None:
    write_pending(files, pending(disk, b"another\n"))
    assert "not the one it brought" in recover(files, disk, disk.target)


def test_a_setting_of_a_namespace_that_is_gone_is_said(files: InstanceFiles, disk: Disk) -> None:
    write_pending(
        files,
        Pending(pid=1, began_at="yesterday", migrate_req_before="0", network_namespace=1),
    )
    assert "namespace that is gone" in recover(files, disk, disk.target)


def test_half_written_files_are_swept(files: InstanceFiles, disk: Disk) -> None:
    (path,) = disk.read()
    half = Path(path).parent / ".h.cfg.hitless-999999999-01234567"
    half.write_bytes(b"ha")
    (Path(files.path) / ".good.json.0123").write_bytes(b"ha")
    recover(files, disk, disk.target)
    assert not half.exists()
    assert files.names() == []
