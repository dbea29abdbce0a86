"""Take duplicates of what another process has open: its listening sockets, its standard error.

What is taken is the very same socket, not one like it: connections that wait in its queue wait on, whoever accepts
them. While a duplicate is open, connections queue on it although the process may be gone; close it soon, and never
accept on it.

Source: Linux 5.6 pidfd_getfd(2), which asks for the right to trace the process (PTRACE_MODE_ATTACH_REALCREDS).
"""

import ctypes
import errno
import os
import socket
from collections.abc import Container, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from hitless.config.arguments import parse_arguments
from hitless.errors import EvidenceError
from hitless.host.errors import Gone, HostError, translated, translated_of
from hitless.host.held_listener import HeldListener, NamespaceNames, read_listener, takes_what_comes
from hitless.host.inet_diag import read_connection_inodes
from hitless.host.netns import in_network_namespace
from hitless.host.process_handle import ProcessHandle
from hitless.host.processes import PROC, read_command_line
from hitless.host.root import HostRoot
from hitless.limits import allow_descriptors

__all__ = ["HeldListeners", "duplicate_descriptor", "duplicate_listeners"]

_SYS_PIDFD_GETFD = 438
_MANY_SOCKETS = 10_000
"""From here on the kernel is asked first which of them are connections: to take each would cost more."""


@dataclass(slots=True)
class HeldListeners:
    """The sockets taken, until the block ends; in the order of the process's descriptors."""

    listeners: tuple[HeldListener, ...]
    left_out: tuple[str, ...] = ()
    """What could not be taken, each with the reason."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[HeldListener]:
        return iter(self.listeners)

    def close(self) -> None:
        """Close them; the sockets live on in their process."""
        held, self.listeners = self.listeners, ()
        for listener in held:
            os.close(listener.descriptor)


def duplicate_descriptor(process: ProcessHandle, number: int) -> int:
    """Return a duplicate, close-on-exec, of a descriptor of another process.

    Raises: Gone if the process is, or does not have this one open; Denied; Unsupported before Linux 5.6.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    about = f"open files of process {process.pid} cannot be taken"
    with translated(f"process {process.pid} is gone", about):
        found = int(libc.syscall(_SYS_PIDFD_GETFD, process.fileno(), number, 0))
        if found < 0:
            if ctypes.get_errno() == errno.EBADF:
                raise Gone(f"process {process.pid} does not have descriptor {number} open")
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return found


def duplicate_listeners(pid: int, *, root: HostRoot | None = None, proc: Path = PROC) -> HeldListeners:
    """Return duplicates of the sockets that a HAProxy would hand over to the next one.

    These are its TCP and unix sockets in LISTEN, and its UDP and unix datagram sockets that are bound and not
    connected; a socket that several descriptors stand for is taken once. A master's CLI (-S), and the socket pairs
    between master and worker, are its own affair. `root` is where the process's files are.

    Raises: Gone, Denied, Unsupported, HostError.
    """
    with ProcessHandle(pid) as process:
        internal = frozenset(parse_arguments(read_command_line(pid, proc)).master_socket_paths)
        taker = _Taker(process, NamespaceNames(pid, root or HostRoot(), proc), internal)
        try:
            for number in _candidates(pid, proc):
                taker.take(number)
            taker.check_alive()
        except BaseException:
            taker.held().close()
            raise
        return taker.held()


def _candidates(pid: int, proc: Path) -> list[int]:
    """Return the descriptors that may be listening sockets, ascending."""
    sockets = _socket_descriptors(pid, proc)
    if len(sockets) > _MANY_SOCKETS:
        try:
            connected = in_network_namespace(pid, read_connection_inodes, proc=proc)
        except (EvidenceError, HostError):  # then each is looked at
            connected = set()
        sockets = {number: inode for number, inode in sockets.items() if inode not in connected}
    allow_descriptors(len(sockets))
    return sorted(sockets)


def _socket_descriptors(pid: int, proc: Path) -> dict[int, int]:
    """Return the inode of each socket that a process has open, by descriptor."""
    directory = str(proc / str(pid) / "fd")
    found: dict[int, int] = {}
    with translated_of(pid):
        for name in os.listdir(directory):  # noqa: PTH208 - a proxy can have a million: plain strings, no objects
            with suppress(FileNotFoundError):  # closed since it was listed
                link = os.readlink(f"{directory}/{name}")  # noqa: PTH115 - as above
                if link.startswith("socket:["):
                    found[int(name)] = int(link[len("socket:[") : -1])
    return found


@dataclass(slots=True)
class _Taker:
    """Takes one descriptor of a process after the other, and keeps those that are listening sockets."""

    process: ProcessHandle
    names: NamespaceNames
    internal: Container[str]
    _taken: dict[int, HeldListener] = field(default_factory=dict)
    """By inode."""
    _left_out: list[str] = field(default_factory=list)

    def held(self) -> HeldListeners:
        return HeldListeners(tuple(self._taken.values()), tuple(self._left_out))

    def check_alive(self) -> None:
        """Raise Gone if the process has ended: descriptors that could not be taken were not just closed then."""
        if self.process.await_exit(0):
            raise Gone(f"process {self.process.pid} has ended")

    def take(self, number: int) -> None:
        try:
            descriptor = duplicate_descriptor(self.process, number)
        except Gone:
            self.check_alive()
            return
        # Family and kind are asked for by the readers; as given here they only keep Python from asking first.
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, fileno=descriptor) as raw:
            if not takes_what_comes(raw) or os.fstat(descriptor).st_ino in self._taken:
                return
            try:
                listener = read_listener(raw, number, self.names)
            except LookupError:
                self._left_out.append(f"{raw.getsockname()} is in a network namespace that has no name")
                return
            if listener.endpoint not in self.internal:
                self._taken[listener.inode] = listener
                raw.detach()
