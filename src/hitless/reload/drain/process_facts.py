"""What was seen of one process that carries traffic: the input of everything that is decided about a drain."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hitless.control.version import parse_version

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hitless.control.replies import ProcessInfo
    from hitless.control.sessions import SessionDetail, SessionRow
    from hitless.facts import Process
    from hitless.host.socket_activity import SocketActivity

__all__ = ["GroupKey", "ProcessFacts", "Session"]

GroupKey = tuple[str, str]
"""(frontend, backend)."""


@dataclass(frozen=True, slots=True)
class Session:
    """One session of a process, with what its row alone does not say."""

    pid: int
    row: SessionRow
    age_s: float | None
    """None where HAProxy's word cannot be believed."""
    idle_s: float | None
    """Since data last moved on its connections; None where nobody could look."""
    seen_s: float
    """When it was seen, on CLOCK_MONOTONIC."""

    @property
    def key(self) -> tuple[int, str]:
        """Names it as long as it lives."""
        return self.pid, self.row.id


@dataclass(frozen=True, slots=True)
class ProcessFacts:
    """One process. None: could not be seen."""

    process: Process
    info: ProcessInfo | None = None
    sessions: tuple[Session, ...] | None = None
    samples: Mapping[GroupKey, tuple[SessionDetail, ...]] = field(default_factory=dict)
    """A few tunnels of each frontend and backend, looked at closely."""
    sockets: tuple[SocketActivity, ...] | None = None
    """The TCP connections that it holds, of clients and to servers."""
    session_sockets: frozenset[int] = frozenset()
    """Inodes of those that belong to a session."""
    reloads: int | None = None
    """That the master has tried since, by `show proc`."""
    cpu_share: float | None = None
    asked: str = ""
    """Through what it was asked, "" where it could not be."""
    why_not_asked: str = ""
    reachable: bool = False
    """Its sessions can be closed: it is reached through its master."""

    @property
    def pid(self) -> int:
        """The process."""
        return self.process.pid

    @property
    def version(self) -> tuple[int, int, int] | None:
        """As it says itself: after an upgrade an old process is of another one than the new."""
        text = self.info.version if self.info else self.process.version
        found = parse_version(f"HAProxy version {text}")
        return found.version if found else None

    @property
    def current(self) -> bool:
        """It serves now."""
        return self.process.generation == 0

    @property
    def stopping(self) -> bool | None:
        """It says that it stops; None where it could not be asked."""
        return self.info.stopping if self.info else None

    @property
    def of_clients(self) -> tuple[Session, ...]:
        """The sessions that have a frontend; the others are HAProxy's own."""
        return tuple(s for s in self.sessions or () if s.row.frontend)

    @property
    def connections(self) -> int | None:
        """Of clients, as HAProxy counts them."""
        return self.info.number("CurrConns") if self.info else None

    @property
    def without_session(self) -> int | None:
        """Connections of clients that carry no session: idle ones, and those whose request has not come whole.

        Sessions of one HTTP/2 connection share its descriptor; those of QUIC have none, and count as one each.
        """
        connections = self.connections
        if connections is None or self.sessions is None:
            return None
        descriptors = {s.row.client_descriptor for s in self.of_clients if s.row.client_descriptor >= 0}
        others = sum(s.row.client_descriptor < 0 for s in self.of_clients)
        return max(0, connections - len(descriptors) - others)

    @property
    def other_jobs(self) -> int:
        """Jobs that keep it and are neither listeners nor connections: peers, QUIC, a stuck applet.

        A process ends when `jobs - unstoppable_jobs` is 0. Jobs are: each listener, each connection (that of whoever
        asks too, which CurrConns leaves out), each peer that is taught, each QUIC connection.
        Source: HAProxy 2.2, 2.8 and 3.2 src/haproxy.c run_poll_loop(), session.c, listener.c, peers.c, quic_conn.c.
        """
        if self.info is None:
            return 0
        number = self.info.number
        listeners = max(number("Listeners") or 0, number("Unstoppable Jobs") or 0)
        return max(0, (number("Jobs") or 0) - listeners - (number("CurrConns") or 0) - 1)
