"""The syslog receiver on its sockets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.clock import now_ns
from hitless.records import Event, EventKind
from hitless.sandbox.world.servers.syslog_line import LineCutter, pid_of, text_of

if TYPE_CHECKING:
    import socket

    from hitless.sandbox.world.servers.events import EventWriter
    from hitless.sandbox.world.servers.layer import Sink

__all__ = ["SyslogStream", "receive_lines"]

_DATAGRAM_SIZE_BYTES = 65536
_BATCH = 256


def _log_event(line: bytes) -> Event:
    return Event(t_ns=now_ns(), kind=EventKind.LOG_LINE, pid=pid_of(line), text=text_of(line))


def receive_lines(receiver: socket.socket, events: EventWriter) -> None:
    """Write an event for each datagram in a nonblocking socket, a batch at a time: the servers wait meanwhile."""
    for _ in range(_BATCH):
        try:
            line = receiver.recv(_DATAGRAM_SIZE_BYTES)
        except BlockingIOError:
            return
        events.write(_log_event(line))


class SyslogStream:
    """Log lines over TCP."""

    __slots__ = ("_cutter", "_events", "_sink")

    def __init__(self, sink: Sink, events: EventWriter) -> None:
        self._sink = sink
        self._events = events
        self._cutter = LineCutter()

    def feed(self, data: bytes) -> None:
        """Write an event for each complete line."""
        for line in self._cutter.feed(data):
            self._events.write(_log_event(line))

    def end(self) -> None:
        """A line without its end is a line too."""
        self.feed(b"\n")
        self._sink.close()

    def drained(self) -> None:
        """Nothing is ever sent."""

    def lost(self) -> None:
        """Nothing is kept."""
