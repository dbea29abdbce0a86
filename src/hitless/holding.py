"""What `hitless hold status` says: the sockets that a holder has, who accepts on each, who waits.

`hitless.report.hold` draws these. Durations are seconds, at the moment of the look.
"""

from typing import Any

import msgspec

from hitless.records import Record

__all__ = ["SCHEMA", "HeldInstance", "HeldSocket", "HoldStatus", "LetGoSocket", "parse_status"]

SCHEMA = 1


class HeldSocket(Record, frozen=True):
    """One socket. Units: `queue_length` and `queue_limit` are connections; None where the kernel does not say."""

    endpoint: str
    """As the kernel writes it: "0.0.0.0:80", "[::]:80", "/run/x.sock.4711.tmp", "@name"."""
    kind: str
    """"stream" or "datagram"."""
    inode: int
    interface: str
    namespace: str
    acceptors: tuple[int, ...]
    """The processes that have it open, and accept; as last seen."""
    unattended_since_s: float | None
    """On CLOCK_MONOTONIC: since when nobody has it open."""
    unattended_s: float | None
    """For how long nobody has had it open; None while somebody has, or where nobody could be seen."""
    last_start_ticks: int
    """When the youngest process started that has had it, in clock ticks since boot."""
    queue_length: int | None
    queue_limit: int | None


class LetGoSocket(Record, frozen=True):
    """A socket that is not held any more. `at_s` is seconds since 1970."""

    endpoint: str
    inode: int
    why: str
    at_s: float


class HeldInstance(Record, frozen=True):
    """One instance of HAProxy: what the holder was told of it, and what it has for it."""

    name: str
    pid: int
    pid_file: str
    configuration: str
    stats_socket: str
    user: str
    close_after_s: float
    """How long a socket is held on which nobody accepts."""
    processes: tuple[int, ...]
    problem: str
    """Why something cannot be seen or taken; "" if all can."""
    sockets: tuple[HeldSocket, ...]
    let_go: tuple[LetGoSocket, ...]
    """The last ones, oldest first."""

    @property
    def unattended(self) -> tuple[HeldSocket, ...]:
        """Those on which nobody accepts."""
        return tuple(socket for socket in self.sockets if socket.unattended_s is not None)


class HoldStatus(Record, frozen=True):
    """Everything that a holder says of itself."""

    tool_version: str
    pid: int
    directory: str
    uptime_s: float
    instances: tuple[HeldInstance, ...]
    schema: int = SCHEMA


def parse_status(document: Any) -> HoldStatus:
    """Return what a holder has said.

    Raises: ValueError if it is of another version.
    """
    return msgspec.convert(document, HoldStatus, strict=False)
