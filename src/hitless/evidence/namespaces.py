"""Whose listening sockets: the trace names a process, the process has a network namespace."""

from collections.abc import Callable
from pathlib import Path

from hitless.host.processes import PROC, Denied, Gone, list_pids, list_threads, read_network_namespace

__all__ = ["knows_pids", "listens_in", "living_threads"]

_FIRST_PID_NAMESPACE = 0xEFFFFFFC
"""Linux v6.18 include/linux/proc_ns.h PROC_PID_INIT_INO; the trace's pids are of the first namespace."""


def knows_pids(proc: Path = PROC) -> bool:
    """Return whether the trace's pids are ours: not so in a container with its own process namespace."""
    return (proc / "self" / "ns" / "pid").stat().st_ino == _FIRST_PID_NAMESPACE


def listens_in(namespace: int, proc: Path = PROC) -> Callable[[int], bool | None]:
    """Return what `TraceFilter.listens_here` wants: whether a pid is in the network namespace of this inode.

    None where it cannot be known: the process has ended, or pids here are not the trace's.
    """
    known = knows_pids(proc)

    def listens_here(pid: int) -> bool | None:
        if not known:
            return None
        try:
            found = read_network_namespace(pid, proc)
        except (Gone, Denied):
            return None
        return found == namespace

    return listens_here


def living_threads(listens_here: Callable[[int], bool | None], proc: Path = PROC) -> dict[int, bool]:
    """Return every thread there is now, by the number that the trace knows it by, and whether its process is here.

    Raises: Gone, Denied if there is no /proc.
    """
    living: dict[int, bool] = {}
    for pid in list_pids(proc):
        here = listens_here(pid)
        if here is not None:
            try:
                living.update(dict.fromkeys(list_threads(pid, proc), here))
            except (Gone, Denied):
                continue
    return living
