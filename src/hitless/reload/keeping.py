"""The way back: the last known good configuration, and what is under way, on disk before anything is changed."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from hitless.records import Record
from hitless.reloads import ConfigurationDigest
from hitless.store import ChangeError, put_in_place, read_bytes, real_path, stage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hitless.reload.instance_files import InstanceFiles

__all__ = [
    "Good",
    "Pending",
    "clear_pending",
    "digests_of",
    "forget_unused",
    "keep_good",
    "read_good",
    "read_good_bytes",
    "read_pending",
    "restore",
    "write_pending",
]

_GOOD = "good.json"
_PENDING = "pending.json"
_COPY = "good-"


class GoodFile(Record, frozen=True):
    """One file of it; its bytes are in `copy`."""

    path: str
    sha256: str
    size_bytes: int
    copy: str


class Good(Record, frozen=True):
    """The last known good configuration. `proven`: a process that loaded it was proven to serve."""

    files: tuple[GoodFile, ...]
    proven: bool
    kept_at: str

    @property
    def digests(self) -> tuple[ConfigurationDigest, ...]:
        """Path, hash and size of each file."""
        return tuple(
            ConfigurationDigest(path=f.path, sha256=f.sha256, size_bytes=f.size_bytes) for f in self.files
        )


class Pending(Record, frozen=True):
    """What a call has begun to change on this host: read back by the next one if it was killed."""

    pid: int
    began_at: str
    new: tuple[ConfigurationDigest, ...] = ()
    """What it puts in place; () for a plain reload."""
    migrate_req_before: str = ""
    """The value of net.ipv4.tcp_migrate_req that is to be put back; "" where it was not touched."""
    network_namespace: int = 0


def digests_of(texts: Mapping[str, bytes]) -> tuple[ConfigurationDigest, ...]:
    """Return path, hash and size of each of these files."""
    return tuple(
        ConfigurationDigest(path=path, sha256=hashlib.sha256(data).hexdigest(), size_bytes=len(data))
        for path, data in texts.items()
    )


def read_good(files: InstanceFiles) -> Good | None:
    """Return what is kept, None where nothing is. Raises: ChangeError."""
    return files.read(_GOOD, Good)


def good_bytes(files: InstanceFiles, good: Good) -> dict[str, bytes]:
    """Return the bytes that are kept, by path. Raises: ChangeError if they are damaged."""
    found = {}
    for entry in good.files:
        data = files.read_bytes(entry.copy)
        if data is None or hashlib.sha256(data).hexdigest() != entry.sha256:
            raise ChangeError(
                f"The copy of {entry.path} that was kept is damaged ({files.path}/{entry.copy})."
            )
        found[entry.path] = data
    return found


def read_good_bytes(files: InstanceFiles) -> dict[str, bytes] | None:
    """Return the configuration that is kept, by path; None where none is. Raises: ChangeError if it is damaged."""
    good = read_good(files)
    return None if good is None else good_bytes(files, good)


def keep_good(files: InstanceFiles, texts: Mapping[str, bytes], *, proven: bool) -> Good:
    """Keep these files as the last known good configuration; one name switches from the old ones to them.

    Raises: ChangeError; what was kept before is kept then.
    """
    entries = []
    for digest in digests_of(texts):
        copy = f"{_COPY}{digest.sha256}"
        if files.read_bytes(copy) != texts[digest.path]:
            files.write_bytes(copy, texts[digest.path])
        entries.append(
            GoodFile(path=digest.path, sha256=digest.sha256, size_bytes=digest.size_bytes, copy=copy)
        )
    good = Good(files=tuple(entries), proven=proven, kept_at=datetime.now(UTC).isoformat(timespec="seconds"))
    files.write(_GOOD, good)
    return good


def forget_unused(files: InstanceFiles) -> None:
    """Remove copies that are not of the configuration kept now. Raises: ChangeError."""
    good = read_good(files)
    used = {entry.copy for entry in good.files} if good else set()
    for name in files.names():
        if name.startswith(_COPY) and name not in used:
            files.remove(name)


def restore(files: InstanceFiles, good: Good) -> tuple[str, ...]:
    """Put back each file that differs from what is kept; return their paths.

    Raises: ChangeError
    """
    changed = []
    for path, data in good_bytes(files, good).items():
        if read_bytes(real_path(path)) != data:
            put_in_place(stage(path, data))
            changed.append(path)
    return tuple(changed)


def read_pending(files: InstanceFiles) -> Pending | None:
    """Return what a call that did not come to its end has begun. Raises: ChangeError."""
    return files.read(_PENDING, Pending)


def write_pending(files: InstanceFiles, pending: Pending) -> None:
    """Put on record what is about to be changed. Raises: ChangeError."""
    files.write(_PENDING, pending)


def clear_pending(files: InstanceFiles) -> None:
    """Nothing is under way any more. Raises: ChangeError."""
    files.remove(_PENDING)
