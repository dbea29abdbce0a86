"""Where hitless keeps what it must find again (backups, receipts): a directory of its own, which nobody else writes."""

import os
import stat
from pathlib import Path

from hitless.errors import UsageError
from hitless.store import ChangeError, below

__all__ = ["is_private", "open_private_directory", "state_directory"]

_OF_ROOT = "/var/lib/hitless"


def state_directory(root: str = "/") -> str:
    """Return /var/lib/hitless for root (and in a tree below `root`), the user's state directory for others.

    Raises: UsageError if the tree is none; ChangeError if its place leads out of it.
    Source: XDG Base Directory Specification 0.8 (a relative XDG_STATE_HOME is to be ignored).
    """
    if root != "/" and not Path(root).is_dir():
        raise UsageError(f"--root {root} is no directory.")
    if root != "/":
        return below(root, _OF_ROOT)
    if os.geteuid() == 0:
        return _OF_ROOT
    state = os.environ.get("XDG_STATE_HOME", "")
    return f"{state if state.startswith('/') else Path.home() / '.local' / 'state'}/hitless"


def open_private_directory(path: str) -> int:
    """Return a descriptor of the directory, made with mode 0700 (and those above it with 0755) where it is missing.

    Raises: ChangeError if it cannot be made, or if somebody else can write in it: a link put there would lead what is
    written, as root perhaps, to another place.
    """
    place = Path(path)
    try:
        for parent in reversed([parent for parent in place.parents if not parent.exists()]):
            parent.mkdir(mode=0o755, exist_ok=True)
        place.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise ChangeError(f"{path} cannot be used: {error.strerror}.") from error
    if not is_private(descriptor):
        os.close(descriptor)
        raise ChangeError(
            f"{path} is left alone: others can write in it.",
            hint="Give it to the user who runs hitless, and take the right to write from group and others.",
        )
    return descriptor


def is_private(directory: int) -> bool:
    """Whether nobody but us (and root) can make or remove a name in this open directory."""
    status = os.fstat(directory)
    return status.st_uid == os.geteuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
