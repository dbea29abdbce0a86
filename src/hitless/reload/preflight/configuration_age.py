"""Whether anything has changed since the current process loaded its files. A note: a reload for nothing is allowed."""

from __future__ import annotations

import posixpath
import stat
from typing import TYPE_CHECKING

from hitless.findings import Evidence
from hitless.host.errors import HostError
from hitless.reload.preflight.answers import Answers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hitless.host.root import HostRoot
    from hitless.reload.preflight.options import PreflightOptions
    from hitless.reload.target import Target
    from hitless.reloads import PreflightCheck

__all__ = ["check_configuration_age", "judge_age"]

_ANSWER = Answers("configuration-age")
_MOST_FILES = 20_000
_LISTED = 10
_READ = frozenset(
    {
        *(
            "certificate",
            "certificate-directory",
            "ca",
            "crl",
            "crt-list",
            "dh",
            "error-file",
            "error-directory",
        ),
        *("map", "acl", "lua", "spoe", "other"),
    }
)
"""Kinds of files that HAProxy reads when it starts and that people change. Server states are written all the time."""


def check_configuration_age(target: Target, options: PreflightOptions) -> tuple[PreflightCheck, ...]:
    """Compare the times of the files with the start of the process that serves."""
    if options.candidates:
        names = ", ".join(options.candidates)
        message = f"{names}: a new version is to be loaded"
        return (_ANSWER.passed(message),)
    current = target.current
    if current is None or not target.current_started_at:
        message = "no process serves whose start could be compared"
        return (_ANSWER.unknown(message),)
    changed, unread = [], []
    for path in _files(target):
        try:
            if target.place.root.stat(path).st_mtime > target.current_started_at:
                changed.append(path)
        except HostError as error:
            unread.append(error.message)
    return (judge_age(changed, unread, current.pid),)


def judge_age(changed: Sequence[str], unread: Sequence[str], pid: int) -> PreflightCheck:
    """Judge which files are newer than the process, and which could not be looked at."""
    evidence = tuple(
        Evidence(text=f"changed since process {pid} started", source=path) for path in changed[:_LISTED]
    )
    if changed:
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        return _ANSWER.passed(
            f"{changed[0]}{more} changed since process {pid} started",
            evidence,
        )
    if unread:
        return _ANSWER.unknown(f"some files could not be looked at: {unread[0]}")
    return _ANSWER.passed(
        f"nothing has changed since process {pid} started: the reload loads what already runs",
    )


def _files(target: Target) -> Iterator[str]:
    """Yield the configuration's files and what they name, each once, bounded."""
    subject, root = target.subject, target.place.root
    named = [file.path for file in subject.instance.configuration]
    named += [r.path for r in subject.model.file_references if r.kind in _READ]
    seen = 0
    for name in dict.fromkeys(named):
        for path in _expanded(root, posixpath.join(target.directory, name)):
            seen += 1
            if seen > _MOST_FILES:
                return
            yield path


def _expanded(root: HostRoot, path: str) -> Iterator[str]:
    """Yield a path, and what is in it if it is a directory, which itself changes when a file replaces another."""
    yield path
    try:
        names = root.names(path) if stat.S_ISDIR(root.stat(path).st_mode) else []
    except HostError:  # the caller looks at the path itself, and says so
        return
    yield from (posixpath.join(path, name) for name in names)
