"""What is mounted where: /proc/self/mountinfo, and which of it can be seen."""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from hitless.sandbox.syscalls import MountFlag

__all__ = ["Mount", "mounts_below", "parse_mountinfo", "read_visible_mounts", "topmost"]

_ESCAPE = re.compile(rb"\\([0-7]{3})")
_SELF = Path("/proc/self")

_PSEUDO = frozenset(
    {
        "autofs",
        "binfmt_misc",
        "bpf",
        "cgroup",
        "cgroup2",
        "configfs",
        "debugfs",
        "devpts",
        "devtmpfs",
        "efivarfs",
    }
    | {"fusectl", "hugetlbfs", "mqueue", "nsfs", "proc", "pstore", "rpc_pipefs", "securityfs", "selinuxfs"}
    | {"sysfs", "tracefs"}
)
"""Filesystems that hold kernel objects, not files: never copied into the private root one by one."""

_FLAGS = {
    "ro": MountFlag.RDONLY,
    "nosuid": MountFlag.NOSUID,
    "nodev": MountFlag.NODEV,
    "noexec": MountFlag.NOEXEC,
    "noatime": MountFlag.NOATIME,
    "nodiratime": MountFlag.NODIRATIME,
    "relatime": MountFlag.RELATIME,
}


@dataclass(frozen=True, slots=True)
class Mount:
    """One line of mountinfo."""

    id: int
    point: str
    fstype: str
    options: tuple[str, ...] = ()
    source: str = ""

    @property
    def is_pseudo(self) -> bool:
        """True for a filesystem of kernel objects."""
        return self.fstype in _PSEUDO

    @property
    def flags(self) -> MountFlag:
        """The per-mount flags: a remount in a user namespace must repeat those that are locked."""
        flags = MountFlag(0)
        for option in self.options:
            flags |= _FLAGS.get(option, MountFlag(0))
        return flags


def parse_mountinfo(data: bytes) -> tuple[Mount, ...]:
    r"""Return the mounts in the kernel's order. Blanks and backslashes in paths come as \040 and the like.

    Source: Linux v6.12 fs/proc_namespace.c show_mountinfo(); proc_pid_mountinfo(5).
    """
    mounts = []
    for line in data.splitlines():
        left, separator, right = line.partition(b" - ")
        fields, tail = left.split(b" "), right.split(b" ")
        if not separator or len(fields) < 6 or not fields[0].isdigit():
            continue
        point = os.fsdecode(_ESCAPE.sub(lambda match: bytes([int(match[1], 8)]), fields[4]))
        options = tuple(fields[5].decode("ascii", "replace").split(","))
        fstype, source = (os.fsdecode(word) for word in (*tail, b"")[:2])
        mounts.append(Mount(int(fields[0]), point, fstype, options, source))
    return tuple(mounts)


def read_visible_mounts() -> tuple[Mount, ...]:
    """Return the mounts that a path can reach now, parents first; covered ones are left out."""
    mounts = parse_mountinfo((_SELF / "mountinfo").read_bytes())
    seen = [mount for mount in mounts if mount.is_pseudo or _mount_id(mount.point) == mount.id]
    return tuple(sorted(seen, key=lambda mount: mount.point.count("/") if mount.point != "/" else 0))


def _mount_id(path: str) -> int | None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:  # covered by another mount, or not ours to see: not visible
        return None
    try:
        info = (_SELF / "fdinfo" / str(descriptor)).read_text(encoding="ascii")
    finally:
        os.close(descriptor)
    match = re.search(r"^mnt_id:\s*(\d+)", info, re.MULTILINE)
    return int(match[1]) if match else None


def mounts_below(mounts: Iterable[Mount], path: str) -> tuple[Mount, ...]:
    """Return the mounts strictly below a path."""
    prefix = path.rstrip("/") + "/"
    return tuple(mount for mount in mounts if mount.point.startswith(prefix) and mount.point != path)


def topmost(mounts: Iterable[Mount]) -> tuple[Mount, ...]:
    """Return the mounts that are not below another one of these."""
    kept: list[Mount] = []
    for mount in sorted(mounts, key=lambda mount: len(mount.point)):
        if not any(mount.point.startswith(other.point.rstrip("/") + "/") for other in kept):
            kept.append(mount)
    return tuple(kept)
