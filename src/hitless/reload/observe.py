"""Read which process holds which listening socket, and wait for what a reload changes in it.

The kernel has no event for "this process now owns that socket" that a namespace may subscribe to, so /proc and
inet_diag are read in turn: densely just after the trigger, then with less effort. The time of a phase is late by at
most one reading, and never early; the kernel's trace has the exact times of sockets opening and closing.
"""

import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from hitless.clock import now_ns
from hitless.host.inet_diag import Listener, open_sock_diag, read_connections, read_listeners
from hitless.host.processes import Denied, Gone, read_socket_inodes
from hitless.records import Event
from hitless.reload.phases import Observation, PhaseTracker

if TYPE_CHECKING:
    import socket

__all__ = ["Observer", "follow"]

DENSE_PERIOD_S = 0.004
SPARSE_PERIOD_S = 0.025
DENSE_FOR_S = 0.5


def follow(
    look: Callable[[], Observation],
    tracker: PhaseTracker,
    emit: Callable[[Event], None],
    *,
    until: Callable[[PhaseTracker], bool],
    deadline_s: float,
) -> bool:
    """Feed what is seen to a tracker until it is satisfied; return whether it was before the deadline."""
    start = time.monotonic()
    while True:
        for event in tracker.observe(look()):
            emit(event)
        if until(tracker):
            return True
        elapsed_s = time.monotonic() - start
        if elapsed_s >= deadline_s:
            return False
        # Nothing to await: see the module's docstring.
        time.sleep(DENSE_PERIOD_S if elapsed_s < DENSE_FOR_S else SPARSE_PERIOD_S)


class Observer:
    """Watches the listening sockets of some endpoints and the processes that may hold them.

    `pids` returns the processes to look at; `endpoints` are as the kernel writes a bound address ("0.0.0.0:80"), and
    `after_reload` those that a new process must have, where the configuration is changed.
    """

    def __init__(
        self,
        pids: Callable[[], Iterable[int]],
        endpoints: frozenset[str],
        *,
        after_reload: frozenset[str] | None = None,
    ) -> None:
        self.endpoints = endpoints
        self.after_reload = endpoints if after_reload is None else after_reload
        self._watched = self.endpoints | self.after_reload
        self._pids = pids
        self._diag: socket.socket = open_sock_diag()
        self._ports = sorted({int(endpoint.rpartition(":")[2]) for endpoint in self._watched})
        self.endpoint_of: dict[int, str] = {}

    def look(self, *, connections: bool = False) -> Observation:
        """Return who holds what now; with `connections`, also how many connections each carries."""
        for listener in self._listeners():
            self.endpoint_of[listener.inode] = listener.endpoint
        watched = self.endpoint_of.keys()
        established = self._connection_inodes() if connections else frozenset[int]()
        listening: dict[int, frozenset[int]] = {}
        connected: dict[int, int] = {}
        for pid in self._pids():
            try:
                inodes = read_socket_inodes(pid)
            except (Gone, Denied):
                continue
            listening[pid] = frozenset(inodes & watched)
            connected[pid] = len(inodes & established)
        return Observation(now_ns(), listening, connected)

    def serving(self) -> frozenset[int]:
        """Return the processes that hold every watched endpoint now."""
        seen = self.look()
        return frozenset(
            pid
            for pid, inodes in seen.listening.items()
            if {self.endpoint_of[inode] for inode in inodes} >= self.endpoints
        )

    def follow(
        self,
        tracker: PhaseTracker,
        emit: Callable[[Event], None],
        *,
        until: Callable[[PhaseTracker], bool],
        deadline_s: float,
    ) -> bool:
        """Feed observations to a tracker until it is satisfied; return whether it was before the deadline."""
        return follow(
            lambda: self.look(connections=tracker.waiting_for_accept),
            tracker,
            emit,
            until=until,
            deadline_s=deadline_s,
        )

    def close(self) -> None:
        """Close the netlink socket."""
        self._diag.close()

    def _listeners(self) -> list[Listener]:
        return [one for one in read_listeners(self._diag) if one.endpoint in self._watched]

    def _connection_inodes(self) -> frozenset[int]:
        return frozenset(
            connection.inode for port in self._ports[:8] for connection in read_connections(port, self._diag)
        )
