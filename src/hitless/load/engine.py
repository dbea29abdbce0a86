"""The loop: events of sockets and of time, handed to the clients. One per process, one thread, no allocation kept.

Timestamps are taken by the clients right after recv() and right before send(), not once per batch of events: the
call costs 50 ns and keeps every time of a row within the microseconds of its own processing.
"""

import select
from collections.abc import Callable
from heapq import heappop, heappush
from typing import Protocol

from hitless.clock import now_ns
from hitless.load.connection import Connection
from hitless.load.table import AttemptTable
from hitless.units import NANOSECONDS_PER_MILLISECOND, NANOSECONDS_PER_SECOND

__all__ = ["DRAIN_NS", "Engine", "EngineClient"]

SWEEP_NS = 50 * NANOSECONDS_PER_MILLISECOND
"""How often deadlines are looked at and the counters published: a timeout is late by at most this."""

DRAIN_NS = NANOSECONDS_PER_SECOND
"""How long exchanges in flight may go on once the engine was told to stop."""

LINGER_NS = NANOSECONDS_PER_SECOND
"""How long a finished connection waits for the server's FIN before it is closed all the same."""

READ_INTEREST = select.EPOLLIN | select.EPOLLRDHUP


class EngineClient(Protocol):
    """What the engine asks of its clients."""

    @property
    def is_busy(self) -> bool:
        """Whether an exchange is in flight, or a goodbye."""

    @property
    def has_begun(self) -> bool:
        """Whether a connection was up, or an attempt has ended."""

    def begin_at_pace(self) -> None:
        """Ask the engine for the first attempt."""

    def check_deadline(self, now: int) -> None:
        """End what has taken too long."""

    def stop(self, now: int) -> None:
        """Start nothing more; close what rests."""

    def abandon(self, now: int) -> None:
        """End what is in flight: the run is over."""

    def drop(self) -> None:
        """Let go of every connection."""


class Engine:
    """Runs clients until `request_stop`. `table` takes their attempts."""

    def __init__(self, table: AttemptTable) -> None:
        self.table = table
        self.stopping = False
        self.connections = 0
        """How many were opened: the next one's number."""
        self._epoll = select.epoll()
        self._handlers: dict[int, Callable[[int], None]] = {}
        self._timers: list[tuple[int, int, Callable[[int], None]]] = []
        self._timer_number = 0
        self._clients: list[EngineClient] = []
        self._streams: list[list[EngineClient]] = []
        self._lingering: dict[int, tuple[int, Connection]] = {}
        self._stop_requested = False
        self._finished = False
        self._give_up_ns = 0
        self._ready: Callable[[], None] | None = None

    def add(self, clients: list[EngineClient]) -> None:
        """Take on the clients of one stream, before `run`."""
        self._clients += clients
        if clients:
            self._streams.append(clients)

    def request_stop(self) -> None:
        """Stop at the next sweep. Safe to call from a signal handler."""
        self._stop_requested = True

    def call_at(self, t_ns: int, callback: Callable[[int], None]) -> None:
        """Call back with the current time once `t_ns` has come."""
        self._timer_number += 1
        heappush(self._timers, (t_ns, self._timer_number, callback))

    def watch(self, connection: Connection, interest: int, handler: Callable[[int], None]) -> None:
        """Hand a connection's events to `handler`; an interest of 0 pauses them."""
        fd = connection.fd
        self._handlers[fd] = handler
        if interest == connection.interest:
            return
        if not connection.interest:
            self._epoll.register(fd, interest)
        elif interest:
            self._epoll.modify(fd, interest)
        else:
            self._epoll.unregister(fd)
        connection.interest = interest

    def watch_fd(self, fd: int, handler: Callable[[int], None]) -> None:
        """Hand the events of a descriptor that is no connection to `handler` (the parent's pipe)."""
        self._handlers[fd] = handler
        self._epoll.register(fd, select.EPOLLIN)

    def forget_fd(self, fd: int) -> None:
        """Undo `watch_fd`."""
        del self._handlers[fd]
        self._epoll.unregister(fd)

    def close(self, connection: Connection) -> None:
        """Close a connection; the kernel takes it out of the epoll set."""
        self._handlers.pop(connection.fd, None)
        connection.close()

    def linger(self, connection: Connection) -> None:
        """Close a connection after the server's FIN, so that the server's side is the one that closes first.

        Closing first would put the TIME_WAIT on this side, and the bytes that follow would be answered by resets.
        """
        if is_over(connection):
            self.close(connection)
            return
        self._lingering[connection.fd] = (now_ns() + LINGER_NS, connection)
        self.watch(connection, READ_INTEREST, lambda _mask: self._on_linger(connection))

    def run(self, *, ready: Callable[[], None]) -> None:
        """Run until stopped; `ready` is called once, when a client of every stream has got somewhere."""
        self._ready = ready
        for client in self._clients:
            client.begin_at_pace()
        self.call_at(now_ns(), self._sweep)
        try:
            self._loop()
        finally:
            for client in self._clients:
                client.drop()
            for _, connection in self._lingering.values():
                connection.close()
            self._epoll.close()

    def _loop(self) -> None:
        poll, handlers, timers = self._epoll.poll, self._handlers, self._timers
        epoll_fd = [self._epoll.fileno()]
        while not self._finished:
            for fd, mask in poll(0):
                handler = handlers.get(fd)
                if handler is not None:
                    handler(mask)
            now = now_ns()
            while timers and timers[0][0] <= now:
                heappop(timers)[2](now)
            wait_ns = timers[0][0] - now_ns() if timers else SWEEP_NS
            if wait_ns > 0:
                # epoll_wait counts in milliseconds, select() in microseconds: an open loop needs them.
                select.select(epoll_fd, (), (), wait_ns / NANOSECONDS_PER_SECOND)

    def _sweep(self, now: int) -> None:
        if self._stop_requested and not self.stopping:
            self.stopping = True
            self._give_up_ns = now + DRAIN_NS
            for client in self._clients:
                client.stop(now)
        for client in self._clients:
            client.check_deadline(now)
        for give_up_ns, connection in list(self._lingering.values()):
            if now >= give_up_ns:
                self._end_linger(connection)
        if self._ready is not None and self._has_begun():
            self._ready()
            self._ready = None
        self.table.publish()
        if self.stopping and (now >= self._give_up_ns or self._is_quiet()):
            for client in self._clients:
                client.abandon(now)
            self._finished = True
        self.call_at(now + SWEEP_NS, self._sweep)

    def _has_begun(self) -> bool:
        return all(any(client.has_begun for client in clients) for clients in self._streams)

    def _is_quiet(self) -> bool:
        return not self._lingering and not any(client.is_busy for client in self._clients)

    def _on_linger(self, connection: Connection) -> None:
        if is_over(connection):
            self._end_linger(connection)

    def _end_linger(self, connection: Connection) -> None:
        del self._lingering[connection.fd]
        self.close(connection)


def is_over(connection: Connection) -> bool:
    """Return whether the server has closed a connection; bytes that nobody waits for are thrown away."""
    try:
        return not connection.recv()
    except BlockingIOError:
        return False
    except OSError:
        return True  # reset instead of closed: over all the same, and no attempt is concerned
