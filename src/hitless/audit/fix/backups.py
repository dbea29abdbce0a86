"""What was replaced, kept with a manifest, so that `hitless fix --undo` can put it back.

A backup is a directory `DATE-TIME-RANDOM` (`.undone` behind it once it has been put back) with `manifest.json` and one
file for each file replaced. It is complete and synced before the first file is touched, so an interrupted run can be
undone, too.
"""

import contextlib
import hashlib
import os
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from hitless.errors import UsageError
from hitless.records import Record
from hitless.state import state_directory
from hitless.store import (
    ChangeError,
    Staged,
    discard,
    put_in_place,
    read_bytes,
    real_path,
    remove_empty_drop_in_directory,
    stage,
    sync_directory,
)

__all__ = [
    "BackedUp",
    "Backup",
    "default_directory",
    "forget",
    "list_backups",
    "save",
    "steps_after_undo",
    "undo",
]

_MANIFEST = "manifest.json"
_UNDONE = ".undone"
_NOT_HAPROXYS = ("systemd", "sysctl.d", "tmpfiles.d", "rsyslog.d", "logrotate.d")
"""Directories of what `hitless fix` and `hitless logs init` write beside the configuration."""
_LIMIT_BYTES = 4 * 1024 * 1024


class BackedUp(Record, frozen=True):
    """One file of a backup. SHA-256 of its bytes before ("" where there was no file) and after the change."""

    path: str
    copy: str
    sha256_before: str
    sha256_after: str


class Backup(Record, frozen=True):
    """A backup. `name` is its directory's."""

    name: str
    taken_at: str
    files: tuple[BackedUp, ...]


def default_directory(root: str = "/") -> str:
    """Return where backups are kept.

    Raises: UsageError if the tree is none; ChangeError if its place leads out of it.
    """
    return f"{state_directory(root)}/backups"


def save(directory: str, files: list[tuple[str, bytes | None, bytes]]) -> Backup:
    """Keep the bytes before each change (path, before, after), and say what they were. Raises: ChangeError."""
    now = datetime.now(UTC)
    name = f"{now:%Y%m%d-%H%M%S.%f}-{secrets.token_hex(2)}"
    place = Path(directory) / name
    try:
        Path(directory).mkdir(mode=0o700, parents=True, exist_ok=True)
        place.mkdir(mode=0o700)
        entries = []
        for number, (path, before, after) in enumerate(files, 1):
            copy = f"{number:03}-{Path(path).name}" if before is not None else ""
            if before is not None:
                _write_private(place / copy, before)
            entries.append(
                BackedUp(
                    path=path,
                    copy=copy,
                    sha256_before=_sha256(before),
                    sha256_after=_sha256(after),
                )
            )
        backup = Backup(name=name, taken_at=now.isoformat(timespec="seconds"), files=tuple(entries))
        _write_private(place / _MANIFEST, msgspec.json.format(msgspec.json.encode(backup)))
        sync_directory(str(place))
        sync_directory(directory)
    except OSError as error:
        raise ChangeError(
            f"The backup in {place} cannot be written: {error.strerror}. Nothing was changed.",
            hint="Name another place with --backup-dir.",
        ) from error
    return backup


def forget(directory: str, backup: Backup) -> None:
    """Remove a backup of a change that was not made, as far as that can be done."""
    place = Path(directory) / backup.name
    for name in (_MANIFEST, *(entry.copy for entry in backup.files if entry.copy)):
        discard(str(place / name))
    with contextlib.suppress(OSError):
        place.rmdir()


def list_backups(directory: str) -> list[Backup]:
    """Return the backups that are there, the newest first. Raises: ChangeError for one that cannot be read."""
    try:
        names = sorted((entry.name for entry in Path(directory).iterdir() if entry.is_dir()), reverse=True)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ChangeError(f"{directory} cannot be read: {error.strerror}") from error
    return [
        _read(directory, name)
        for name in names
        if not name.endswith(_UNDONE) and (Path(directory) / name / _MANIFEST).exists()
    ]


def undo(directory: str, name: str = "", *, root: str = "/") -> tuple[Backup, list[str]]:
    """Put back what a backup holds (the newest without a name); return it and the paths that were put back.

    Of a tree only files within it: whoever owns the tree can have written its backups.

    All files are looked at first: if one is neither as `hitless fix` left it nor as it was before, nothing is touched.

    Raises: UsageError if there is no such backup; ChangeError.
    """
    backups = list_backups(directory)
    backup = next((b for b in backups if name in {"", b.name}), None)
    if backup is None:
        known = ", ".join(b.name for b in backups[:5]) or "none"
        raise UsageError(f"There is no backup {name or 'yet'} in {directory}.", hint=f"There are: {known}.")
    _require_within(root, backup)
    todo = [entry for entry in backup.files if _state(entry) == "changed"]
    waiting: list[Staged] = []
    try:
        for entry in todo:
            if entry.copy:
                # One by one: those that wait are discarded when a later one fails.
                waiting.append(stage(entry.path, _kept(directory, backup, entry)))  # noqa: PERF401
        while waiting:
            put_in_place(waiting.pop(0))
    finally:
        for staged in waiting:
            discard(staged.waiting)
    for entry in todo:
        if not entry.copy:
            _remove(entry.path)
    place = Path(directory) / backup.name
    place.rename(f"{place}{_UNDONE}")
    return backup, [entry.path for entry in todo]


def steps_after_undo(paths: Sequence[str]) -> list[str]:
    """Return what a person does so that what was put back counts."""
    kinds = {next((kind for kind in _NOT_HAPROXYS if f"/{kind}/" in path), "configuration") for path in paths}
    steps = {
        "systemd": "systemctl daemon-reload",
        "sysctl.d": "sysctl -w for each setting: the kernel keeps what was set until it boots again",
        "rsyslog.d": "systemctl restart rsyslog: it reads its configuration",
        "configuration": "systemctl reload of the service: HAProxy reads its configuration",
    }
    return [step for kind, step in steps.items() if kind in kinds]


def _require_within(root: str, backup: Backup) -> None:
    top = real_path(root).rstrip("/")
    for entry in backup.files:
        if "/" in entry.copy or (
            top and (real_path(entry.path) != entry.path or not entry.path.startswith(f"{top}/"))
        ):
            raise ChangeError(
                f"The backup {backup.name} names {entry.path}, which is not below {root}; nothing was put back."
            )


def _kept(directory: str, backup: Backup, entry: BackedUp) -> bytes:
    data = read_bytes(str(Path(directory) / backup.name / entry.copy))
    if data is None or _sha256(data) != entry.sha256_before:
        raise ChangeError(f"The backup {backup.name} is damaged: {entry.copy}. Nothing was changed.")
    return data


def _state(entry: BackedUp) -> str:
    current = _sha256(read_bytes(entry.path))
    if current == entry.sha256_before:
        return "as before"
    if current == entry.sha256_after:
        return "changed"
    raise ChangeError(
        f"{entry.path} has been changed since `hitless fix` wrote it; nothing was put back.",
        hint="Put it back by hand from the backup, or undo what was changed since.",
    )


def _remove(path: str) -> None:
    try:
        Path(path).unlink()
        sync_directory(str(Path(path).parent))
        remove_empty_drop_in_directory(path)
    except OSError as error:
        raise ChangeError(f"{path} cannot be removed: {error.strerror}") from error


def _read(directory: str, name: str) -> Backup:
    path = Path(directory) / name / _MANIFEST
    data = read_bytes(str(path)) or b""
    try:
        return msgspec.json.decode(data[:_LIMIT_BYTES], type=Backup)
    except msgspec.MsgspecError as error:
        raise ChangeError(f"{path} cannot be read back: {error}") from error


def _sha256(data: bytes | None) -> str:
    return "" if data is None else hashlib.sha256(data).hexdigest()


def _write_private(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(descriptor)
