from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from hitless.errors import UsageError
from hitless.facts import ConfigurationFile
from hitless.reload.disk import Disk, read_new
from hitless.reload.target import Target
from hitless.store import ChangeError
from tests.reload.test_target import target


def using(*paths: Path) -> Target:
    seen = target()
    files = tuple(ConfigurationFile(path=str(path), text="", sha256="") for path in paths)
    return replace(seen, instance=msgspec.structs.replace(seen.instance, configuration=files))


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    path = tmp_path / "h.cfg"
    path.write_bytes(b"old\n")
    return path


def test_a_new_version_waits_and_is_put_in_place(configuration: Path) -> None:
    disk = Disk(using(configuration))
    waiting = disk.stage({str(configuration): b"new\n"})[str(configuration)]
    assert (configuration.read_bytes(), Path(waiting).read_bytes()) == (b"old\n", b"new\n")
    disk.put()
    assert configuration.read_bytes() == b"new\n"
    assert list(configuration.parent.iterdir()) == [configuration]
    assert disk.read() == {str(configuration): b"new\n"}


def test_what_is_not_put_in_place_is_gone(configuration: Path) -> None:
    disk = Disk(using(configuration))
    disk.stage({str(configuration): b"new\n"})
    disk.discard()
    assert list(configuration.parent.iterdir()) == [configuration]


def test_a_file_that_somebody_else_changed_is_left_alone(configuration: Path) -> None:
    disk = Disk(using(configuration))
    disk.stage({str(configuration): b"new\n"})
    configuration.write_bytes(b"theirs\n")
    with pytest.raises(ChangeError, match="somebody else"):
        disk.put()
    assert configuration.read_bytes() == b"theirs\n"


def test_what_a_killed_call_left_waiting_is_swept(configuration: Path) -> None:
    (configuration.parent / ".h.cfg.hitless-999999999-01234567").write_bytes(b"half")
    Disk(using(configuration)).sweep()
    assert list(configuration.parent.iterdir()) == [configuration]


def test_the_only_file_needs_no_name(configuration: Path, tmp_path: Path) -> None:
    source = tmp_path / "new.cfg"
    source.write_bytes(b"new\n")
    seen = using(configuration)
    assert read_new(seen, {"": str(source)}) == {str(configuration): b"new\n"}
    assert read_new(seen, {str(configuration): str(source)}) == {str(configuration): b"new\n"}


def test_of_several_files_the_one_that_is_meant_must_be_named(configuration: Path, tmp_path: Path) -> None:
    seen = using(configuration, tmp_path / "b.cfg")
    with pytest.raises(UsageError, match="which one"):
        read_new(seen, {"": str(configuration)})
    with pytest.raises(UsageError, match="no configuration file"):
        read_new(seen, {"/elsewhere.cfg": str(configuration)})
