"""Write files so that nobody ever sees half of one: beside the old file, synced, renamed over it; with a way back.

Owner, mode and extended attributes (SELinux labels, access control lists) are those of the file replaced.
"""

import contextlib
import errno
import os
import re
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path

from hitless.errors import HitlessError
from hitless.host.root import HostError, HostRoot

__all__ = [
    "ChangeError",
    "Staged",
    "below",
    "discard",
    "put_in_place",
    "read_bytes",
    "real_path",
    "remove_empty_drop_in_directory",
    "stage",
    "sweep",
    "sync_directory",
]

_NEW_FILE_MODE = 0o644
_NEW_DIRECTORY_MODE = 0o755
_LIMIT_BYTES = 128 * 1024 * 1024


class ChangeError(HitlessError):
    """A file could not be changed; nothing, or what the message says, has been written."""


@dataclass(frozen=True, slots=True)
class Staged:
    """A new file that waits beside the one it is to replace."""

    path: str
    """Where it goes, symlinks resolved."""
    waiting: str
    """Where it is: a hidden name in the same directory, which HAProxy skips when it reads a directory."""
    before: bytes | None


def real_path(path: str) -> str:
    """Return the path with symlinks resolved: the link stays, its target is replaced.

    Raises: ChangeError for a loop of links.
    """
    try:
        return str(Path(path).resolve(strict=False))
    except (OSError, RuntimeError) as error:
        raise ChangeError(f"{path} cannot be resolved: {error}") from error


def below(root: str, path: str) -> str:
    """Return where a path of a tree is on this host; links are followed inside the tree, never out of it.

    Raises: ChangeError
    """
    if root == "/":
        return path
    try:
        inside = HostRoot(Path(root), live=False).real_path(path)
    except HostError as error:
        raise ChangeError(f"{path} cannot be resolved below {root}: {error}") from error
    found = f"{real_path(root)}{inside}"
    if real_path(found) != found:
        # A link to nothing inside the tree could lead to something outside it.
        raise ChangeError(
            f"{path} below {root} goes through a link that leads nowhere there; it is left alone."
        )
    return found


def read_bytes(path: str) -> bytes | None:
    """Return a regular file's bytes, None if there is none. Raises: ChangeError."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ChangeError(f"{path} cannot be read: {error.strerror}") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ChangeError(f"{path} is no regular file; it is left alone.")
    with os.fdopen(descriptor, "rb") as file:
        data = file.read(_LIMIT_BYTES + 1)
    if len(data) > _LIMIT_BYTES:
        raise ChangeError(f"{path} is too big to be changed here.")
    return data


def stage(path: str, data: bytes) -> Staged:
    """Write new contents beside a file, with its owner, mode and attributes, and sync them to disk.

    Raises: ChangeError
    """
    target = real_path(path)
    before = read_bytes(target)
    directory, name = os.path.split(target)
    sweep(target)
    waiting = f"{directory}/.{name}.hitless-{os.getpid()}-{secrets.token_hex(4)}"
    try:
        Path(directory).mkdir(mode=_NEW_DIRECTORY_MODE, parents=True, exist_ok=True)
        descriptor = os.open(
            waiting, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
        )
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            _dress(descriptor, target, existed=before is not None)
            os.fsync(descriptor)
    except OSError as error:
        discard(waiting)
        raise _cannot_write(target, error) from error
    except BaseException:
        discard(waiting)
        raise
    return Staged(target, waiting, before)


def put_in_place(staged: Staged) -> None:
    """Rename a waiting file over the one it replaces, unless that has changed since. Raises: ChangeError."""
    if read_bytes(staged.path) != staged.before:
        discard(staged.waiting)
        raise ChangeError(
            f"{staged.path} has been changed by somebody else meanwhile; it is left alone.",
            hint="Run hitless again.",
        )
    try:
        Path(staged.waiting).rename(staged.path)
        sync_directory(str(Path(staged.path).parent))
    except OSError as error:
        discard(staged.waiting)
        raise _cannot_write(staged.path, error) from error


def discard(waiting: str) -> None:
    """Remove a file that was not put in place, if it is there and can be removed."""
    with contextlib.suppress(OSError):
        Path(waiting).unlink()


def remove_empty_drop_in_directory(path: str) -> None:
    """Remove the directory of a drop-in that is not there any more, if nothing else is in it."""
    directory = Path(path).parent
    if directory.name.endswith(".service.d"):
        with contextlib.suppress(OSError):
            directory.rmdir()


def sweep(target: str) -> None:
    """Remove what processes that were killed have left waiting for this file (a path without symlinks)."""
    directory, name = os.path.split(target)
    left = re.compile(rf"\.{re.escape(name)}\.hitless-([0-9]+)-[0-9a-f]{{8}}")
    try:
        names = [entry.name for entry in Path(directory).iterdir()]
    except OSError:
        return
    for found in filter(None, map(left.fullmatch, names)):
        if not Path(f"/proc/{found[1]}").exists():
            discard(f"{directory}/{found[0]}")


def sync_directory(directory: str) -> None:
    """Make what was renamed in a directory survive a crash."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _dress(descriptor: int, target: str, *, existed: bool) -> None:
    """Give the new file owner, mode and attributes of the old one."""
    if not existed:
        os.fchmod(descriptor, _NEW_FILE_MODE)
        return
    old = Path(target).lstat()
    new = os.fstat(descriptor)
    if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
        os.fchown(descriptor, old.st_uid, old.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(old.st_mode))
    for name in _attributes(target):
        try:
            os.setxattr(descriptor, name, os.getxattr(target, name, follow_symlinks=False))
        except OSError as error:
            if error.errno not in {errno.ENOTSUP, errno.EPERM, errno.ENODATA}:
                raise
            if name == "security.selinux":
                raise ChangeError(
                    f"{target} has an SELinux label that cannot be given to its new version: {error.strerror}."
                ) from error


def _attributes(path: str) -> list[str]:
    try:
        return os.listxattr(path, follow_symlinks=False)
    except OSError as error:
        if error.errno in {errno.ENOTSUP, errno.ENOSYS}:
            return []
        raise


def _cannot_write(path: str, error: OSError) -> ChangeError:
    hint = "Run it as root, or as the files' owner." if isinstance(error, PermissionError) else ""
    return ChangeError(f"{path} cannot be written: {error.strerror or error}.", hint=hint)
