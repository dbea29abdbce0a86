"""What a process has been given by whoever started it, so that another one can be started alike.

Not seen from outside, and so not here: a seccomp filter, and the processors it was allowed at first (HAProxy binds its
threads itself).
"""

import contextlib
import os
import resource
import stat
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path

from hitless.host.control_groups import control_group_files
from hitless.host.errors import HostError, translated, translated_of
from hitless.host.processes import PROC, read_limits, read_status_fields

__all__ = ["NAMESPACE_KINDS", "Capabilities", "ProcessTraits", "read_socket_owners", "read_traits"]

_LIMITS = {
    "Max cpu time": resource.RLIMIT_CPU,
    "Max file size": resource.RLIMIT_FSIZE,
    "Max stack size": resource.RLIMIT_STACK,
    "Max core file size": resource.RLIMIT_CORE,
    "Max processes": resource.RLIMIT_NPROC,
    "Max open files": resource.RLIMIT_NOFILE,
    "Max locked memory": resource.RLIMIT_MEMLOCK,
    "Max pending signals": resource.RLIMIT_SIGPENDING,
    "Max msgqueue size": resource.RLIMIT_MSGQUEUE,
    "Max nice priority": resource.RLIMIT_NICE,
    "Max realtime priority": resource.RLIMIT_RTPRIO,
}
"""Memory (data and address space) is not among them: HAProxy sets it for itself (-m)."""

NAMESPACE_KINDS = ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts")


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Sets of capabilities as the kernel's bit masks. Source: capabilities(7)."""

    inheritable: int = 0
    permitted: int = 0
    bounding: int = 0
    ambient: int = 0


@dataclass(frozen=True, slots=True)
class ProcessTraits:
    """One process, at one moment."""

    pid: int
    uid: int
    gid: int
    groups: tuple[int, ...]
    umask: int
    nice: int
    oom_score_adj: int
    no_new_privileges: bool
    capabilities: Capabilities
    limits: dict[int, tuple[int, int]]
    """Soft and hard, by resource.RLIMIT_*; RLIM_INFINITY for none."""
    control_group_files: tuple[str, ...]
    """Where it is joined: of groups that are not ours."""
    other_namespaces: tuple[str, ...]
    """Kinds of namespaces in which it is not with us: "mnt", "net", …"""
    pid_inside: int
    """Its number in its own pid namespace; 1: with its end all others there end."""


def read_traits(pid: int, proc: Path = PROC) -> ProcessTraits:
    """Return the traits of a process.

    Raises: Gone, Denied, HostError.
    """
    fields = read_status_fields(pid, proc)
    place = proc / str(pid)
    with translated_of(pid):
        oom_score_adj = int((place / "oom_score_adj").read_text())
        nice = os.getpriority(os.PRIO_PROCESS, pid)
    others = tuple(kind for kind in NAMESPACE_KINDS if _is_elsewhere(place, kind))
    try:
        return ProcessTraits(
            pid=pid,
            uid=int(fields["Uid"].split()[0]),
            gid=int(fields["Gid"].split()[0]),
            groups=tuple(int(word) for word in fields["Groups"].split()),
            umask=int(fields["Umask"], 8),
            nice=nice,
            oom_score_adj=oom_score_adj,
            no_new_privileges=fields["NoNewPrivs"] == "1",
            capabilities=_capabilities(fields),
            limits=_limits(pid, proc),
            control_group_files=control_group_files(pid, proc=proc),
            other_namespaces=others,
            pid_inside=int(fields["NSpid"].split()[-1]),
        )
    except (KeyError, ValueError, IndexError) as error:
        raise HostError(f"the status of process {pid} is not understood: {error}") from error


def read_socket_owners(pid: int, inodes: Container[int], proc: Path = PROC) -> frozenset[int]:
    """Return who made these sockets of a process: a user cannot make one that says another's.

    Raises: Gone, Denied.
    """
    directory = f"{proc}/{pid}/fd"
    owners: set[int] = set()
    with translated_of(pid):
        for name in os.listdir(directory):  # noqa: PTH208 - plain strings: there can be a million
            with contextlib.suppress(FileNotFoundError):  # closed since it was listed
                found = os.stat(f"{directory}/{name}")  # noqa: PTH116 - as above
                if stat.S_ISSOCK(found.st_mode) and found.st_ino in inodes:
                    owners.add(found.st_uid)
    return frozenset(owners)


def _is_elsewhere(place: Path, kind: str) -> bool:
    with translated(
        f"process {place.name} is gone", f"the namespaces of process {place.name} cannot be seen"
    ):
        return (place / "ns" / kind).stat().st_ino != Path(f"/proc/self/ns/{kind}").stat().st_ino


def _capabilities(fields: dict[str, str]) -> Capabilities:
    inheritable, permitted, bounding, ambient = (
        int(fields[name], 16) for name in ("CapInh", "CapPrm", "CapBnd", "CapAmb")
    )
    return Capabilities(inheritable, permitted, bounding, ambient)


def _limits(pid: int, proc: Path) -> dict[int, tuple[int, int]]:
    found = read_limits(pid, proc)
    return {
        number: (_or_none(found[name][0]), _or_none(found[name][1]))
        for name, number in _LIMITS.items()
        if name in found
    }


def _or_none(limit: int | None) -> int:
    return resource.RLIM_INFINITY if limit is None else limit
