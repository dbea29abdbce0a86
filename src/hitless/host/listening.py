"""Who listens where in a network namespace: TCP and unix sockets, and the processes that hold them open."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from hitless.errors import EvidenceError
from hitless.facts import ListeningSocket, UnixListener, Unknown
from hitless.host.errors import Gone, HostError
from hitless.host.inet_diag import (
    TCP_LISTEN,
    Listener,
    UnixSocket,
    read_connection_inodes,
    read_listeners,
    read_unix_sockets,
)
from hitless.host.netns import in_network_namespace
from hitless.host.processes import PROC, list_pids, read_command_line, read_descriptors, read_status

__all__ = [
    "Holders",
    "Listening",
    "NamespaceSockets",
    "find_holders",
    "read_listening",
    "read_namespace_sockets",
]

_T = TypeVar("_T")
_MAX_DESCRIPTORS = 8_000_000
"""Of all processes together: more are not looked at, and said."""


@dataclass(frozen=True, slots=True)
class NamespaceSockets:
    """The sockets of a network namespace that matter here; None where the kernel did not say."""

    listeners: tuple[Listener, ...] | None = None
    unix_listeners: tuple[UnixSocket, ...] | None = None
    connection_inodes: frozenset[int] | None = None

    @property
    def listening_inodes(self) -> frozenset[int] | None:
        """Of TCP and unix sockets; None if either is not known."""
        if self.listeners is None or self.unix_listeners is None:
            return None
        return frozenset({s.inode for s in self.listeners} | {s.inode for s in self.unix_listeners})


@dataclass(frozen=True, slots=True)
class Holders:
    """Which processes hold which sockets: pids ascending, by inode."""

    pids: Mapping[int, tuple[int, ...]]
    names: Mapping[int, str]
    """The name (comm) of each pid that holds one."""
    unseen_pids: tuple[int, ...] = ()
    """Processes whose open files could not be looked into."""

    @property
    def unseen(self) -> int:
        """How many processes could not be looked into."""
        return len(self.unseen_pids)


@dataclass(frozen=True, slots=True)
class Listening:
    """What `hitless.facts.Host` says of listening sockets, under the same names."""

    listening: tuple[ListeningSocket, ...] | None
    unix_listening: tuple[UnixListener, ...] | None


def read_listening(
    pid: int | None = None, *, sockets: NamespaceSockets | None = None, proc: Path = PROC
) -> tuple[Listening, tuple[Unknown, ...]]:
    """Return the listening sockets of a process's network namespace (None: our own), sorted, with who holds them.

    `sockets` are those of that namespace, where they have been read before.
    """
    unknown: list[Unknown] = []
    if sockets is None:
        sockets, missing = read_namespace_sockets(pid, connections=False, proc=proc)
        unknown.extend(missing)
    wanted = {s.inode for s in sockets.listeners or ()} | {s.inode for s in sockets.unix_listeners or ()}
    holders = find_holders(wanted, proc)
    without = [inode for inode in wanted if inode not in holders.pids]
    if holders.unseen and without:
        whose = "one process" if holders.unseen == 1 else f"{holders.unseen} processes"
        why = f"the open files of {whose} could not be looked into"
        unknown.append(Unknown(what=f"who holds {len(without)} of {len(wanted)} listening sockets", why=why))
    return _join(sockets, holders), tuple(unknown)


def read_namespace_sockets(
    pid: int | None, *, connections: bool = True, proc: Path = PROC
) -> tuple[NamespaceSockets, tuple[Unknown, ...]]:
    """Return the sockets of a process's network namespace (None: our own)."""
    unknown: list[Unknown] = []

    def ask() -> NamespaceSockets:
        return NamespaceSockets(
            listeners=_attempt(lambda: tuple(read_listeners()), "listening TCP sockets", unknown),
            unix_listeners=_attempt(
                lambda: tuple(s for s in read_unix_sockets() if s.state == TCP_LISTEN),
                "listening unix sockets",
                unknown,
            ),
            connection_inodes=_attempt(
                lambda: frozenset(read_connection_inodes()), "established TCP connections", unknown
            )
            if connections
            else None,
        )

    try:
        return in_network_namespace(pid, ask, proc=proc), tuple(unknown)
    except HostError as error:
        what = f"sockets of the network namespace of process {pid}"
        return NamespaceSockets(), (Unknown(what=what, why=error.message),)


def _attempt(read: Callable[[], _T], what: str, unknown: list[Unknown]) -> _T | None:
    try:
        return read()
    except EvidenceError as error:
        unknown.append(Unknown(what=what, why=error.message))
        return None


def find_holders(wanted: Collection[int], proc: Path = PROC) -> Holders:
    """Return which processes hold sockets of these inodes; all open files of the host are looked at once."""
    search = _Search(frozenset(wanted))
    try:
        everybody = list_pids(proc) if wanted else []
    except HostError:
        return Holders({}, {}, unseen_pids=(0,))
    for pid in everybody:
        search.look_into(pid, proc)
    pids = {inode: tuple(sorted(found)) for inode, found in search.pids.items()}
    return Holders(pids, search.names, tuple(search.unseen))


@dataclass(slots=True)
class _Search:
    wanted: frozenset[int]
    pids: dict[int, list[int]] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    unseen: list[int] = field(default_factory=list)
    looked_at: int = 0

    def look_into(self, pid: int, proc: Path) -> None:
        if self.looked_at > _MAX_DESCRIPTORS:
            self.unseen.append(pid)
            return
        try:
            descriptors = read_descriptors(pid, proc)
            self.looked_at += descriptors.count
            found = descriptors.sockets & self.wanted
            if found:
                self.names[pid] = read_status(pid, proc).name
        except Gone:
            return
        except HostError:
            if _has_command_line(pid, proc):
                self.unseen.append(pid)
            return
        for inode in found:
            self.pids.setdefault(inode, []).append(pid)


def _has_command_line(pid: int, proc: Path) -> bool:
    """Return whether a process can hold sockets that interest anybody: kernel threads cannot."""
    try:
        return bool(read_command_line(pid, proc))
    except HostError:
        return True


def _join(sockets: NamespaceSockets, holders: Holders) -> Listening:
    def names(inode: int) -> tuple[str, ...]:
        return tuple(holders.names[pid] for pid in holders.pids.get(inode, ()))

    tcp = None
    if sockets.listeners is not None:
        tcp = tuple(
            ListeningSocket(
                address=s.address,
                port=s.port,
                inode=s.inode,
                uid=s.uid,
                queue_length=s.queue_length,
                queue_limit=s.queue_limit,
                v6_only=s.v6_only,
                pids=holders.pids.get(s.inode, ()),
                process_names=names(s.inode),
            )
            for s in sorted(sockets.listeners, key=lambda s: (s.port, ":" in s.address, s.address, s.inode))
        )
    unix = None
    if sockets.unix_listeners is not None:
        unix = tuple(
            UnixListener(
                name=s.name, inode=s.inode, pids=holders.pids.get(s.inode, ()), process_names=names(s.inode)
            )
            for s in sorted(sockets.unix_listeners, key=lambda s: (s.name, s.inode))
        )
    return Listening(tcp, unix)
