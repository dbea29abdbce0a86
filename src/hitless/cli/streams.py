"""What stands at an output's path and must be written to as it is: a device, a pipe, our own descriptors.

A file is written beside its place and moved there. Done to /dev/null that would put a file where the whole host
expects a device.
"""

from __future__ import annotations

import os
import stat

from hitless.errors import HitlessError

__all__ = ["is_stream"]

_SPECIAL = ("/dev/", "/proc/")
_DIRECTORIES_OF_FILES = ("/dev/shm/",)  # noqa: S108 - recognised, not written to


def is_stream(path: str) -> bool:
    """Return whether the path is to be opened and written, not replaced.

    Raises: HitlessError for what takes no text: a socket, a disk, a pipe that another user put there.
    """
    full = os.path.abspath(path)  # noqa: PTH100 - Path.absolute() keeps "..", Path.resolve() follows /dev/stdout
    try:
        found = os.stat(path)  # noqa: PTH116 - as above
    except (OSError, ValueError):
        return False  # whoever writes it says why it cannot be
    if stat.S_ISSOCK(found.st_mode) or stat.S_ISBLK(found.st_mode):
        raise HitlessError(f"{path} cannot be written: it is no file.")
    if stat.S_ISFIFO(found.st_mode) and found.st_uid not in {0, os.geteuid()}:
        raise HitlessError(f"{path} cannot be written: it is another user's pipe.")
    if stat.S_ISCHR(found.st_mode) or stat.S_ISFIFO(found.st_mode):
        return True
    return (
        full.startswith(_SPECIAL)
        and not full.startswith(_DIRECTORIES_OF_FILES)
        and stat.S_ISREG(found.st_mode)
    )
