"""Which of the sockets that are bound now want what a receiver wants. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from hitless.reload.preflight.receivers import Kind, Receiver
from hitless.subject.endpoints import overlaps

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hitless.reload.preflight.socket_view import NamespaceView, SeenSocket

__all__ = ["Neighbours"]


class Neighbours:
    """The sockets that are bound now, found by what they could be in the way of."""

    def __init__(self, views: Mapping[str, NamespaceView]) -> None:
        self._inet: defaultdict[tuple[Kind, str, int], list[SeenSocket]] = defaultdict(list)
        self._abstract: defaultdict[tuple[str, str], list[SeenSocket]] = defaultdict(list)
        for name, view in views.items():
            for socket in view.sockets:
                if socket.inet is not None:
                    self._inet[socket.kind, name, socket.inet.port].append(socket)
                elif socket.kind is Kind.ABSTRACT:
                    self._abstract[name, socket.endpoint].append(socket)

    def of(self, receiver: Receiver) -> list[SeenSocket]:
        """Return the sockets that want what this receiver wants, or a part of it."""
        if receiver.kind is Kind.ABSTRACT:
            return self._abstract.get((receiver.namespace, receiver.endpoint), [])
        if receiver.inet is None:
            return []
        endpoint = replace(receiver.inet, kind="ip")  # the same addresses, whatever the protocol
        found = self._inet.get((receiver.kind, receiver.namespace, endpoint.port), [])
        return [socket for socket in found if socket.inet and overlaps(endpoint, socket.inet)]
