"""The control groups of a process, as the files through which another process joins them.

Source: cgroups(7); Linux v6.18 Documentation/admin-guide/cgroup-v2.rst ("cgroup.procs"), cgroup-v1/cgroups.rst.
"""

import os
import posixpath
from pathlib import Path

from hitless.host.mounts import MountLine, read_mount_lines
from hitless.host.processes import PROC, read_control_groups
from hitless.host.root import HostRoot

__all__ = ["control_group_files"]


def control_group_files(pid: int, root: HostRoot | None = None, proc: Path = PROC) -> tuple[str, ...]:
    """Return the `cgroup.procs` of each control group of a process that we are not in ourselves, of both versions.

    A group whose hierarchy is mounted nowhere here is left out. systemd finds a service's processes through version 2,
    or version 1's "name=systemd": these come first.

    Raises: Gone, Denied.
    """
    ours = read_control_groups(os.getpid(), proc)
    others = {
        controllers: path
        for controllers, path in read_control_groups(pid, proc).items()
        if ours.get(controllers) != path
    }
    mounts = read_mount_lines(root or HostRoot())
    files = {controllers: _file(controllers, path, mounts) for controllers, path in others.items()}
    first = ("", "name=systemd")
    return tuple(
        files[name] for name in sorted(files, key=lambda name: (name not in first, name)) if files[name]
    )


def _file(controllers: str, path: str, mounts: tuple[MountLine, ...]) -> str:
    """Return the file of a group, "" where it is not to be reached."""
    for mount in mounts:
        if mount.type == "cgroup2" if not controllers else _holds(mount, controllers):
            inside = posixpath.relpath(path, mount.root) if mount.root != "/" else path.lstrip("/")
            if not inside.startswith(".."):
                return posixpath.normpath(f"{mount.point}/{inside}/cgroup.procs")
    return ""


def _holds(mount: MountLine, controllers: str) -> bool:
    return mount.type == "cgroup" and set(controllers.split(",")) <= set(mount.options)
