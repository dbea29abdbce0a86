"""Follow one reload through its phases: pure, observations in, events out.

An observation is what /proc and inet_diag showed at one moment; the reader of them is `hitless.reload.observe`.
Two observations are apart by the reader's period, so a phase's time is late by at most that.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from hitless.records import Event, EventKind
from hitless.units import NANOSECONDS_PER_SECOND

__all__ = ["Observation", "PhaseTracker"]

GONE_FOR_GOOD_NS = 3 * NANOSECONDS_PER_SECOND
"""What daemonises leaves its launcher behind, and what loads may fork programs (Lua's `os.execute`): both end, and the
process that is to serve comes after them: on a busy machine a second and more, while the master loads."""


@dataclass(frozen=True, slots=True)
class Observation:
    """The HAProxy processes that carry traffic, with the sockets each holds.

    `listening`: pid to the inodes of listening sockets it has open, of the endpoints that are watched.
    `connected`: pid to the number of its connections on those endpoints.
    """

    t_ns: int
    listening: Mapping[int, frozenset[int]]
    connected: Mapping[int, int] = field(default_factory=dict)


@dataclass(slots=True)
class PhaseTracker:
    """State of one reload: which processes were there before, and which phases have been seen.

    `expected` are the endpoints that the new process must listen on. An inode may be one of several of an endpoint
    (shards), so endpoints are counted through `endpoint_of`, filled by the reader as it meets inodes.
    """

    number: int
    old_pids: frozenset[int]
    expected: frozenset[str]
    endpoint_of: Mapping[int, str]
    _started: set[int] = field(default_factory=set)
    _owned: list[int] = field(default_factory=list)
    _held: set[int] | None = None
    """Old processes that have been seen to listen; None before the first observation."""
    _released: set[int] = field(default_factory=set)
    _accepted: set[int] = field(default_factory=set)
    _gone: set[int] = field(default_factory=set)
    _alone_since_ns: int = 0
    """Since when none of the new processes that were seen lives; 0 while one does, or none was seen."""
    _seen_ns: int = 0

    def observe(self, seen: Observation) -> Iterator[Event]:
        """Yield the events that this observation is the first to show."""
        yield from self._observe_old(seen)
        for pid, inodes in seen.listening.items():
            if pid not in self.old_pids:
                yield from self._observe_new(seen, pid, inodes)
        for pid in sorted((self.old_pids | self._started) - seen.listening.keys() - self._gone):
            self._gone.add(pid)
            yield self._event(seen, EventKind.PROCESS_EXIT, pid, "old" if pid in self.old_pids else "new")
        self._seen_ns = seen.t_ns
        if not self._started or self._started - self._gone:
            self._alone_since_ns = 0
        elif not self._alone_since_ns:
            self._alone_since_ns = seen.t_ns

    def _observe_old(self, seen: Observation) -> Iterator[Event]:
        """Yield who stopped listening, be it by its end.

        Old processes that did not listen at the first look are of an earlier generation, and released then. Where none
        of them listened any more this reload was quicker than the first look, and all count as released by it.
        """
        holding = {pid for pid in self.old_pids if seen.listening.get(pid)}
        if self._held is None:
            self._held = set(holding or self.old_pids)
        self._held |= holding
        for pid in sorted(self._held - holding - self._released):
            self._released.add(pid)
            yield self._event(seen, EventKind.LISTENERS_RELEASED, pid, "old")

    def _observe_new(self, seen: Observation, pid: int, inodes: frozenset[int]) -> Iterator[Event]:
        if pid not in self._started:
            self._started.add(pid)
            yield self._event(seen, EventKind.PROCESS_START, pid, "new")
        if pid not in self._owned and inodes and self._endpoints(inodes) >= self.expected:
            self._owned.append(pid)
            yield self._event(seen, EventKind.LISTENERS_OWNED, pid, "new", number=len(inodes))
        if pid not in self._accepted and seen.connected.get(pid, 0) > 0:
            self._accepted.add(pid)
            yield self._event(seen, EventKind.FIRST_ACCEPT, pid, "new")

    def _endpoints(self, inodes: frozenset[int]) -> set[str]:
        return {self.endpoint_of[inode] for inode in inodes if inode in self.endpoint_of}

    def _event(self, seen: Observation, kind: EventKind, pid: int, role: str, *, number: int = 0) -> Event:
        return Event(t_ns=seen.t_ns, kind=kind, reload=self.number, pid=pid, state=role, number=number)

    @property
    def new_pid(self) -> int:
        """The process that came to own every expected endpoint last and lives; 0 while there is none."""
        return next((pid for pid in reversed(self._owned) if pid not in self._gone), 0)

    @property
    def died(self) -> bool:
        """Whether all new processes that were seen have gone again, and none has come for a while."""
        since_ns = self._alone_since_ns
        return since_ns != 0 and self._seen_ns - since_ns >= GONE_FOR_GOOD_NS

    @property
    def waiting_for_accept(self) -> bool:
        """Whether nobody has yet been seen to accept on the new process."""
        return not self._accepted

    @property
    def old_still_listening(self) -> frozenset[int]:
        """Old processes that still hold a watched listener, as far as was seen."""
        held = self.old_pids if self._held is None else self._held
        return frozenset(held - self._released - self._gone)

    @property
    def taken_over(self) -> bool:
        """A new process owns every endpoint, and no old one listens any more."""
        return self.new_pid != 0 and not self.old_still_listening
