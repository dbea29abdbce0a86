import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from hitless.reload.instance_files import InstanceFiles
from hitless.reload.keeping import (
    Pending,
    clear_pending,
    digests_of,
    forget_unused,
    keep_good,
    read_good,
    read_good_bytes,
    read_pending,
    restore,
    write_pending,
)
from hitless.store import ChangeError


@pytest.fixture
def files(tmp_path: Path) -> Iterator[InstanceFiles]:
    with InstanceFiles(str(tmp_path / "state" / "one")) as found:
        yield found


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    path = tmp_path / "h.cfg"
    path.write_bytes(b"global\n")
    path.chmod(0o640)
    return path


def test_what_was_good_is_put_back(files: InstanceFiles, configuration: Path) -> None:
    keep_good(files, {str(configuration): configuration.read_bytes()}, proven=True)
    configuration.write_bytes(b"broken\n")
    good = read_good(files)
    assert good is not None
    assert good.proven
    assert restore(files, good) == (str(configuration),)
    assert configuration.read_bytes() == b"global\n"
    assert configuration.stat().st_mode & 0o777 == 0o640


def test_what_is_as_it_was_is_not_touched(files: InstanceFiles, configuration: Path) -> None:
    good = keep_good(files, {str(configuration): configuration.read_bytes()}, proven=True)
    before = configuration.stat().st_ino
    assert restore(files, good) == ()
    assert configuration.stat().st_ino == before


def test_the_newer_one_takes_the_place_of_the_older(files: InstanceFiles, configuration: Path) -> None:
    keep_good(files, {str(configuration): b"one"}, proven=True)
    keep_good(files, {str(configuration): b"two"}, proven=False)
    forget_unused(files)
    good = read_good(files)
    assert good is not None
    assert good.digests == digests_of({str(configuration): b"two"})
    assert sum(name.startswith("good-") for name in files.names()) == 1


def test_a_damaged_copy_is_not_put_back(files: InstanceFiles, configuration: Path) -> None:
    good = keep_good(files, {str(configuration): configuration.read_bytes()}, proven=True)
    files.write_bytes(good.files[0].copy, b"something else")
    configuration.write_bytes(b"new\n")
    with pytest.raises(ChangeError, match="damaged"):
        restore(files, good)
    assert configuration.read_bytes() == b"new\n"


def test_the_bytes_that_are_kept(files: InstanceFiles, configuration: Path) -> None:
    assert read_good_bytes(files) is None
    keep_good(files, {str(configuration): b"one"}, proven=True)
    assert read_good_bytes(files) == {str(configuration): b"one"}


def test_what_is_under_way_is_read_back(files: InstanceFiles) -> None:
    pending = Pending(pid=os.getpid(), began_at="now", new=digests_of({"/a": b"x"}), migrate_req_before="0")
    assert read_pending(files) is None
    write_pending(files, pending)
    assert read_pending(files) == pending
    clear_pending(files)
    assert read_pending(files) is None
