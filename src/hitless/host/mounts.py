"""Which file system a path is on: the mount whose point is its longest prefix.

Source: Linux v6.18 fs/proc_namespace.c show_mountinfo(); proc_pid_mountinfo(5).
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

from hitless.host.errors import HostError
from hitless.host.root import HostRoot, printable

__all__ = ["MountLine", "Mounts", "read_mount_lines", "read_mounts"]

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


@dataclass(frozen=True, slots=True)
class MountLine:
    """A line of mountinfo: which directory (`root`) of a file system is mounted where."""

    root: str
    point: str
    type: str
    options: tuple[str, ...]
    """The file system's own: "rw", "cpu", "name=systemd"."""


def read_mount_lines(root: HostRoot) -> tuple[MountLine, ...]:
    """Return what is mounted on the host, in order; nothing for a tree without a recorded /proc/self/mountinfo."""
    try:
        data, _ = root.read_bytes("/proc/self/mountinfo", limit_bytes=_MOUNTINFO_SIZE_BYTES)
    except HostError:
        return ()
    return tuple(_parse(data))


def _parse(data: bytes) -> Iterator[MountLine]:
    for line in data.split(b"\n"):
        left, separator, right = line.partition(b" - ")
        fields, tail = left.split(b" "), right.split(b" ")
        if separator and len(fields) >= _FIELDS_BEFORE_OPTIONAL:
            root, point, kind, options = map(_text, (fields[3], fields[4], tail[0], tail[-1]))
            yield MountLine(root, point, kind, tuple(options.split(",")))


def _text(field: bytes) -> str:
    return os.fsdecode(_ESCAPE.sub(lambda match: bytes([int(match[1], 8) & 0xFF]), field))


def read_mounts(root: HostRoot) -> Mounts:
    """Return what is mounted on the host; nothing for a tree without a recorded /proc/self/mountinfo."""
    return Mounts({line.point: printable(line.type) for line in read_mount_lines(root)})
