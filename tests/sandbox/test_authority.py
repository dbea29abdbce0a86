from pathlib import Path

import pytest

from hitless.errors import SandboxError
from hitless.sandbox.authority import open_authority


def test_the_second_time_it_is_the_same_authority_and_nothing_is_written(tmp_path: Path) -> None:
    directory = str(tmp_path / "private")
    first, paths = open_authority(directory, ["a.example"])
    before = {path.name: path.read_bytes() for path in Path(directory).iterdir()}
    second, again = open_authority(directory, ["b.example"])
    assert again == paths
    assert second.certificate_pem() == first.certificate_pem() == Path(paths.authority).read_bytes()
    assert {path.name: path.read_bytes() for path in Path(directory).iterdir()} == before


def test_keys_are_private(tmp_path: Path) -> None:
    directory = tmp_path / "private"
    open_authority(str(directory), [])
    assert directory.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in directory.iterdir()} == {0o600}


@pytest.mark.parametrize("name", ["authority.pem", "leaf-key.pem"])
def test_damaged_or_planted_files_are_refused(tmp_path: Path, name: str) -> None:
    open_authority(str(tmp_path), [])
    (tmp_path / name).unlink()
    (tmp_path / name).symlink_to("/dev/zero")
    with pytest.raises(SandboxError):
        open_authority(str(tmp_path), [])
    (tmp_path / name).unlink()
    (tmp_path / name).write_bytes(b"junk")
    with pytest.raises(SandboxError):
        open_authority(str(tmp_path), [])
