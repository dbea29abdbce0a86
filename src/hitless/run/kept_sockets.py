"""Duplicates of HAProxy's listening sockets: while we have them, its end closes none, and connections wait.

They are never accepted on. They are taken from the process (`pidfd_getfd`), else asked for at a stats socket.
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

    from hitless.host.held_listener import HeldListener

__all__ = ["KeptSockets"]

_FETCH_TIMEOUT_S = 2.0


class KeptSockets:
    """The sockets of one HAProxy; `version` decides how they are offered."""

    def __init__(self, version: tuple[int, int, int]) -> None:
        self._version = version
        self._kept: tuple[PassedListener, ...] = ()

    def __len__(self) -> int:
        return len(self._descriptors())

    def _descriptors(self) -> set[int]:
        return {listener.descriptor for listener in self._kept}

    def take(self, pids: Sequence[int], stats_sockets: Sequence[str]) -> str:
        """Keep what these processes listen on now, and nothing else; return what went wrong, "" if nothing.

        `stats_sockets` are asked where the sockets cannot be taken: the filters of containers may forbid it. What
        could not be had leaves those that are kept as they are.
        """
        try:
            found = self._duplicate(pids)
        except HostError as error:
            found = _fetch(stats_sockets)
            if not found:
                return f"{error.message}, and no stats socket has `expose-fd listeners`"
        self.close()
        self._kept = found
        return "" if found else "it listens nowhere"

    def _duplicate(self, pids: Sequence[int]) -> tuple[PassedListener, ...]:
        """Return the listeners of the processes, each socket once. Raises: HostError."""
        with contextlib.ExitStack() as stack:
            taken: dict[int, HeldListener] = {}
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


def _fetch(stats_sockets: Sequence[str]) -> tuple[PassedListener, ...]:
    """Return what the first stats socket that hands sockets over hands over."""
    for address in stats_sockets:
        with contextlib.suppress(ControlError):
            return tuple(fetch_listeners(address, timeout_s=_FETCH_TIMEOUT_S))
    return ()
