"""Which file system a path is on: the mount whose point is its longest prefix.

Source: Linux v6.18 fs/proc_namespace.c show_mountinfo(); proc_pid_mountinfo(5).
"""

import os
import re
from dataclasses import dataclass

from hitless.host.errors import HostError
from hitless.host.root import HostRoot

__all__ = ["Mounts", "read_mounts"]

_ESCAPE = re.compile(rb"\\([0-7]{3})")
_MOUNTINFO_SIZE_BYTES = 8 * 1024 * 1024
_FIELDS_BEFORE_OPTIONAL = 6


@dataclass(frozen=True, slots=True)
class Mounts:
    """Mount points with their file system's type, a later mount in place of an earlier one at the same point."""

    types: dict[str, str]

    def type_at(self, path: str) -> str:
        """Return the type of the file system that an absolute path without links is on; "" if nothing says."""
        point = os.path.normpath(path)
        while point not in self.types and point != "/":
            point = os.path.dirname(point)  # noqa: PTH120 - as text: nothing is looked at
        return self.types.get(point, "")


def read_mounts(root: HostRoot) -> Mounts:
    """Return what is mounted on the host; nothing for a tree without a recorded /proc/self/mountinfo."""
    try:
        data, _ = root.read_bytes("/proc/self/mountinfo", limit_bytes=_MOUNTINFO_SIZE_BYTES)
    except HostError:
        return Mounts({})
    types: dict[str, str] = {}
    for line in data.split(b"\n"):
        left, separator, right = line.partition(b" - ")
        fields, tail = left.split(b" "), right.split(b" ")
        if separator and len(fields) >= _FIELDS_BEFORE_OPTIONAL:
            point = os.fsdecode(_ESCAPE.sub(lambda match: bytes([int(match[1], 8) & 0xFF]), fields[4]))
            types[point] = tail[0].decode(errors="backslashreplace")
    return Mounts(types)
