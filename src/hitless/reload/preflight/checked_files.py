"""Which files HAProxy's own check reads: those of the service, with staged new versions in their places.

A directory after -f stands for its files; where one of them is staged, all are named one by one, in HAProxy's order.
"""

from __future__ import annotations

import hashlib
import os
import posixpath
import stat
from typing import TYPE_CHECKING

from hitless.config.arguments import parse_arguments
from hitless.config.files import LIMIT_BYTES, is_configuration_name
from hitless.host.errors import HostError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hitless.host.root import HostRoot
    from hitless.reload.target import Target

__all__ = ["named_files", "read_digests", "stand_in", "with_candidates"]


def named_files(target: Target) -> tuple[str, ...]:
    """Return what the service's -f options name, as written."""
    launch = target.instance.launch
    return parse_arguments(launch.arguments if launch else ()).files


def with_candidates(
    named: Sequence[str],
    candidates: Mapping[str, str],
    *,
    directory: str,
    names_in: Callable[[str], Sequence[str] | None],
) -> tuple[list[str], list[str]]:
    """Return what to name after -f, and the candidates that stand in no place.

    `names_in` returns the names in a directory, None for what is no directory.
    """
    left = {posixpath.normpath(path): staged for path, staged in candidates.items()}
    files: list[str] = []
    for name in named:
        path = posixpath.normpath(posixpath.join(directory, name))
        if path in left:
            files.append(left.pop(path))
            continue
        inside = [
            c for c in left if posixpath.dirname(c) == path and is_configuration_name(posixpath.basename(c))
        ]
        names = names_in(path) if inside else None
        if names is None:
            files.append(name)
            continue
        every = {posixpath.join(path, n) for n in names if is_configuration_name(n)} | set(inside)
        files += [left.pop(file, file) for file in sorted(every, key=os.fsencode)]
    return files, sorted(left)


def stand_in(text: str, candidates: Mapping[str, str]) -> str:
    """Return HAProxy's words with the names of originals in the places of their staged versions."""
    for original, staged in candidates.items():
        text = text.replace(staged, original)
    return text


def directory_reader(root: HostRoot) -> Callable[[str], Sequence[str] | None]:
    """Return what `with_candidates` asks about directories."""

    def names_in(path: str) -> Sequence[str] | None:
        try:
            return root.names(path) if stat.S_ISDIR(root.stat(path).st_mode) else None
        except HostError:
            return None

    return names_in


def read_digests(target: Target, candidates: Mapping[str, str]) -> dict[str, str]:
    """Return the SHA-256 of each configuration file, or of its staged version, as it is now; "" if unreadable."""
    found = {}
    for file in target.subject.instance.configuration:
        path = candidates.get(file.path, file.path)
        try:
            data, _ = target.place.root.read_bytes(path, limit_bytes=LIMIT_BYTES)
        except HostError:
            found[file.path] = ""
        else:
            found[file.path] = hashlib.sha256(data).hexdigest()
    return found
