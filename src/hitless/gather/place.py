"""Where a process lives: its files, its sockets, and whether what it runs may be run here."""

from __future__ import annotations

import os
import posixpath
import stat
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from hitless.host.errors import HostError, translated
from hitless.host.root import HostRoot

__all__ = ["ProcessPlace", "find_place", "others_can_change"]

_PATH_LIMIT_BYTES = 107
"""sun_path with its NUL. Source: unix(7)."""


@dataclass(frozen=True, slots=True)
class ProcessPlace:
    """How to reach what a process names. `foreign`: another mount namespace or a root of its own."""

    root: HostRoot
    foreign: bool = False
    same_network: bool = True
    why: str = ""
    """How it is foreign, in words."""
    mount_namespace: str = ""
    """Where its mount namespace is entered, if that differs from ours while its root directory is ours all the same:
    what systemd makes for BindPaths=, PrivateTmp=, ProtectHome= and the like (Debian's unit has BindReadOnlyPaths=)."""

    def socket_address(self, path: str) -> str:
        """Return the address at which a pathname socket of the process can be connected to from here.

        Raises: HostError if there is none.
        """
        if not self.foreign:
            return path
        physical = f"{self.root.path}{self.root.real_path(path)}"
        if len(os.fsencode(physical)) > _PATH_LIMIT_BYTES:
            raise HostError(f"{physical} is too long for a socket's address")
        return physical

    def may_run(self, path: str) -> str:
        """Return why a program must not be run by us, "" if it may: a container's or a user's is not ours to trust."""
        if self.foreign and not self._is_ours(path):
            return f"{path} is not run from here: {self.why}"
        try:
            self.root.stat(path)
            changeable = os.geteuid() == 0 and others_can_change(
                HostRoot() if self.foreign else self.root, path
            )
        except HostError as error:
            return error.message
        return f"{path} is not run: another user can change it" if changeable else ""

    def command_prefix(self, directory: str = "") -> tuple[str, ...]:
        """Return what makes a program see the files that the process sees, from this directory of its; () as we do.

        nsenter(1) leads to the namespace's root directory.
        """
        if not self.mount_namespace:
            return ()
        enter = ("nsenter", f"--mount={self.mount_namespace}", "--")
        return (*enter, "env", "-C", directory) if directory else enter

    def _is_ours(self, path: str) -> bool:
        """Return whether the process finds the very file at this path that we find there."""
        try:
            theirs, ours = self.root.stat(path), HostRoot().stat(path)
        except HostError:
            return False
        return bool(self.mount_namespace) and os.path.samestat(theirs, ours)


def others_can_change(root: HostRoot, path: str) -> bool:
    """Return whether a user who is neither root nor we can put another program at this path: now, or after we looked.

    The directories count as the file does, those that the path says and those that its links lead through.

    Raises: HostError
    """
    if _is_open(root.stat(path)):
        return True
    above = {*PurePosixPath(path).parents}
    if not path.startswith("/proc/"):  # /proc/PID/exe leads to a file, not to a path
        above |= {*PurePosixPath(root.real_path(path)).parents}
    return any(_is_open(root.stat(str(directory))) for directory in above)


def _is_open(status: os.stat_result) -> bool:
    """Return whether others can write: in a sticky directory (/tmp) each changes only what is his."""
    writable = status.st_mode & stat.S_IWOTH or (status.st_mode & stat.S_IWGRP and status.st_gid)
    sticky = stat.S_ISDIR(status.st_mode) and status.st_mode & stat.S_ISVTX
    return status.st_uid not in {0, os.geteuid()} or bool(writable and not sticky)


def find_place(pid: int, host: HostRoot, executable: str = "") -> ProcessPlace:
    """Return where a process lives, as far as it can be seen.

    A process in our mount namespace whose root is another directory has called chroot() itself (`chroot` of global,
    after everything has been opened), unless its program lies within: then it was started there.
    """
    proc = Path("/proc") / str(pid)
    same_network = _same_namespace(proc, "net")
    if _same_namespace(proc, "mnt"):
        inside = _read_root(proc)
        if inside not in {"", "/"} and executable.startswith(f"{inside}/"):
            root = HostRoot(Path(inside))
            return ProcessPlace(root, foreign=True, same_network=same_network, why=f"its root is {inside}")
        return ProcessPlace(host, same_network=same_network)
    return ProcessPlace(
        HostRoot(proc / "root"),
        foreign=True,
        same_network=same_network,
        why="it lives in another mount namespace (a container)",
        mount_namespace=str(proc / "ns" / "mnt") if _is_a_sandbox(proc) else "",
    )


def _is_a_sandbox(proc: Path) -> bool:
    """Return whether a process's root directory is ours: a clone of the mount has the same device and inode.

    In a user namespace of its own, whoever made it decides what is mounted there: that is no place to run things.
    """
    if not _same_namespace(proc, "user"):
        return False
    try:
        with translated("gone", "denied"):
            return os.path.samestat((proc / "root").stat(), Path("/").stat())
    except HostError:
        return False


def _same_namespace(proc: Path, kind: str) -> bool:
    try:
        with translated("gone", "denied"):
            return (proc / "ns" / kind).stat().st_ino == Path(f"/proc/self/ns/{kind}").stat().st_ino
    except HostError:  # not ours to look into: taken for the ordinary case, and what fails then says why
        return True


def _read_root(proc: Path) -> str:
    try:
        with translated("gone", "denied"):
            return posixpath.normpath(str((proc / "root").readlink()))
    except HostError:
        return ""
