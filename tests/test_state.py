import os
from pathlib import Path

import pytest

from hitless.state import is_private, open_private_directory, state_directory
from hitless.store import ChangeError


def test_root_and_others_have_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert state_directory() == "/var/lib/hitless"
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_STATE_HOME", "/home/alice/state")
    assert state_directory() == "/home/alice/state/hitless"
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    monkeypatch.setenv("HOME", "/home/alice")
    assert state_directory() == "/home/alice/.local/state/hitless"


def test_a_tree_has_roots(tmp_path: Path) -> None:
    assert state_directory(str(tmp_path)) == f"{tmp_path}/var/lib/hitless"


def test_it_is_made_for_us_alone_and_the_way_to_it_for_all(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        os.close(open_private_directory(str(tmp_path / "a" / "b")))
    finally:
        os.umask(old)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700


def test_one_that_a_group_may_read_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a").chmod(0o750)
    os.close(open_private_directory(str(tmp_path / "a")))
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o750


@pytest.mark.parametrize("mode", [0o770, 0o702, 0o1777])
def test_one_that_others_can_write_is_left_alone(tmp_path: Path, mode: int) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a").chmod(mode)
    with pytest.raises(ChangeError, match="others can write"):
        open_private_directory(str(tmp_path / "a"))


def test_a_link_or_a_file_in_its_place_is_no_directory(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "file").write_bytes(b"")
    for name in ("link", "file", "file/below"):
        with pytest.raises(ChangeError, match="cannot be used"):
            open_private_directory(str(tmp_path / name))


def test_somebody_elses_is_not_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    descriptor = open_private_directory(str(tmp_path / "a"))
    try:
        assert is_private(descriptor)
        monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
        assert not is_private(descriptor)
    finally:
        os.close(descriptor)
