"""Which of the sockets that are bound now want what a receiver wants. Pure."""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from hitless.reload.preflight.receivers import Kind, Receiver
from hitless.subject.endpoints import overlaps

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hitless.reload.preflight.socket_view import NamespaceView, SeenSocket
    from hitless.subject.endpoints import IpAddress

__all__ = ["Neighbours"]


class Neighbours:
    """The sockets that are bound now, found by what they could be in the way of.

    Thousands of addresses can share a port: those of one address are found by it, and by the few that take all.
    """

    def __init__(self, views: Mapping[str, NamespaceView]) -> None:
        self._inet: defaultdict[tuple[Kind, str, int], _OfPort] = defaultdict(_OfPort)
        self._abstract: defaultdict[tuple[str, str], list[SeenSocket]] = defaultdict(list)
        for name, view in views.items():
            for socket in view.sockets:
                if socket.inet is not None:
                    self._inet[socket.kind, name, socket.inet.port].add(socket, socket.inet.address)
                elif socket.kind is Kind.ABSTRACT:
                    self._abstract[name, socket.endpoint].append(socket)

    def of(self, receiver: Receiver) -> list[SeenSocket]:
        """Return the sockets that want what this receiver wants, or a part of it."""
        if receiver.kind is Kind.ABSTRACT:
            return self._abstract.get((receiver.namespace, receiver.endpoint), [])
        of_port = self._inet.get(
            (receiver.kind, receiver.namespace, receiver.inet.port if receiver.inet else 0)
        )
        if receiver.inet is None or of_port is None:
            return []
        endpoint = replace(receiver.inet, kind="ip")  # the same addresses, whatever the protocol
        near = of_port.all if endpoint.is_any else [*of_port.by_ip.get(endpoint.ip, ()), *of_port.wide]
        return [socket for socket in near if socket.inet and overlaps(endpoint, socket.inet)]


@dataclass(slots=True)
class _OfPort:
    all: list[SeenSocket] = field(default_factory=list)
    wide: list[SeenSocket] = field(default_factory=list)
    """Those that take every address of their family."""
    by_ip: dict[IpAddress, list[SeenSocket]] = field(default_factory=dict)

    def add(self, socket: SeenSocket, address: str) -> None:
        ip = ipaddress.ip_address(address)
        self.all.append(socket)
        if ip.is_unspecified:
            self.wide.append(socket)
        else:
            self.by_ip.setdefault(ip, []).append(socket)
