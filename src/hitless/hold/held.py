"""What a holder has: by instance, the sockets and what is known of each."""

import os
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from hitless.hold.instance import InstanceSpec
from hitless.host.held_listener import HeldListener

__all__ = ["Held", "Instance", "LetGo", "Process"]

_MOST_LET_GO = 100


@dataclass(slots=True)
class Held:
    """One socket. Times are CLOCK_MONOTONIC, which outlives the holder."""

    listener: HeldListener
    acceptors: tuple[int, ...] = ()
    """The processes that have it open, as last seen."""
    unattended_since_s: float | None = None
    """Since when nobody has it open; None while somebody has, or nobody can be seen."""
    last_start_ticks: int = 0
    """When the youngest process started that has had it while it served."""

    @property
    def inode(self) -> int:
        """What /proc and inet_diag call it."""
        return self.listener.inode


@dataclass(frozen=True, slots=True)
class Process:
    """One process of HAProxy, for good: pids come again, together with the start they do not."""

    pid: int
    start_ticks: int


@dataclass(frozen=True, slots=True)
class LetGo:
    """A socket that is not held any more."""

    endpoint: str
    inode: int
    why: str
    at_s: float
    """Seconds since 1970."""


@dataclass(slots=True)
class Instance:
    """One instance, and what is held for it."""

    spec: InstanceSpec
    sockets: dict[int, Held] = field(default_factory=dict)
    """By inode."""
    asked: dict[int, float] = field(default_factory=dict)
    """Processes that asked at its socket, and when."""
    taken: dict[Process, frozenset[int]] = field(default_factory=dict)
    """Of each process that serves, or did: the listening sockets it had as it came up, by inode."""
    members: tuple[Process, ...] = ()
    let_go: deque[LetGo] = field(default_factory=lambda: deque(maxlen=_MOST_LET_GO))
    problem: str = ""
    """Why something cannot be seen or taken."""

    def closes_at_s(self) -> float:
        """Return when the first of its sockets is to be closed if nobody comes."""
        since_s = [h.unattended_since_s for h in self.sockets.values() if h.unattended_since_s is not None]
        return min(since_s, default=float("inf")) + self.spec.close_after_s

    def drop(self, inode: int, why: str) -> LetGo:
        """Close our duplicate of a socket."""
        held = self.sockets.pop(inode)
        os.close(held.listener.descriptor)
        gone = LetGo(held.listener.endpoint, inode, why, time.time())
        self.let_go.append(gone)
        return gone

    def listeners(self) -> Iterator[HeldListener]:
        """Yield what is held."""
        return (held.listener for held in self.sockets.values())
