"""Bundles that were never finished: hitless was killed while it wrote them, and could not remove them.

Whoever writes a bundle holds a lock on its partial directory as long as it lives. One that nobody holds, that is our
own user's and has nothing in it but a bundle's files, was abandoned, and the next run removes it.
"""

import fcntl
import os
import re
import shutil
import stat
from contextlib import suppress
from pathlib import Path

from hitless.errors import EvidenceError

__all__ = ["PARTIAL_SUFFIX", "hold", "remove_abandoned", "sweep_abandoned"]

PARTIAL_SUFFIX = ".partial"
_DEFAULT_NAME = re.compile(rf"prove-\d{{8}}-\d{{6}}{re.escape(PARTIAL_SUFFIX)}")
_MARK = "config"
"""Made right after the lock was taken: a directory without it is just being made."""
_CONTENTS = re.compile(
    rf"{_MARK}|attempts-\d+\.bin|events(-run|-world)?\.jsonl|(meta|facts|counters|verdict)\.json"
)
_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def hold(partial: Path) -> int:
    """Return a descriptor that holds the lock on a partial bundle until it is closed, by whatever end.

    Raises: OSError.
    """
    descriptor = os.open(partial, _FLAGS)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def sweep_abandoned(directory: Path) -> None:
    """Remove the abandoned bundles in a directory that have the name which `hitless prove` gives by itself."""
    try:
        names = os.listdir(directory)  # noqa: PTH208 - the names are all that is wanted
    except OSError:  # whoever writes there next says so
        return
    for name in names:
        if _DEFAULT_NAME.fullmatch(name):
            with suppress(EvidenceError):  # another run writes it, or it is none of ours
                remove_abandoned(directory / name)


def remove_abandoned(partial: Path) -> None:
    """Remove a partial bundle if there is one and it was abandoned.

    Raises: EvidenceError if there is something else, or if another run is writing it.
    """
    try:
        descriptor = hold(partial)
    except FileNotFoundError:
        return
    except BlockingIOError as error:
        raise EvidenceError(f"{partial}: another run of hitless is writing it.") from error
    except OSError as error:
        raise EvidenceError(f"{partial} is in the way: {error.strerror}.") from error
    try:
        if not _is_ours(descriptor):
            raise EvidenceError(
                f"{partial} is in the way, and is no unfinished bundle of this user.",
                hint="Move it away, or choose another --output.",
            )
        shutil.rmtree(partial)
    except OSError as error:
        raise EvidenceError(f"{partial} cannot be removed: {error.strerror}.") from error
    finally:
        os.close(descriptor)


def _is_ours(directory: int) -> bool:
    status = os.fstat(directory)
    names = os.listdir(directory)
    private = status.st_uid == os.geteuid() and stat.S_IMODE(status.st_mode) == stat.S_IRWXU
    return private and _MARK in names and all(_CONTENTS.fullmatch(name) for name in names)
