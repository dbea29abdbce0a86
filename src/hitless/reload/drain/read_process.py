"""Ask one process for its sessions, and the kernel how idle their connections are."""

from __future__ import annotations

import time
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Protocol

from hitless.control.replies import parse_info
from hitless.control.sessions import (
    believable_age_s,
    parse_accept_times,
    parse_session,
    parse_sessions,
)
from hitless.drains import SessionState
from hitless.errors import ControlError, EvidenceError
from hitless.host.errors import HostError
from hitless.host.netns import in_network_namespace
from hitless.host.processes import read_socket_descriptors
from hitless.host.socket_activity import read_socket_activity
from hitless.reload.drain.process_facts import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hitless.control.replies import ProcessInfo
    from hitless.control.sessions import SessionDetail, SessionRow
    from hitless.facts import Process
    from hitless.host.socket_activity import SocketActivity
    from hitless.reload.drain.process_facts import GroupKey

__all__ = ["Asker", "KernelView", "ask_info", "ask_samples", "ask_sessions", "read_kernel_view"]

_MOST_CONNECTIONS = 150_000
"""Above this many `show sess` is not asked: its answer would not fit into the limit of one answer (64 MiB)."""
_TIMEOUT_S = 5.0
_SAMPLES = 3
_SAMPLED_GROUPS = 10


class Asker(Protocol):
    """What `Reach` is."""

    def ask(self, process: Process, command: str, *, timeout_s: float, patient: bool = True) -> str:
        """Send a command to one process. Raises: ControlError, HostError."""
        ...  # pragma: no cover - a signature


class KernelView:
    """The TCP connections of some processes, and by which descriptor each holds them."""

    def __init__(
        self, descriptors: Mapping[int, Mapping[int, int]], activity: Mapping[int, SocketActivity]
    ) -> None:
        self._descriptors = descriptors
        self._activity = activity

    def sockets(self, pid: int) -> tuple[SocketActivity, ...] | None:
        """Return the connections of a process, None where nobody could look."""
        held = self._descriptors.get(pid)
        if held is None:
            return None
        return tuple(self._activity[i] for i in held.values() if i in self._activity)

    def inode(self, pid: int, descriptor: int) -> int:
        """Return the socket behind a descriptor, 0 without one."""
        return self._descriptors.get(pid, {}).get(descriptor, 0)

    def idle_s(self, pid: int, row: SessionRow) -> float | None:
        """Return since when nothing moved on a session's connections, None where it is not known.

        The longer of its two sides: a connection of HTTP/2 is kept busy by its other sessions.
        """
        sides = (self.inode(pid, row.client_descriptor), self.inode(pid, row.server_descriptor))
        idle = [self._activity[i].idle_s for i in sides if i in self._activity]
        return max((s for s in idle if s is not None), default=None)


def read_kernel_view(
    processes: Sequence[Process], *, timeout_s: float = _TIMEOUT_S
) -> tuple[KernelView, tuple[str, ...]]:
    """Return the connections of these processes, and why some could not be seen."""
    notes: list[str] = []
    descriptors: dict[int, dict[int, int]] = {}
    activity: dict[int, SocketActivity] = {}
    by_namespace: dict[int, list[int]] = {}
    for process in processes:
        by_namespace.setdefault(process.network_namespace, []).append(process.pid)
    for pids in by_namespace.values():
        try:
            held = {pid: read_socket_descriptors(pid) for pid in pids}
            wanted = {inode for of_one in held.values() for inode in of_one.values()}
            activity |= in_network_namespace(
                pids[0], partial(read_socket_activity, wanted, timeout_s=timeout_s)
            )
            descriptors |= held
        except (HostError, EvidenceError) as error:
            notes.append(f"how idle the connections are is not known: {error.message}")
    return KernelView(descriptors, activity), tuple(dict.fromkeys(notes))


def ask_info(asker: Asker, process: Process, *, timeout_s: float = _TIMEOUT_S) -> ProcessInfo:
    """Return what a process says of itself.

    Raises: ControlError, HostError.
    """
    return parse_info(asker.ask(process, "show info", timeout_s=timeout_s))


def ask_sessions(
    asker: Asker,
    process: Process,
    info: ProcessInfo,
    kernel: KernelView | None = None,
    *,
    timeout_s: float = _TIMEOUT_S,
    clock: Callable[[], float] = time.monotonic,
) -> tuple[Session, ...]:
    """Return the sessions of a process; with `kernel` also how idle each is.

    Raises: ControlError, HostError.
    """
    connections = info.number("CurrConns") or 0
    if connections > _MOST_CONNECTIONS:
        raise ControlError(f"it has {connections} connections: more than {_MOST_CONNECTIONS} are not listed")
    rows = parse_sessions(asker.ask(process, "show sess", timeout_s=timeout_s))
    ages = {row.id: believable_age_s(row, info.uptime_s) for row in rows}
    if any(ages[row.id] is None for row in rows if row.frontend):
        ages |= _ages_by_accept_time(asker, process, timeout_s)
    now_s = clock()
    return tuple(
        Session(process.pid, row, ages[row.id], kernel.idle_s(process.pid, row) if kernel else None, now_s)
        for row in rows
    )


def _ages_by_accept_time(asker: Asker, process: Process, timeout_s: float) -> dict[str, int]:
    """Return ages from when each session was accepted: that is a local time of a zone that HAProxy does not say.

    The youngest session is the one that asks, at this moment. (A change to or from summer time that lies between
    is not seen.)
    """
    accepted = parse_accept_times(asker.ask(process, "show sess all", timeout_s=timeout_s))
    now = max(accepted.values())
    return {identity: (now - at) // timedelta(seconds=1) for identity, at in accepted.items()}


def ask_samples(
    asker: Asker, process: Process, sessions: Sequence[Session], *, timeout_s: float = _TIMEOUT_S
) -> dict[GroupKey, tuple[SessionDetail, ...]]:
    """Look closely at a few tunnels of each of the largest groups: what they are is not in the list.

    Raises: ControlError, HostError.
    """
    groups: dict[GroupKey, list[str]] = {}
    for session in sessions:
        if session.row.state is SessionState.TUNNEL and session.row.frontend:
            groups.setdefault((session.row.frontend, session.row.backend), []).append(session.row.id)
    largest = sorted(groups.items(), key=lambda item: -len(item[1]))[:_SAMPLED_GROUPS]
    found: dict[GroupKey, tuple[SessionDetail, ...]] = {}
    for key, ids in largest:
        spread = dict.fromkeys(ids[i * (len(ids) - 1) // max(1, _SAMPLES - 1)] for i in range(_SAMPLES))
        details = [parse_session(asker.ask(process, f"show sess {i}", timeout_s=timeout_s)) for i in spread]
        found[key] = tuple(d for d in details if d is not None)
    return found
