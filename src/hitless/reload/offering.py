"""Which of the sockets that were taken from a HAProxy are offered to the next one, and what is said of each.

Unix sockets are offered as HAProxy itself offers them, stats sockets among them: a successor that makes them anew
renames its own over their paths as it starts, and if it fails afterwards nobody answers there any more (seen on 2.2 to
3.2). One whose path is gone is left out, so that it is made anew.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from hitless.control.fd_passing import ListenerOption, SocketRecord
from hitless.control.socket_offer import SocketOffer
from hitless.control.socket_transfer import PassedListener
from hitless.errors import ReloadError
from hitless.host.errors import HostError
from hitless.host.held_listener import unix_path

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hitless.host.held_listener import HeldListener
    from hitless.host.root import HostRoot

__all__ = ["listeners_to_offer", "make_offer"]

_READS_SOCKETS = (2, 3)
"""From here on a receiver reads options from the socket, and knows datagram sockets from others."""


def listeners_to_offer(
    held: Iterable[HeldListener], version: tuple[int, ...], root: HostRoot
) -> tuple[tuple[PassedListener, ...], tuple[str, ...]]:
    """Return what to offer to a HAProxy of this version ((0, 0, 0): not known), and what is left out and why.

    Up to 2.2 the options must be those of the bind line, which for IPv6 the socket does not tell: `v4v6` and no word
    at all make the same socket, and so do `v6only` and no word where that is the system's default. So it is offered
    under both. A receiver takes the last one first: the further offers come before the plain ones, and a later version,
    to which they are all alike, never takes one twice where it needs several of an address.
    """
    old = version[:2] < _READS_SOCKETS
    further: list[PassedListener] = []
    plain: list[PassedListener] = []
    left_out: list[str] = []
    for listener in held:
        why = _why_not(listener, root, old=old)
        if why:
            left_out.append(f"{unix_path(listener.endpoint)} {why}")
            continue
        plain.append(_passed(listener, _options(listener) if old else ListenerOption(0)))
        if old and listener.v6_only is not None:
            further.append(_passed(listener, _other_options(listener)))
    return (*further, *plain), tuple(left_out)


def make_offer(
    held: Iterable[HeldListener], version: tuple[int, ...], root: HostRoot, *, allowed_uid: int
) -> tuple[SocketOffer, tuple[str, ...]]:
    """Return the offer to a HAProxy of this version that starts as this user, not yet entered, and what is left out.

    Raises: ReloadError if nothing is left to offer.
    """
    listeners, left_out = listeners_to_offer(held, version, root)
    if not listeners:
        raise ReloadError("The process that serves has no listening socket that could be offered.")
    return SocketOffer(listeners, allowed_uid=allowed_uid), left_out


def _why_not(listener: HeldListener, root: HostRoot, *, old: bool) -> str:
    if old and listener.kind != socket.SOCK_STREAM:
        return "takes datagrams, which this version does not hand over"
    if not listener.endpoint.startswith("/"):
        return ""
    try:
        gone = not root.exists(unix_path(listener.endpoint))
    except HostError:  # not for us to see: HAProxy would not look either
        gone = False
    return "is not there any more, and is made anew" if gone else ""


def _passed(listener: HeldListener, options: ListenerOption) -> PassedListener:
    return PassedListener(
        listener.descriptor, SocketRecord(listener.namespace, listener.interface, int(options))
    )


def _options(listener: HeldListener) -> ListenerOption:
    """Return the options of a bind line without `v4v6`."""
    found = ListenerOption.FOREIGN if listener.transparent else ListenerOption(0)
    return found | ListenerOption.V6_ONLY if listener.v6_only else found


def _other_options(listener: HeldListener) -> ListenerOption:
    found = _options(listener)
    return found & ~ListenerOption.V6_ONLY if listener.v6_only else found | ListenerOption.V4_V6
