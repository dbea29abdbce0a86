"""The HAProxy processes below us: which are there, which serve.

Orphans of all that is started come to us (process 1, or a subreaper), so a HAProxy that goes into the background, or
that a reload has started in the place of the first one, is a child of ours.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from hitless.host.errors import Denied, Gone, HostError
from hitless.host.haproxy_roles import is_haproxy
from hitless.host.listening import read_namespace_sockets
from hitless.host.processes import (
    read_children,
    read_command_line,
    read_executable,
    read_socket_inodes,
    read_start_ticks,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["haproxy_children", "read_serving", "signature"]

_SAME_GENERATION_TICKS = 50
"""Workers of one generation (`nbproc`, up to 2.4) start together."""


def haproxy_children(pid: int) -> tuple[int, ...]:
    """Return the children of a process that are HAProxies; () if it is gone."""
    try:
        return tuple(child for child in read_children(pid) if _is_haproxy(child))
    except Gone:
        return ()


def _is_haproxy(pid: int) -> bool:
    try:
        return is_haproxy(read_executable(pid), "", read_command_line(pid))
    except HostError:  # it has ended, and waits to be reaped
        return False


def read_serving(main: int) -> tuple[int, ...]:
    """Return the processes of the newest generation that listen: of a master its workers, else the process itself.

    Raises: HostError if the sockets of our network namespace cannot be listed.
    """
    candidates = haproxy_children(main) or (main,)
    listening = read_namespace_sockets(os.getpid(), connections=False)[0].listening_inodes or frozenset()
    found = {}
    for pid in candidates:
        with contextlib.suppress(Gone, Denied):
            if read_socket_inodes(pid) & listening:
                found[pid] = read_start_ticks(pid)
    newest = max(found.values(), default=0)
    return tuple(pid for pid, ticks in found.items() if ticks >= newest - _SAME_GENERATION_TICKS)


def signature(main: int) -> frozenset[tuple[int, int]]:
    """Return what changes when another generation begins: HAProxy processes, with when they started."""
    return frozenset(_started((main, *haproxy_children(main), *haproxy_children(os.getpid()))))


def _started(pids: Iterable[int]) -> Iterable[tuple[int, int]]:
    for pid in set(pids):
        with contextlib.suppress(HostError):
            yield pid, read_start_ticks(pid)
