import hashlib
import os
import stat
from pathlib import Path

import msgspec
import pytest

from hitless.audit.fix.apply import apply_changes, with_current_texts
from hitless.audit.fix.backups import undo
from hitless.audit.fix.plan import plan_fixes
from hitless.audit.table import load_rule
from hitless.facts import Binary, ConfigurationFile, Instance, Process, Role, RunMode, Snapshot
from hitless.store import ChangeError

TEXT = b"global\n    expose-fd listeners\n# caf\xe9\ndefaults\n    mode http\n"
FIXED = TEXT.replace(
    b"expose-fd listeners", b"stats socket /run/haproxy/admin.sock mode 660 level admin expose-fd listeners"
)


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    path = tmp_path / "etc" / "haproxy.cfg"
    path.parent.mkdir()
    path.write_bytes(TEXT)
    return path


@pytest.fixture
def backups(tmp_path: Path) -> str:
    return str(tmp_path / "backups")


def program(tmp_path: Path, text: str) -> Binary:
    """Return a stand-in for HAProxy that says its version, and does `text` when it is to check."""
    path = tmp_path / "haproxy"
    path.write_text(f'#!/bin/sh\n[ "$1" = -vv ] && echo "HAProxy version 2.8.1" && exit 0\n{text}\n')
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return Binary(path=str(path), version=(2, 8, 1), version_text="2.8.1")


def seen(path: Path, binary: Binary | None = None) -> Snapshot:
    data = path.read_bytes()
    file = ConfigurationFile(path=str(path), text="", sha256=hashlib.sha256(data).hexdigest())
    instance = Instance(name="x", configuration=(file,), mode=RunMode.MASTER_WORKER, binary=binary)
    return with_current_texts(Snapshot(tool_version="0", taken_at="", instances=(instance,)))


RULES = [load_rule("HL109")]


def test_the_files_own_bytes_are_worked_on(configuration: Path) -> None:
    [file] = seen(configuration).instances[0].configuration
    assert file.text.encode("utf-8", "surrogateescape") == TEXT


def test_a_file_that_changed_since_is_refused(configuration: Path) -> None:
    snapshot = seen(configuration)
    configuration.write_bytes(b"other")
    with pytest.raises(ChangeError, match="has changed since"):
        with_current_texts(snapshot)


def test_what_haproxy_accepts_is_written_and_can_be_undone(
    configuration: Path, backups: str, tmp_path: Path
) -> None:
    log = tmp_path / "asked"
    snapshot = seen(configuration, program(tmp_path, f'echo "$@" > {log}; cat "$4" > {log}.cfg; exit 0'))
    applied = apply_changes(plan_fixes(snapshot, RULES).changes, snapshot, backup_directory=backups)
    assert configuration.read_bytes() == FIXED
    assert log.read_text().startswith("-W -c -f "), "in the mode of the service"
    assert Path(f"{log}.cfg").read_bytes() == FIXED, "the result was asked about, not the file before"
    assert applied.checks == (f"{tmp_path}/haproxy -W -c -f {configuration}",)
    undo(backups, applied.backup)
    assert configuration.read_bytes() == TEXT


def test_what_haproxy_refuses_is_not_written(configuration: Path, backups: str, tmp_path: Path) -> None:
    said = 'echo "[ALERT]    (1) : config : parsing [$4:2] : no" >&2; exit 1'
    snapshot = seen(configuration, program(tmp_path, said))
    with pytest.raises(ChangeError, match=r"nothing was changed") as caught:
        apply_changes(plan_fixes(snapshot, RULES).changes, snapshot, backup_directory=backups)
    assert f"[{configuration}:2] : no" in caught.value.message, "the person's file is named, not ours"
    assert configuration.read_bytes() == TEXT
    assert [p.name for p in configuration.parent.iterdir()] == ["haproxy.cfg"]
    assert not Path(backups).exists()


def test_without_a_haproxy_nothing_is_written_unless_one_says_so(configuration: Path, backups: str) -> None:
    snapshot = seen(configuration)
    plan = plan_fixes(snapshot, RULES)
    with pytest.raises(ChangeError, match="no HAProxy here"):
        apply_changes(plan.changes, snapshot, backup_directory=backups)
    assert configuration.read_bytes() == TEXT
    assert apply_changes(plan.changes, snapshot, backup_directory=backups, check=False).checks == ()
    assert configuration.read_bytes() == FIXED


def test_a_tree_is_changed_and_never_this_host(configuration: Path, backups: str, tmp_path: Path) -> None:
    data = configuration.read_bytes()
    file = ConfigurationFile(path="/etc/haproxy.cfg", text="", sha256=hashlib.sha256(data).hexdigest())
    instance = Instance(name="x", configuration=(file,), mode=RunMode.MASTER_WORKER)
    bare = Snapshot(tool_version="0", taken_at="", instances=(instance,))
    snapshot = with_current_texts(bare, root=str(tmp_path))
    applied = apply_changes(
        plan_fixes(snapshot, RULES).changes,
        snapshot,
        root=str(tmp_path),
        backup_directory=backups,
        check=False,
    )
    assert applied.paths == (str(configuration),)
    assert configuration.read_bytes() == FIXED


def test_where_the_first_rename_fails_no_backup_is_left(
    configuration: Path, backups: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot = seen(configuration)
    plan = plan_fixes(snapshot, RULES)

    def refuse(_self: Path, _target: str) -> Path:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(ChangeError, match=r"Operation not permitted\. Nothing was changed\."):
        apply_changes(plan.changes, snapshot, backup_directory=backups, check=False)
    assert not list(Path(backups).iterdir())
    assert [p.name for p in configuration.parent.iterdir()] == ["haproxy.cfg"]


@pytest.mark.parametrize("source", ["show info on /run/x.sock", "/x/haproxy -vv"])
def test_a_program_that_was_not_to_be_run_is_not_run_now(
    configuration: Path, backups: str, tmp_path: Path, source: str
) -> None:
    log = tmp_path / "asked"
    binary = msgspec.structs.replace(program(tmp_path, f"touch {log}; exit 0"), source=source)
    snapshot = seen(configuration, binary)
    if source.startswith("show info"):
        with pytest.raises(ChangeError, match="no HAProxy here"):
            apply_changes(plan_fixes(snapshot, RULES).changes, snapshot, backup_directory=backups)
        assert not log.exists()
    else:
        apply_changes(plan_fixes(snapshot, RULES).changes, snapshot, backup_directory=backups)
        assert log.exists()


def test_root_does_not_check_what_another_user_wrote_for_himself(
    configuration: Path, backups: str, tmp_path: Path
) -> None:
    if os.geteuid() != 0:
        return
    snapshot = seen(configuration, program(tmp_path, "exit 0"))
    [instance] = snapshot.instances
    theirs = (Process(pid=1, parent_pid=0, role=Role.CLASSIC, uid=1234),)
    snapshot = msgspec.structs.replace(
        snapshot, instances=(msgspec.structs.replace(instance, processes=theirs),)
    )
    os.chown(configuration, 1234, 1234)
    with pytest.raises(ChangeError, match="belong to another user"):
        apply_changes(plan_fixes(snapshot, RULES).changes, snapshot, backup_directory=backups)
    os.chown(configuration, 0, 0)
    apply_changes(plan_fixes(snapshot, RULES).changes, snapshot, backup_directory=backups)
    assert configuration.read_bytes() == FIXED
