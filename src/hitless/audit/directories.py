"""Directories that are made before HAProxy starts: by the unit, tmpfiles.d, a command of ExecStartPre=."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.subject import Subject

__all__ = ["is_made_at_boot", "managed_directories"]

_MAKING_TYPES = frozenset("dDvqQC")
"""Source: tmpfiles.d(5); "e" only adjusts what exists, "x" and "r" make nothing."""

_MADE_AT_BOOT = ("/run/", "/var/run/", "/dev/")


def managed_directories(subject: Subject) -> frozenset[str]:
    """Return the absolute paths that are made, those above them included."""
    return frozenset(parent for path in _made(subject) for parent in _with_parents(path))


def is_made_at_boot(subject: Subject, path: str) -> bool:
    """Return whether a path is of those that a tree which does not run lacks: its missing there means nothing.

    An image or a mounted disk has no processes to ask and an empty /run. Source: file-hierarchy(7).
    """
    runs = subject.instance.processes is not None or (subject.host and subject.host.listening is not None)
    return not runs and f"{path}/".startswith(_MADE_AT_BOOT)


def _made(subject: Subject) -> Iterator[str]:
    unit, host = subject.unit, subject.host
    if unit is not None:
        # "NAME:LINK" of systemd 251 and later makes NAME.
        yield from (f"/run/{name.split(':')[0]}" for name in unit.runtime_directory)
        for command in unit.start_pre:
            if any("mkdir" in word or "install" in word for word in command.arguments):
                yield from (p for w in command.arguments for p in w.split() if p.startswith("/"))
    for file in (host.tmpfiles if host else None) or ():
        for line in file.text.splitlines():
            words = line.split()
            if len(words) > 1 and words[0][0] in _MAKING_TYPES:
                yield words[1]


def _with_parents(path: str) -> Iterator[str]:
    path = posixpath.normpath(path.strip("'\""))
    if f"{path}/".startswith("/var/run/"):
        path = path.removeprefix("/var")
    while path not in {"/", "", "/run"} and path.startswith("/"):
        yield path
        path = posixpath.dirname(path)
