"""The world on its event loop: every endpoint of a plan, each with what it speaks."""

from __future__ import annotations

import errno
import socket
from typing import TYPE_CHECKING

from hitless.sandbox.world.records import Failure
from hitless.sandbox.world.servers.dns import DnsStream, answer_datagrams
from hitless.sandbox.world.servers.dns_wire import DnsAnswerer
from hitless.sandbox.world.servers.listen import open_socket, read_lost_datagrams
from hitless.sandbox.world.servers.opening import Opening
from hitless.sandbox.world.servers.serving import Serving
from hitless.sandbox.world.servers.syslog import SyslogStream, receive_lines
from hitless.sandbox.world.servers.wire import Wire

if TYPE_CHECKING:
    import asyncio
    import ssl
    from collections.abc import Callable

    from hitless.sandbox.world.records import Endpoint, WorldPlan
    from hitless.sandbox.world.servers.events import EventWriter
    from hitless.sandbox.world.servers.layer import Layer

__all__ = ["World"]

_ACCEPTS_AT_ONCE = 64
_ACCEPT_AGAIN_AFTER_S = 0.05
_OUT_OF_RESOURCES = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}


class World:
    """Owns the listening sockets."""

    def __init__(
        self,
        plan: WorldPlan,
        loop: asyncio.AbstractEventLoop,
        events: EventWriter,
        tls: ssl.SSLContext | None,
    ) -> None:
        self._plan = plan
        self._loop = loop
        self._events = events
        self._tls = tls
        self._dns = DnsAnswerer(plan)
        self._sockets: list[socket.socket] = []
        self.refused_accepts = 0
        """How often a connection had to wait because descriptors or memory were short."""
        self.lost_datagrams = 0
        """How many log lines and DNS queries came faster than they were read; known after `close`. A sender to a
        unix socket is told instead, and HAProxy counts it (`show info`, DroppedLogs)."""

    def open(self) -> tuple[Failure, ...]:
        """Serve every endpoint that can be bound; return those that cannot."""
        failed: list[Failure] = []
        for endpoint in self._plan.endpoints:
            try:
                opened = open_socket(endpoint, private=self._plan.private)
            except (OSError, ValueError) as error:  # ValueError: a NUL in a path
                failed.append(Failure(endpoint=endpoint.where, error=str(error)))
                continue
            self._sockets.append(opened)
            self._serve(endpoint, opened)
        return tuple(failed)

    def close(self) -> None:
        """Serve no more."""
        for opened in self._sockets:
            if opened.type == socket.SOCK_DGRAM and opened.family != socket.AF_UNIX:
                self.lost_datagrams += read_lost_datagrams(opened)
            self._loop.remove_reader(opened.fileno())
            opened.close()
        self._sockets.clear()

    def _serve(self, endpoint: Endpoint, opened: socket.socket) -> None:
        if endpoint.transport not in {"udp", "unix-datagram"}:
            self._loop.add_reader(opened, self._accept, opened, self._first_layer(endpoint))
        elif endpoint.role == "dns":
            self._loop.add_reader(opened, answer_datagrams, opened, self._dns)
        else:
            self._loop.add_reader(opened, receive_lines, opened, self._events)

    def _first_layer(self, endpoint: Endpoint) -> Callable[[Wire], Layer]:
        if endpoint.role == "dns":
            return lambda wire: DnsStream(wire, self._dns)
        if endpoint.role == "syslog":
            return lambda wire: SyslogStream(wire, self._events)
        serving = Serving(endpoint, self._tls)
        return lambda wire: Opening(wire, serving)

    def _accept(self, listener: socket.socket, first: Callable[[Wire], Layer]) -> None:
        for _ in range(_ACCEPTS_AT_ONCE):
            try:
                connection, _ = listener.accept()
            except BlockingIOError:
                return
            except ConnectionAbortedError:
                continue
            except OSError as error:
                if error.errno not in _OUT_OF_RESOURCES:
                    raise
                self.refused_accepts += 1
                self._loop.remove_reader(listener)
                self._loop.call_later(_ACCEPT_AGAIN_AFTER_S, self._accept_again, listener, first)
                return
            connection.settimeout(0)
            Wire(connection, self._loop, first)

    def _accept_again(self, listener: socket.socket, first: Callable[[Wire], Layer]) -> None:
        if listener in self._sockets:
            self._loop.add_reader(listener, self._accept, listener, first)
