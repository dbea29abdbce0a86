"""What memory a process may still get: the bounds of its control groups, from its own up to the root.

Source: Linux v6.18 Documentation/admin-guide/cgroup-v2.rst (memory.max, memory.current, memory.stat),
Documentation/admin-guide/cgroup-v1/memory.rst (memory.limit_in_bytes, memory.usage_in_bytes, memory.stat).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from hitless.host.errors import Gone, HostError
from hitless.host.processes import read_control_groups
from hitless.host.root import HostRoot

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MemoryLimit", "read_memory_limits"]

_SMALL_SIZE_BYTES = 64 * 1024
_NO_LIMIT_BYTES = 1 << 60
"""Version 1 writes "no limit" as the largest multiple of the page size."""
_INACTIVE_FILE = re.compile(r"^(?:total_)?inactive_file (\d{1,20})$", re.MULTILINE | re.ASCII)


@dataclass(frozen=True, slots=True)
class MemoryLimit:
    """One control group that bounds the memory of a process. Units: bytes.

    `used_bytes` is without the pages of files that the kernel drops first (inactive_file).
    """

    path: str
    limit_bytes: int
    used_bytes: int

    @property
    def free_bytes(self) -> int:
        """How much is left before the kernel kills somebody."""
        return max(0, self.limit_bytes - self.used_bytes)


@dataclass(frozen=True, slots=True)
class _Hierarchy:
    """Where a version of control groups is mounted, and what it calls its files."""

    mount: str
    limit: str
    usage: str


_VERSION_2 = _Hierarchy("/sys/fs/cgroup", "memory.max", "memory.current")
_VERSION_1 = _Hierarchy("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes")


def read_memory_limits(pid: int, root: HostRoot | None = None) -> tuple[MemoryLimit, ...]:
    """Return the groups around a process that have a bound; () where none has, or none is visible from here.

    Raises: Gone, Denied, HostError if the process's groups or one of their files cannot be read.
    """
    host = root or HostRoot()
    groups = read_control_groups(pid, host.path / "proc")
    path = next((p for names, p in groups.items() if "memory" in names.split(",")), None)
    hierarchy = _VERSION_1
    if path is None:
        path, hierarchy = groups.get("", ""), _VERSION_2
    return tuple(_limits(host, hierarchy, path))


def _limits(host: HostRoot, hierarchy: _Hierarchy, path: str) -> Iterator[MemoryLimit]:
    for group in [PurePosixPath(path), *PurePosixPath(path).parents] if path.startswith("/") else []:
        directory = f"{hierarchy.mount}{group}".rstrip("/")
        limit = _number(host, f"{directory}/{hierarchy.limit}")
        used = _number(host, f"{directory}/{hierarchy.usage}")
        if limit is not None and limit < _NO_LIMIT_BYTES and used is not None:
            droppable = _inactive_file_bytes(host, f"{directory}/memory.stat")
            yield MemoryLimit(str(group), limit, max(0, used - droppable))


def _number(host: HostRoot, path: str) -> int | None:
    """Return a file's number; None for "max", and where there is no such file (the root, a path of another mount)."""
    try:
        text = host.read_text(path, limit_bytes=_SMALL_SIZE_BYTES).text.strip()
    except Gone:
        return None
    if text == "max":
        return None
    if not (text.isascii() and text.isdigit()):
        raise HostError(f"{path} holds no number")
    return int(text)


def _inactive_file_bytes(host: HostRoot, path: str) -> int:
    try:
        found = _INACTIVE_FILE.findall(host.read_text(path, limit_bytes=_SMALL_SIZE_BYTES).text)
    except Gone:
        return 0
    return int(found[-1]) if found else 0
