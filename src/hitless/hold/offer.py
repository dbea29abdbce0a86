"""What is offered to a HAProxy of whichever version: who asks does not say."""

import socket
from collections.abc import Iterable

from hitless.control.socket_transfer import PassedListener
from hitless.host.held_listener import HeldListener
from hitless.host.root import HostRoot
from hitless.reload.offering import listeners_to_offer

__all__ = ["offer_listeners"]

_COMPARES_OPTIONS = (2, 2)
_READS_SOCKETS = (2, 3)


def offer_listeners(held: Iterable[HeldListener]) -> tuple[PassedListener, ...]:
    """Return the offer that 2.2 understands, which later ones take as well; only they have sockets for datagrams."""
    held = tuple(held)
    old = all(listener.kind == socket.SOCK_STREAM for listener in held)
    return listeners_to_offer(held, _COMPARES_OPTIONS if old else _READS_SOCKETS, HostRoot())[0]
