"""Whether somebody with given rights could make a file in a directory, or write one that is there.

Looked at, not tried: the check must leave nothing behind. Access control lists and security modules are not seen.
"""

from __future__ import annotations

import os
import posixpath
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hitless.host.errors import Gone, HostError, translated
from hitless.host.rights import CAP_DAC_OVERRIDE, Rights

if TYPE_CHECKING:
    from hitless.host.root import HostRoot

__all__ = ["Step", "judge_step", "why_not_directory", "why_not_writable"]

_READ_ONLY = 1
"""ST_RDONLY. Source: statvfs(3)."""


@dataclass(frozen=True, slots=True)
class Step:
    """One file or directory on the way: mode, uid and gid as stat(2) says, and whether its file system takes writes."""

    path: str
    mode: int
    uid: int
    gid: int
    read_only: bool = False


def judge_step(step: Step, rights: Rights, bits: int) -> str:
    """Return why `bits` (2: write, 1: pass through) are not granted, "" if they are.

    Source: path_resolution(7), capabilities(7) CAP_DAC_OVERRIDE.
    """
    if step.read_only and bits & stat.S_IWOTH:
        return f"{step.path} is on a read-only file system"
    if rights.has(CAP_DAC_OVERRIDE):
        return ""
    if step.uid == rights.uid:
        granted = step.mode >> 6
    elif step.gid in {rights.gid, *rights.groups}:
        granted = step.mode >> 3
    else:
        granted = step.mode
    if granted & bits == bits:
        return ""
    what = "write in" if bits & stat.S_IWOTH else "pass through"
    return (
        f"user {rights.uid} may not {what} {step.path} (mode {stat.S_IMODE(step.mode):04o}, uid {step.uid})"
    )


def why_not_directory(root: HostRoot, path: str) -> str:
    """Return why a path is no directory, "" if it is one."""
    try:
        status = root.stat(path)
    except Gone:
        return f"{path} does not exist"
    except HostError as error:
        return error.message
    return "" if stat.S_ISDIR(status.st_mode) else f"{path} is no directory"


def why_not_writable(root: HostRoot, path: str, rights: Rights) -> str:
    """Return why a file at `path` could not be written or made, "" if it could."""
    directory = posixpath.dirname(path) or "/"
    if why := why_not_directory(root, directory):
        return why
    try:
        for above in _above(root.real_path(directory)):
            if why := judge_step(_step(root, above), rights, stat.S_IXOTH):
                return why
        target = directory
        if root.exists(path):
            if stat.S_ISDIR(root.stat(path).st_mode):
                return f"{path} is a directory"
            target = path
        return judge_step(_step(root, target), rights, stat.S_IWOTH)
    except HostError as error:
        return error.message


def _above(path: str) -> list[str]:
    steps = [path]
    while steps[-1] != "/":
        steps.append(posixpath.dirname(steps[-1]))
    return steps[::-1]


def _step(root: HostRoot, path: str) -> Step:
    status = root.stat(path)
    physical = f"{root.path}{root.real_path(path)}"
    with translated(f"{path} is not there", f"{path} cannot be looked at"):
        read_only = bool(os.statvfs(physical).f_flag & _READ_ONLY)
    return Step(path, status.st_mode, status.st_uid, status.st_gid, read_only)
