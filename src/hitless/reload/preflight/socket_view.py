"""Sockets that are bound now, as values: who holds them, and what HAProxy compares when it takes one over. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hitless.reload.preflight.receivers import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hitless.facts import ListeningSocket

__all__ = ["NamespaceView", "SeenSocket", "SocketKey"]

SocketKey = tuple[Kind, str, int, str]


@dataclass(frozen=True, slots=True)
class SeenSocket:
    """A socket that a process of the host has bound, in the service's network namespace or in a named one."""

    kind: Kind
    endpoint: str
    """As the kernel writes it; of a unix socket without the ".PID.tmp" that HAProxy binds to. For a descriptor that is
    passed on, "fd@N"; what it is bound to is `shown` then."""
    inode: int
    pids: tuple[int, ...] = ()
    names: tuple[str, ...] = ()
    """The name (comm) of each of `pids`."""
    namespace: str = ""
    """"" for the service's own."""
    family: int = 0
    v6_only: bool = False
    foreign: bool | None = None
    """Bound with `transparent`; None where the kernel does not tell."""
    interface: int = 0
    inet: ListeningSocket | None = None
    """For TCP and UDP."""
    file: tuple[int, int] | None = None
    """For a unix socket with a path: device and inode of its file."""
    shown: str = ""

    @property
    def key(self) -> SocketKey:
        """What must be equal for HAProxy to take it for the same address."""
        return self.kind, self.namespace, self.family, self.endpoint

    @property
    def holder(self) -> str:
        """Who holds it: "nginx (pid 4711)"."""
        if not self.pids:
            return f"a process that could not be seen (socket inode {self.inode})"
        name = self.names[0] if self.names and self.names[0] else "process"
        return f"{name} (pid {self.pids[0]})"


@dataclass(frozen=True, slots=True)
class NamespaceView:
    """What is bound in one network namespace. `udp_problem`: why its UDP sockets are not known."""

    sockets: tuple[SeenSocket, ...] = ()
    interfaces: Mapping[str, int] = field(default_factory=dict)
    """The index of each device by name."""
    sysctls: Mapping[str, str] = field(default_factory=dict)
    udp_problem: str = ""
