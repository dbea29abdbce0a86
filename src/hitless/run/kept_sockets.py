"""Duplicates of HAProxy's listening sockets: while we have them, its end closes none, and connections wait.

They are never accepted on. They are taken from the process (`pidfd_getfd`, which its parent may as long as HAProxy
keeps its user), else asked for at a stats socket.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from hitless.control.socket_offer import SocketOffer
from hitless.control.socket_transfer import PassedListener, fetch_listeners
from hitless.errors import ControlError
from hitless.host.descriptors import duplicate_listeners
from hitless.host.errors import Gone, HostError
from hitless.host.root import HostRoot
from hitless.reload.offering import listeners_to_offer

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["KeptSockets"]

_FETCH_TIMEOUT_S = 2.0


class KeptSockets:
    """The sockets of one HAProxy.

    `version` decides how they are offered; `transfer_socket` is where they are asked for.
    """

    def __init__(self, version: tuple[int, int, int], transfer_socket: str = "") -> None:
        self._version = version
        self._transfer_socket = transfer_socket
        self._kept: tuple[PassedListener, ...] = ()

    def __len__(self) -> int:
        return len(self._descriptors())

    def _descriptors(self) -> set[int]:
        return {listener.descriptor for listener in self._kept}

    def take(self, pids: Sequence[int]) -> str:
        """Keep what these processes listen on now, and nothing else; return what went wrong, "" if nothing.

        What could not be taken leaves those that are kept as they are.
        """
        try:
            found = self._duplicate(pids)
        except HostError as error:
            if not self._transfer_socket:
                return error.message
            try:
                found = tuple(fetch_listeners(self._transfer_socket, timeout_s=_FETCH_TIMEOUT_S))
            except ControlError as refused:
                return f"{error.message}; {refused.message}"
        self.close()
        self._kept = found
        return "" if found else "it listens nowhere"

    def _duplicate(self, pids: Sequence[int]) -> tuple[PassedListener, ...]:
        """Return the listeners of the processes, each socket once. Raises: HostError."""
        with contextlib.ExitStack() as stack:
            taken = {}
            for pid in pids:
                with contextlib.suppress(Gone):
                    for listener in stack.enter_context(duplicate_listeners(pid)):
                        taken.setdefault(listener.inode, listener)
            offered, _ = listeners_to_offer(taken.values(), self._version, HostRoot())
            # Up to 2.2 a socket is offered twice: each descriptor is duplicated once, and kept in every offer.
            own = {d: os.dup(d) for d in {listener.descriptor for listener in offered}}
            return tuple(PassedListener(own[one.descriptor], one.record) for one in offered)

    def offer(self) -> SocketOffer | None:
        """Return an offer of them, to be entered; None without any."""
        return SocketOffer(self._kept) if self._kept else None

    def close(self) -> None:
        """Close them: from now on they are open only as long as HAProxy has them open."""
        for descriptor in self._descriptors():
            os.close(descriptor)
        self._kept = ()
