"""The socket that HAProxy asks: it gets what is held for its instance, in HAProxy's own protocol."""

import os
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from hitless.control.errors import CouldNotAsk, NotUnderstood
from hitless.control.fd_passing import REQUEST, SocketsServer
from hitless.control.socket_serving import ServedClient
from hitless.control.socket_transfer import PassedListener
from hitless.hold.door import Door, Visitor

__all__ = ["AskDoor"]

_NOTHING = struct.pack("=i", 0)
"""2.2, 2.6, 2.8, 3.0 and 3.2 go on and bind for themselves; without a number, in classic mode, they do not start."""


@dataclass(slots=True)
class AskDoor(Door):
    """Hands the sockets of one instance to whoever may have them and asks."""

    offer: Callable[[int], Sequence[PassedListener]] = lambda _pid: ()
    """What is offered to the process that asks."""
    on_served: Callable[[int, int], None] = lambda _pid, _number: None
    """A process has got so many, and has said so."""
    _heard: dict[int, bytes] = field(default_factory=dict)
    _served: dict[int, ServedClient] = field(default_factory=dict)

    def hear(self, visitor: Visitor) -> bool:
        """Take a request, or an acknowledgement."""
        number = visitor.connection.fileno()
        served = self._served.get(number)
        if served is None:
            return self._take_request(visitor, number)
        served.hear()
        if served.complete:
            self.on_served(visitor.peer.pid, len(served.descriptors))
        return not served.complete

    def _take_request(self, visitor: Visitor, number: int) -> bool:
        before = self._heard.get(number, b"")
        data = visitor.connection.recv(len(REQUEST) - len(before))
        if not data:
            raise CouldNotAsk("it went away before it asked")
        heard = before + data
        if not REQUEST.startswith(heard):
            raise NotUnderstood(
                f"this is no HAProxy that asks for listening sockets: {heard!r}", raw=repr(heard)
            )
        self._heard[number] = heard
        return heard != REQUEST or self._begin(visitor, number)

    def _begin(self, visitor: Visitor, number: int) -> bool:
        listeners = self.offer(visitor.peer.pid)
        if not listeners:
            visitor.connection.send(_NOTHING)
            self.on_served(visitor.peer.pid, 0)
            return False
        server = SocketsServer([listener.record for listener in listeners])
        # Duplicates: what is held may change before the last of them has gone out.
        served = ServedClient(visitor.connection, server, _duplicates(listeners))
        self._served[number] = served
        served.feed(REQUEST)
        return True

    def forget(self, visitor: Visitor) -> None:
        """Close the duplicates that were made for a visitor."""
        number = visitor.connection.fileno()
        self._heard.pop(number, None)
        served = self._served.pop(number, None)
        for descriptor in served.descriptors if served is not None else ():
            os.close(descriptor)


def _duplicates(listeners: Sequence[PassedListener]) -> list[int]:
    made: list[int] = []
    try:
        made.extend(os.dup(listener.descriptor) for listener in listeners)
    except OSError:
        for descriptor in made:
            os.close(descriptor)
        raise
    return made
