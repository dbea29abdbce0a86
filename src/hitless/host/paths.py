"""What stands at the paths that a configuration, a unit or a script names."""

import os
import stat
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from hitless.facts import PathFact, Unknown
from hitless.host.accounts import Accounts
from hitless.host.errors import Gone, HostError
from hitless.host.mounts import Mounts, read_mounts
from hitless.host.root import MAX_NAMES, HostRoot, kind_of, printable

__all__ = ["PathReader", "read_paths"]


def read_paths(
    root: HostRoot, paths: Iterable[str], *, now_s: float | None = None
) -> tuple[tuple[PathFact, ...], tuple[Unknown, ...]]:
    """Return what stands at each path, and at the directory of each; sorted by path, each once.

    `now_s` is the wall clock that ages count from.
    """
    reader = PathReader(root, Accounts(root), read_mounts(root), time.time() if now_s is None else now_s)
    wanted = {path for path in paths if path.startswith("/")}
    wanted |= {os.path.dirname(path.rstrip("/")) or "/" for path in wanted}  # noqa: PTH120 - as text
    facts = tuple(reader.read(path) for path in sorted(wanted))
    return facts, tuple(reader.unknown)


@dataclass(frozen=True, slots=True)
class PathReader:
    """Looks at one path after the other."""

    root: HostRoot
    accounts: Accounts
    mounts: Mounts
    now_s: float
    unknown: list[Unknown] = field(default_factory=list)

    def read(self, path: str) -> PathFact:
        """Return what stands at a path, links followed; a loop of links is "unreadable", a dead link "missing"."""
        name = printable(path)
        try:
            status = self.root.stat(path)
        except Gone:
            return PathFact(path=name, kind="missing", filesystem=self._filesystem(path))
        except HostError as error:
            self.unknown.append(Unknown(what=f"what stands at {name}", why=error.message))
            return PathFact(path=name, kind="unreadable", filesystem=self._filesystem(path))
        return PathFact(
            path=name,
            kind=kind_of(status),
            mode=stat.S_IMODE(status.st_mode),
            uid=status.st_uid,
            gid=status.st_gid,
            owner=self.accounts.name("user", status.st_uid),
            group=self.accounts.name("group", status.st_gid),
            size_bytes=status.st_size,
            modified_age_s=self.now_s - status.st_mtime,
            filesystem=self._filesystem(path),
            entries=self._entries(path, status),
        )

    def _entries(self, path: str, status: os.stat_result) -> int:
        if not stat.S_ISDIR(status.st_mode):
            return 0
        try:
            return len(self.root.names(path, limit=MAX_NAMES))
        except HostError:  # it may be passed through, not listed: the kind and the mode say so
            return 0

    def _filesystem(self, path: str) -> str:
        """Return the type of the file system it is on, or would be made on."""
        try:
            return self.mounts.type_at(self.root.real_path(path))
        except HostError:
            return ""
