"""The network namespace of a service, asked from outside: its counters, its addresses, who listens in it.

Everything is opened once, while a process of the service lives there, and stays readable after that process has ended.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Self

from hitless.clock import now_ns
from hitless.errors import EvidenceError
from hitless.evidence.counters import MEANINGS, NamespaceCounters
from hitless.evidence.model import CounterReading
from hitless.host.addresses import Addresses, read_addresses
from hitless.host.inet_diag import Listener, open_sock_diag, read_listeners
from hitless.host.netns import in_network_namespace
from hitless.host.processes import PROC, read_network_namespace

if TYPE_CHECKING:
    import socket
    from pathlib import Path
    from types import TracebackType

__all__ = ["ServiceNamespace"]

_TIMEOUT_S = 5.0


class ServiceNamespace:
    """A context manager: the network namespace of the process `pid`.

    `inode` is the namespace's, `addresses` are as they were at the opening.
    """

    def __init__(self, pid: int, proc: Path = PROC) -> None:
        self._pid = pid
        self._proc = proc
        self._resources = contextlib.ExitStack()
        self._counters: NamespaceCounters | None = None
        self._diag: socket.socket | None = None
        self.inode = 0
        self.addresses = Addresses((), (), ())

    def __enter__(self) -> Self:
        """Open it. Raises: Gone, Denied, EvidenceError, HostError."""
        with contextlib.ExitStack() as stack:
            self.inode = read_network_namespace(self._pid, self._proc)
            counters = stack.enter_context(NamespaceCounters(self._proc / str(self._pid)))
            diag, self.addresses = in_network_namespace(
                self._pid, _look_around, timeout_s=_TIMEOUT_S, proc=self._proc
            )
            stack.callback(diag.close)
            self._counters, self._diag = counters, diag
            self._resources = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._resources.close()

    def read_counters(self, label: str) -> CounterReading:
        """Return the counters that say something about a reload. Raises: EvidenceError."""
        if self._counters is None:
            raise EvidenceError("the network namespace is not open")
        values = self._counters.read()
        return CounterReading(
            t_ns=now_ns(), label=label, values={name: values[name] for name in MEANINGS if name in values}
        )

    def read_listeners(self, ports: frozenset[int]) -> tuple[Listener, ...]:
        """Return the TCP sockets that listen on these ports. Raises: EvidenceError."""
        if self._diag is None:
            raise EvidenceError("the network namespace is not open")
        return tuple(one for one in read_listeners(self._diag, timeout_s=_TIMEOUT_S) if one.port in ports)


def _look_around() -> tuple[socket.socket, Addresses]:
    try:
        diag = open_sock_diag()
    except OSError as error:
        raise EvidenceError(f"the kernel does not list sockets: {error.strerror}") from error
    try:
        return diag, read_addresses(timeout_s=_TIMEOUT_S)
    except BaseException:
        diag.close()
        raise
