"""When a client starts its attempts: pure arithmetic, tested without a clock.

Open loop: the intended times of a connection are fixed before anything is sent. A client that is held up sends late,
but the intended time of its attempt stays, so that a stall is paid by every attempt that should have run in it
("coordinated omission" is what a generator does that waits for an answer before it decides when to ask next).

Closed loop: the next attempt is intended when the one before has ended, after a rest.
"""

from dataclasses import dataclass

from hitless.records import Stream, Workload
from hitless.units import NANOSECONDS_PER_MILLISECOND, NANOSECONDS_PER_SECOND

__all__ = ["PROBE_INTERVAL_NS", "Pace", "next_start_ns", "pace_of", "share"]

PROBE_INTERVAL_NS = 20 * NANOSECONDS_PER_MILLISECOND
"""How soon a client that got no answer at all tries again: often enough to measure a listener gap, without a spin."""

OPENING_NS = 2 * NANOSECONDS_PER_MILLISECOND
"""Pooled connections are opened this far apart, so that the start of a run does not flood the accept queue."""


@dataclass(frozen=True, slots=True)
class Pace:
    """When one client (one connection, or one stream of an HTTP/2 connection) starts its attempts.

    Units: nanoseconds. `first_ns` is an absolute time, the others are durations.
    """

    first_ns: int
    interval_ns: float = 0.0
    """Open loop: from one intended start to the next; 0 is a closed loop."""
    rest_ns: int = 0
    """Closed loop: from the end of an attempt to the start of the next."""
    offset_ns: int = 0
    """Closed loop: added to the first rest, to spread the clients of a stream over their resting time."""

    def intended_ns(self, number: int, ended_ns: int) -> int:
        """Return when attempt `number` (from 0) is to start, the one before having ended at `ended_ns`."""
        if self.interval_ns:
            return self.first_ns + int(number * self.interval_ns)
        if number == 0:
            return self.first_ns
        return ended_ns + self.rest_ns + (self.offset_ns if number == 1 else 0)


def next_start_ns(pace: Pace, number: int, ended_ns: int, *, cut_off: bool) -> tuple[int, int]:
    """Return when attempt `number` is intended to start, and when it may.

    `cut_off`: the client got nothing and has no connection to fall back to. It tries again soon, whatever its pace;
    but the intended time of an open loop stays even then.
    """
    if not cut_off:
        intended_ns = pace.intended_ns(number, ended_ns)
        return intended_ns, intended_ns
    soon_ns = ended_ns + PROBE_INTERVAL_NS
    if not pace.interval_ns:
        return soon_ns, soon_ns
    intended_ns = pace.intended_ns(number, ended_ns)
    return intended_ns, max(intended_ns, soon_ns)


def share(connections: int, *, stream: int, process: int, processes: int) -> range:
    """Return the connections of a stream that this process carries; the processes' shares are disjoint and whole.

    Streams of few connections begin at different processes, so that none carries them all.
    """
    return range((process - stream) % processes, connections, processes)


def pace_of(stream: Stream, connection: int, start_ns: int) -> Pace:
    """Return the pace of one client of a stream.

    `connection` counts the clients of the stream over all processes (for HTTP/2: the streams of all connections).
    """
    clients = stream.connections * stream.streams_per_connection
    if stream.rate_per_s > 0:
        step_ns = NANOSECONDS_PER_SECOND / stream.rate_per_s
        return Pace(start_ns + int(connection * step_ns), interval_ns=step_ns * clients)
    if stream.workload in {Workload.INFLIGHT, Workload.UPLOAD, Workload.STREAM}:
        return Pace(start_ns + _spread(stream.duration_s, connection, clients))
    rest_ns = int(stream.idle_s * NANOSECONDS_PER_SECOND)
    if not rest_ns:
        return Pace(start_ns)
    opened_ns = start_ns + min(connection * OPENING_NS, rest_ns)
    return Pace(opened_ns, rest_ns=rest_ns, offset_ns=_spread(stream.idle_s, connection, clients))


def _spread(period_s: float, connection: int, clients: int) -> int:
    return int(period_s * NANOSECONDS_PER_SECOND * connection / clients)
