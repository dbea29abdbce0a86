from pathlib import Path

import pytest

from hitless.audit.fix.backups import (
    Backup,
    default_directory,
    forget,
    list_backups,
    save,
    steps_after_undo,
    undo,
)
from hitless.errors import UsageError
from hitless.store import ChangeError


@pytest.fixture
def store(tmp_path: Path) -> str:
    return str(tmp_path / "backups")


def change(store: str, path: Path, after: bytes) -> Backup:
    before = path.read_bytes() if path.exists() else None
    backup = save(store, [(str(path), before, after)])
    path.write_bytes(after)
    return backup


def test_a_backup_is_private_and_put_back(tmp_path: Path, store: str) -> None:
    path = tmp_path / "haproxy.cfg"
    path.write_bytes(b"one")
    backup = change(store, path, b"two")
    assert Path(store).stat().st_mode & 0o777 == 0o700
    assert {p.stat().st_mode & 0o777 for p in (Path(store) / backup.name).iterdir()} == {0o600}
    assert undo(store) == (backup, [str(path)])
    assert path.read_bytes() == b"one"


def test_undo_goes_back_step_by_step(tmp_path: Path, store: str) -> None:
    path = tmp_path / "haproxy.cfg"
    path.write_bytes(b"one")
    change(store, path, b"two")
    change(store, path, b"three")
    undo(store)
    assert path.read_bytes() == b"two"
    undo(store)
    assert path.read_bytes() == b"one"
    with pytest.raises(UsageError, match="no backup yet"):
        undo(store)


def test_a_file_that_was_not_there_goes(tmp_path: Path, store: str) -> None:
    path = tmp_path / "90-hitless.conf"
    change(store, path, b"new")
    undo(store)
    assert not path.exists()


def test_what_was_changed_since_is_not_overwritten(tmp_path: Path, store: str) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_bytes(b"1")
    second.write_bytes(b"1")
    save(store, [(str(first), b"1", b"2"), (str(second), b"1", b"2")])
    first.write_bytes(b"2")
    second.write_bytes(b"somebody's")
    with pytest.raises(ChangeError, match="nothing was put back"):
        undo(store)
    assert (first.read_bytes(), second.read_bytes()) == (b"2", b"somebody's")


def test_an_interrupted_run_is_undone(tmp_path: Path, store: str) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_bytes(b"1")
    second.write_bytes(b"1")
    save(store, [(str(first), b"1", b"2"), (str(second), b"1", b"2")])
    first.write_bytes(b"2")  # the second was not reached
    assert undo(store)[1] == [str(first)]
    assert first.read_bytes() == b"1"


def test_a_damaged_backup_changes_nothing(tmp_path: Path, store: str) -> None:
    path = tmp_path / "haproxy.cfg"
    path.write_bytes(b"one")
    backup = change(store, path, b"two")
    (Path(store) / backup.name / backup.files[0].copy).write_bytes(b"other")
    with pytest.raises(ChangeError, match="damaged"):
        undo(store)
    (Path(store) / backup.name / "manifest.json").write_bytes(b"{")
    with pytest.raises(ChangeError, match="cannot be read back"):
        list_backups(store)
    assert path.read_bytes() == b"two"


def test_a_wrong_name_is_answered_with_those_there_are(tmp_path: Path, store: str) -> None:
    path = tmp_path / "haproxy.cfg"
    path.write_bytes(b"one")
    backup = change(store, path, b"two")
    with pytest.raises(UsageError) as caught:
        undo(store, "nonsense")
    assert backup.name in caught.value.hint


def test_a_place_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ChangeError, match="Nothing was changed"):
        save(str(tmp_path / "file"), [])


def test_a_tree_keeps_its_own_backups(tmp_path: Path) -> None:
    assert default_directory(f"{tmp_path}/") == f"{tmp_path}/var/lib/hitless/backups"
    with pytest.raises(UsageError, match="is no directory"):
        default_directory(f"{tmp_path}/nowhere")


def test_a_directory_that_was_made_goes_too_unless_it_is_used(tmp_path: Path, store: str) -> None:
    for kept in (False, True):
        path = tmp_path / "haproxy.service.d" / "90-hitless.conf"
        save(store, [(str(path), None, b"new")])
        path.parent.mkdir()
        path.write_bytes(b"new")
        if kept:
            (path.parent / "somebody.conf").touch()
        undo(store)
        assert path.parent.exists() is kept


def test_what_was_put_back_has_to_count_again() -> None:
    assert steps_after_undo([]) == []
    found = steps_after_undo(["/etc/systemd/system/a.service.d/x", "/etc/haproxy/a.cfg"])
    assert [step.split()[1] for step in found] == ["daemon-reload", "reload"]
    assert steps_after_undo(["/etc/sysctl.d/90-hitless.conf"])[0].startswith("sysctl -w")


def test_a_change_that_was_not_made_leaves_no_backup(tmp_path: Path, store: str) -> None:
    path = tmp_path / "haproxy.cfg"
    path.write_bytes(b"one")
    forget(store, save(store, [(str(path), b"one", b"two")]))
    assert not list(Path(store).iterdir())


def test_a_trees_backup_changes_nothing_outside_the_tree(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "etc").mkdir(parents=True)
    ours = tmp_path / "passwd"
    ours.write_bytes(b"one")
    store = default_directory(str(tree))
    change(store, ours, b"two")
    with pytest.raises(ChangeError, match="is not below"):
        undo(store, root=str(tree))
    assert ours.read_bytes() == b"two"
    path = tree / "etc" / "haproxy.cfg"
    path.write_bytes(b"one")
    backup = change(store, path, b"two")
    assert undo(store, root=str(tree)) == (backup, [str(path)])
    assert path.read_bytes() == b"one"


def test_a_link_does_not_lead_a_trees_backups_out_of_it(tmp_path: Path) -> None:
    (tmp_path / "tree" / "var").mkdir(parents=True)
    (tmp_path / "tree" / "var" / "lib").symlink_to("/etc")
    with pytest.raises(ChangeError, match="leads nowhere there"):
        default_directory(str(tmp_path / "tree"))
    (tmp_path / "tree" / "etc").mkdir()
    assert default_directory(str(tmp_path / "tree")) == f"{tmp_path}/tree/etc/hitless/backups"
