"""Directories for runs whose evidence is not kept: removed at the end, or by the next run if this one was killed.

Whoever uses one holds a lock on it as long as it lives; one that nobody holds was abandoned.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["scratch_directory", "sweep_scratch"]

PREFIX = "hitless-lab-"
YOUNG_S = 60.0
"""One that was made just now may not be locked yet."""
_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@contextmanager
def scratch_directory() -> Iterator[Path]:
    """Yield a new private directory, and remove it."""
    with tempfile.TemporaryDirectory(prefix=PREFIX) as path:
        descriptor = os.open(path, _FLAGS)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield Path(path)
        finally:
            os.close(descriptor)


def sweep_scratch(directory: Path | None = None, *, young_s: float = YOUNG_S) -> None:
    """Remove what runs of this user have left that were killed."""
    for path in (directory or Path(tempfile.gettempdir())).glob(f"{PREFIX}*"):
        with suppress(OSError):  # another's, in use, or gone meanwhile
            _remove_abandoned(path, young_s)


def _remove_abandoned(path: Path, young_s: float) -> None:
    descriptor = os.open(path, _FLAGS)
    try:
        status = os.fstat(descriptor)
        if status.st_uid != os.geteuid() or time.time() - status.st_mtime < young_s:
            return
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(path)
    finally:
        os.close(descriptor)
