"""HAProxy's counters at one moment, as what the guard compares: trials and failures, per frontend and backend. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from hitless.units import NANOSECONDS_PER_MILLISECOND

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from hitless.control.stats import ProxyCounters

__all__ = ["NOTHING", "Count", "Harm", "Lane", "TrafficSample", "empty_sample", "sample_traffic"]


class Harm(StrEnum):
    """What can go wrong for a client, each with a bound of its own. The value is how a person reads it."""

    ERROR = "responses are 5xx"
    CLIENT_ERROR = "responses are 4xx, or requests denied"
    REFUSED = "connections are rejected, or fail in TLS"
    SESSION = "sessions found no server, or were rejected"
    RESET = "connections were reset"


class Lane(NamedTuple):
    """What is judged by itself: one kind of harm at one frontend or backend ("frontend web"), or at all ("")."""

    harm: Harm
    name: str = ""


class Count(NamedTuple):
    """How often something was tried, and how often it failed."""

    trials: int
    failures: int

    @property
    def ratio(self) -> float:
        """The share that failed; 0 where nothing was tried."""
        return self.failures / self.trials if self.trials else 0.0

    def since(self, earlier: Count) -> Count:
        """Return what has come since; where a counter has gone back, because it was cleared, all that it has now."""
        if earlier.trials > self.trials or earlier.failures > self.failures:
            return self
        return Count(self.trials - earlier.trials, self.failures - earlier.failures)


NOTHING = Count(0, 0)


class Requests(NamedTuple):
    """What became of the requests at an HTTP backend: all that came, that have ended, and that got a response."""

    began: int
    ended: int
    answered: int
    bytes_out: int
    average_ns: int
    """From first to last byte; of the last 1024."""


@dataclass(frozen=True, slots=True)
class TrafficSample:
    """The counters of one process at one moment. `number` is which sample it was, from 0."""

    t_ns: int
    number: int = 0
    lanes: Mapping[Lane, Count] = field(default_factory=dict)
    requests: Mapping[str, Requests] = field(default_factory=dict)
    """By HTTP backend."""
    totals: tuple[tuple[str, int], ...] = ()
    """What a receipt keeps of them, of all frontends together: ("requests", 4711), …"""

    def count(self, lane: Lane) -> Count:
        """Return what a lane has counted; nothing where it is not there."""
        return self.lanes.get(lane, NOTHING)


def empty_sample(t_ns: int, *, resets: int | None = None) -> TrafficSample:
    """Return the sample of a process that has just begun, with the resets that were seen until then."""
    lanes = {} if resets is None else {Lane(Harm.RESET): Count(resets, resets)}
    return TrafficSample(t_ns, lanes=lanes)


def sample_traffic(
    rows: Sequence[ProxyCounters],
    t_ns: int,
    *,
    number: int = 0,
    resets: int | None = None,
    frontends: Collection[str] = (),
) -> TrafficSample:
    """Return the counters of a process as lanes.

    `resets` were sent to clients so far, None where nobody watched. `frontends` are those that matter; none: all.
    """
    chosen = [row for row in rows if row.side == "backend" or not frontends or row.proxy in frontends]
    lanes: dict[Lane, Count] = {}
    for row in chosen:
        for harm, count in _counts(row):
            lanes[Lane(harm, f"{row.side} {row.proxy}")] = count
            if row.side == "frontend":  # its backends count the same again
                total = lanes.get(Lane(harm), NOTHING)
                lanes[Lane(harm)] = Count(total.trials + count.trials, total.failures + count.failures)
    if resets is not None:
        connections = sum(row.connections for row in chosen)
        lanes[Lane(Harm.RESET)] = Count(connections + resets, resets)
    requests = {
        row.proxy: Requests(
            row.sessions,
            row.sessions - row.current_sessions,
            row.responses,
            row.bytes_out,
            row.average_time_ms * NANOSECONDS_PER_MILLISECOND,
        )
        for row in chosen
        if row.side == "backend" and row.mode == "http"
    }
    return TrafficSample(t_ns, number, lanes, requests, _totals(chosen))


def _counts(row: ProxyCounters) -> Iterator[tuple[Harm, Count]]:
    """Yield what a row says; each with no more failures than trials, whatever HAProxy counted twice."""
    denied = max(0, row.denied_requests - row.responses_4xx)
    if row.mode == "http":
        yield Harm.ERROR, Count(row.responses, row.responses_5xx)
    if row.side == "frontend":
        if row.mode == "http":
            yield Harm.CLIENT_ERROR, Count(row.responses + denied, row.responses_4xx + denied)
        else:
            yield Harm.SESSION, _bounded(row.sessions, row.denied_requests)
        failed = row.denied_connections + row.denied_sessions + (row.failed_handshakes or 0)
        yield Harm.REFUSED, _bounded(row.connections, failed)
    elif row.mode != "http":
        yield Harm.SESSION, _bounded(row.sessions, row.connection_errors + row.response_errors)


def _bounded(trials: int, failures: int) -> Count:
    return Count(trials, min(trials, failures))


def _totals(rows: Sequence[ProxyCounters]) -> tuple[tuple[str, int], ...]:
    frontends = [row for row in rows if row.side == "frontend"]
    backends = [row for row in rows if row.side == "backend"]
    return (
        ("connections", sum(row.connections for row in frontends)),
        ("requests", sum(row.requests for row in frontends)),
        ("responses", sum(row.responses for row in frontends)),
        ("responses 4xx", sum(row.responses_4xx for row in frontends)),
        ("responses 5xx", sum(row.responses_5xx for row in frontends)),
        ("connection errors", sum(row.connection_errors for row in backends)),
        ("response errors", sum(row.response_errors for row in backends)),
        ("failed handshakes", sum(row.failed_handshakes or 0 for row in frontends)),
    )
