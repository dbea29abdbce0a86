"""Write a file that nobody else may read: whole or not at all, and never through a link."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from hitless.cli.streams import is_stream
from hitless.errors import HitlessError

__all__ = ["write_private"]


def write_private(text: str, target: str) -> None:
    """Write a file with mode 0600, in place of what stands at the path (a link is replaced, not followed).

    A device or a pipe is written to as it is.

    Raises: HitlessError if it cannot be written.
    """
    path = Path(target)
    try:
        if is_stream(target):
            with path.open("w", encoding="utf-8") as stream:
                stream.write(text)
            return
        if path.is_dir():
            raise IsADirectoryError(21, os.strerror(21))
        # mkstemp creates exclusively (O_EXCL), with mode 0600, under a name nobody can foresee.
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise HitlessError(f"{target} cannot be written: {reason}.") from error
