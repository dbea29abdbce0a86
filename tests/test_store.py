import os
from pathlib import Path

import pytest

from hitless.store import (
    ChangeError,
    below,
    discard,
    put_in_place,
    read_bytes,
    real_path,
    remove_empty_drop_in_directory,
    stage,
    sync_directory,
)


def test_a_file_is_replaced_with_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "haproxy.cfg"
    path.write_bytes(b"old")
    path.chmod(0o640)
    staged = stage(str(path), b"new")
    assert path.read_bytes() == b"old", "nothing changes before it is put in place"
    assert Path(staged.waiting).name.startswith("."), "HAProxy reads no hidden file of a directory"
    put_in_place(staged)
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o640
    assert [p.name for p in tmp_path.iterdir()] == ["haproxy.cfg"]


def test_attributes_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "haproxy.cfg"
    path.write_bytes(b"old")
    try:
        os.setxattr(path, "user.note", b"mine")
    except OSError:
        pytest.skip("this file system has no attributes of users")
    put_in_place(stage(str(path), b"new"))
    assert os.getxattr(path, "user.note") == b"mine"


def test_a_link_stays_and_its_target_is_replaced(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"old")
    link.symlink_to(target)
    put_in_place(stage(str(link), b"new"))
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


def test_a_new_file_makes_its_directory(tmp_path: Path) -> None:
    path = tmp_path / "haproxy.service.d" / "90-hitless.conf"
    put_in_place(stage(str(path), b"x"))
    assert path.read_bytes() == b"x"
    assert path.stat().st_mode & 0o777 == 0o644


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "haproxy.cfg"
    path.write_bytes(b"old")
    for name in (".haproxy.cfg.hitless-99999999-0123abcd", f".haproxy.cfg.hitless-{os.getpid()}-0123abcd"):
        (tmp_path / name).write_bytes(b"half")
    discard(stage(str(path), b"new").waiting)
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        f".haproxy.cfg.hitless-{os.getpid()}-0123abcd",
        "haproxy.cfg",
    ]


def test_an_interruption_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        stage(str(tmp_path / "haproxy.cfg"), b"new")
    assert not list(tmp_path.iterdir())


def test_what_somebody_else_has_changed_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "haproxy.cfg"
    path.write_bytes(b"old")
    staged = stage(str(path), b"new")
    path.write_bytes(b"theirs")
    with pytest.raises(ChangeError, match="changed by somebody else"):
        put_in_place(staged)
    assert path.read_bytes() == b"theirs"
    assert len(list(tmp_path.iterdir())) == 1


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for name in ("pipe", "."):
        with pytest.raises(ChangeError):
            stage(str(tmp_path / name), b"x")
    with pytest.raises(ChangeError):
        stage(str(tmp_path / "loop"), b"x")
    assert read_bytes(str(tmp_path / "absent")) is None


def test_helpers_do_not_mind_what_is_gone(tmp_path: Path) -> None:
    discard(str(tmp_path / "gone"))
    sync_directory(str(tmp_path))
    assert real_path(str(tmp_path / "gone")) == str(tmp_path / "gone")


def test_a_link_of_a_tree_stays_inside_it(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "haproxy.cfg").symlink_to("/srv/haproxy.cfg")
    with pytest.raises(ChangeError, match="leads nowhere"):
        below(f"{tmp_path}/", "/etc/haproxy.cfg")
    (tmp_path / "srv").mkdir()
    (tmp_path / "srv" / "haproxy.cfg").touch()
    assert below(f"{tmp_path}/", "/etc/haproxy.cfg") == f"{tmp_path}/srv/haproxy.cfg"
    assert below("/", "/etc/haproxy.cfg") == "/etc/haproxy.cfg"


def test_only_an_empty_directory_of_a_drop_in_goes(tmp_path: Path) -> None:
    for name in ("haproxy.service.d", "sysctl.d"):
        (tmp_path / name).mkdir()
        remove_empty_drop_in_directory(str(tmp_path / name / "90-hitless.conf"))
    assert [p.name for p in tmp_path.iterdir()] == ["sysctl.d"]
