"""The files of a host: of this one, or of a tree that is laid out like one.

In a tree, paths and symbolic links are followed as if the tree were `/`: a link to /etc/x stays inside. Each step
is opened from the one before it, so that a tree which changes meanwhile (a container's root) does not lead outside.

Only regular files are read: opening a FIFO can wait for ever, opening a device can do things (/dev/watchdog).
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from hitless.host.errors import Denied, Gone, HostError, translated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.facts import FileText

__all__ = ["MAX_NAMES", "Denied", "Gone", "HostError", "HostRoot", "kind_of", "printable"]

MAX_NAMES = 100_000
"""Entries of one directory that are looked at."""

_MAX_LINKS = 40
"""As the kernel's MAXSYMLINKS. Source: path_resolution(7), Linux v6.18 include/linux/namei.h."""
_DIRECTORY = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_KINDS = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "directory",
    stat.S_IFSOCK: "socket",
    stat.S_IFIFO: "fifo",
    stat.S_IFLNK: "symbolic link",
}


def printable(name: str) -> str:
    r"""Return a name as it can be written into a snapshot: bytes that are no UTF-8 as \xNN."""
    try:
        raw = name.encode(errors="surrogateescape")
    except UnicodeEncodeError:  # a surrogate that no byte stands behind
        raw = name.encode(errors="backslashreplace")
    return raw.decode(errors="backslashreplace")


def kind_of(status: os.stat_result) -> str:
    """Return what a status is of: "file", "directory", "socket", "fifo", "symbolic link" or "other" (a device)."""
    return _KINDS.get(stat.S_IFMT(status.st_mode), "other")


@dataclass(frozen=True, slots=True)
class HostRoot:
    """Where a host's files are. `live`: this machine runs, so that processes and the kernel can be asked too.

    All paths are absolute paths on that host (a relative one is taken from its root). Every method raises `Gone`,
    `Denied`, or `HostError` for the rest (a loop of links, a directory in place of a file, an input/output error).
    """

    path: Path = Path("/")
    live: bool = True

    def read_bytes(self, path: str, *, limit_bytes: int, follow: bool = True) -> tuple[bytes, bool]:
        """Return at most `limit_bytes` of a regular file, and whether there was more.

        Without `follow`, a symbolic link at the end of the path is an error.
        """
        with _about(path), self._place(path, follow=follow) as (name, directory):
            _require_file(path, os.stat(name, dir_fd=directory, follow_symlinks=follow and directory is None))
            nofollow = 0 if follow and directory is None else os.O_NOFOLLOW
            descriptor = os.open(name, _READ | nofollow, dir_fd=directory)
            try:
                _require_file(path, os.fstat(descriptor))
                data = _read_up_to(descriptor, limit_bytes + 1)
            finally:
                os.close(descriptor)
        return data[:limit_bytes], len(data) > limit_bytes

    def read_text(self, path: str, *, limit_bytes: int, follow: bool = True) -> FileText:
        r"""Return a text file; bytes that are no UTF-8 are written out as \xNN, line ends stay as they are."""
        data, truncated = self.read_bytes(path, limit_bytes=limit_bytes, follow=follow)
        text = data.decode(errors="backslashreplace")
        from hitless.facts import FileText  # a holder, which is to be small, never comes here

        return FileText(path=printable(path), text=text, truncated=truncated)

    def names(self, path: str, *, limit: int = MAX_NAMES) -> list[str]:
        """Return the names in a directory, sorted, at most `limit` of them."""
        with _about(path), self._place(path, follow=True) as (name, directory):
            nofollow = 0 if directory is None else os.O_NOFOLLOW
            descriptor = os.open(name, _READ | os.O_DIRECTORY | nofollow, dir_fd=directory)
            try:
                with os.scandir(descriptor) as entries:
                    return sorted(entry.name for entry in islice(entries, limit))
            finally:
                os.close(descriptor)

    def stat(self, path: str, *, follow: bool = True) -> os.stat_result:
        """Return the status of what stands at a path."""
        with _about(path), self._place(path, follow=follow) as (name, directory):
            return os.stat(name, dir_fd=directory, follow_symlinks=follow and directory is None)

    def read_link(self, path: str) -> str:
        """Return what a symbolic link says, as it stands there."""
        with _about(path), self._place(path, follow=False) as (name, directory):
            return os.readlink(name, dir_fd=directory)

    def real_path(self, path: str) -> str:
        """Return the path without links, also where its end is missing: of the last directory that is there."""
        steps = [step for step in path.split("/") if step not in {"", "."}]
        for count in range(len(steps), -1, -1):
            try:
                found = self._real_path("/" + "/".join(steps[:count]))
            except Gone:
                continue
            return os.path.join(found, *steps[count:])  # noqa: PTH118 - as text
        raise Gone(f"{printable(path)} is not there")

    def _real_path(self, path: str) -> str:
        if self.path == Path("/"):
            with _about(path):
                return os.path.realpath(path, strict=True)
        names: list[str] = []
        with _about(path), self._place(path, follow=True, names=names) as (name, directory):
            os.stat(name, dir_fd=directory, follow_symlinks=False)
            return "/" + "/".join([*names, *([] if name == "." else [name])])

    def exists(self, path: str) -> bool:
        """Return whether something stands at a path (links followed); Denied if we may not know."""
        try:
            self.stat(path)
        except Gone:
            return False
        return True

    @contextlib.contextmanager
    def _place(
        self, path: str, *, follow: bool, names: list[str] | None = None
    ) -> Iterator[tuple[str, int | None]]:
        """Yield a name and the directory it is in; in a tree, the name is no link any more if `follow`.

        The directory's own steps are added to `names`.
        """
        if self.path == Path("/"):
            yield os.path.join("/", path), None  # noqa: PTH118 - pathlib would drop a final slash, which says directory
            return
        walk = _Walk(os.open(self.path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC))
        try:
            name = walk.to(path, follow=follow)
            if names is not None:
                names.extend(walk.names)
            yield name, walk.directory
        finally:
            walk.close()


class _Walk:
    """A walk through a tree from its root, never out of it: a stack of open directories."""

    def __init__(self, root: int) -> None:
        self._stack = [root]
        self.names: list[str] = []
        self._links = 0

    @property
    def directory(self) -> int:
        return self._stack[-1]

    def close(self) -> None:
        while self._stack:
            os.close(self._stack.pop())

    def to(self, path: str, *, follow: bool) -> str:
        """Walk to the directory that holds the end of a path; return the name there ("." for a directory itself)."""
        left = _steps(path)
        while left:
            step = left.pop()
            if step == "..":
                self._up()
                continue
            target = self._link(step) if left or follow else None
            if target is not None:
                if target.startswith("/"):
                    self._back_to_root()
                left.extend(_steps(target))
            elif left:
                self._stack.append(os.open(step, _DIRECTORY, dir_fd=self.directory))
                self.names.append(step)
            else:
                return step
        return "."

    def _link(self, name: str) -> str | None:
        if not stat.S_ISLNK(os.stat(name, dir_fd=self.directory, follow_symlinks=False).st_mode):
            return None
        self._links += 1
        if self._links > _MAX_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        return os.readlink(name, dir_fd=self.directory)

    def _up(self) -> None:
        if self.names:
            os.close(self._stack.pop())
            self.names.pop()

    def _back_to_root(self) -> None:
        while self.names:
            self._up()


def _steps(path: str) -> list[str]:
    """Return the steps of a path, the last one first."""
    steps = [step for step in path.split("/") if step not in {"", "."}]
    return steps[::-1]


def _about(path: str) -> contextlib.AbstractContextManager[None]:
    return translated(f"{printable(path)} is not there", f"{printable(path)} cannot be read")


def _require_file(path: str, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise HostError(f"{printable(path)} is not a file (it is a {kind_of(status)})")


def _read_up_to(descriptor: int, size_bytes: int) -> bytes:
    chunks: list[bytes] = []
    while size_bytes > 0 and (chunk := os.read(descriptor, min(size_bytes, 1 << 20))):
        chunks.append(chunk)
        size_bytes -= len(chunk)
    return b"".join(chunks)
