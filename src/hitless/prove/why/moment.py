"""What the questions are asked about: one victim, the reload it met, and what is known of the whole run. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from hitless.evidence.listeners import Gap
from hitless.prove.facts import FrontendFacts
from hitless.prove.timeline import NEAR_NS, ReloadPhases, Timeline
from hitless.records import Event, EventKind, Outcome, Stream
from hitless.units import NANOSECONDS_PER_SECOND, format_duration

__all__ = [
    "ON_FRESH",
    "Attribution",
    "Moment",
    "Question",
    "Victim",
    "after",
    "closes_idle",
    "gap_at",
    "is_soft_stopped",
    "log_line",
    "met_old_process",
    "reload_of",
    "seconds_between",
]

ON_FRESH = frozenset(
    {
        Outcome.REFUSED,
        Outcome.CONNECT_RESET,
        Outcome.CONNECT_TIMEOUT,
        Outcome.TLS_FAILED,
        Outcome.RESET_BEFORE_RESPONSE,
        Outcome.EMPTY_REPLY,
        Outcome.RESPONSE_TIMEOUT,
        Outcome.SLOW,
    }
)
"""What can become of a new connection whose listener has trouble."""

_WAITED = frozenset({Outcome.CONNECT_TIMEOUT, Outcome.RESPONSE_TIMEOUT, Outcome.SLOW})
"""Outcomes that show long after what caused them."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What is known about the whole run."""

    timeline: Timeline
    via: str
    gaps: Sequence[Gap] = ()
    frontends: Mapping[str, FrontendFacts] = field(default_factory=dict)
    close_spread_time: bool = False
    max_reloads: int | None = None
    """How many reloads a worker may outlive; None: any number."""
    opened_anew: frozenset[str] = frozenset()
    """Endpoints that a reload bound again instead of taking the old socket over, as the kernel saw it."""
    all_opened_anew: bool = False
    """Whether that is so of every endpoint."""
    nothing_handed_over: bool = False
    """Whether it is, and the kernel does not move who waits in the old sockets."""
    counters: Mapping[str, int] = field(default_factory=dict)
    """Kernel counters that moved under reload, and by how much."""


@dataclass(frozen=True, slots=True)
class Victim:
    """One failed attempt with the evidence that was matched to it. Times are CLOCK_MONOTONIC; 0: never."""

    stream: Stream
    outcome: Outcome
    status: int
    errno: int
    opened_ns: int
    """When its connection was begun."""
    connected_ns: int
    start_ns: int
    end_ns: int
    reused: bool
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class Attribution:
    """The code of a cause (or `unexplained`) and the observations it rests on, in words."""

    code: str
    evidence: tuple[str, ...] = ()


Question = Callable[[Victim, ReloadPhases, Moment], Attribution | None]


def reload_of(victim: Victim, timeline: Timeline) -> ReloadPhases | None:
    """Return the reload that a victim met: the last before its end, but for those that waited long for theirs."""
    if victim.outcome in _WAITED:
        return timeline.reload_between(victim.start_ns, victim.end_ns)
    return timeline.reload_at(victim.end_ns)


def seconds_between(earlier_ns: int, later_ns: int) -> str:
    """Return the time from one moment to another as people write it."""
    return format_duration((later_ns - earlier_ns) / NANOSECONDS_PER_SECOND)


def after(reload: ReloadPhases, t_ns: int) -> str:
    """Return how long after which reload something was."""
    return f"{seconds_between(reload.trigger_ns, t_ns)} after reload {reload.number}"


def is_soft_stopped(reload: ReloadPhases) -> bool:
    """Whether the old process was told to leave: it stopped listening, or the new one took over."""
    return bool(reload.released_ns) or not reload.failed


def met_old_process(victim: Victim, reload: ReloadPhases) -> bool:
    """Whether the connection was there, or on its way, when the old process was told to leave."""
    return is_soft_stopped(reload) and victim.opened_ns <= reload.settled_ns


def closes_idle(victim: Victim, moment: Moment) -> bool:
    """Whether a soft stop closes the idle connections of this frontend at once."""
    facts = moment.frontends.get(victim.stream.target.frontend)
    return facts is not None and facts.mode == "http" and not facts.idle_close_on_response


def gap_at(victim: Victim, moment: Moment) -> Gap | None:
    """Return the time without a listener into which this victim fell, with `NEAR_NS` around it."""
    for gap in moment.gaps:
        if gap.endpoint.rpartition(":")[2] != str(victim.stream.target.port):
            continue
        if victim.start_ns <= gap.end_ns + NEAR_NS and victim.end_ns >= gap.start_ns - NEAR_NS:
            return gap
    return None


def log_line(victim: Victim) -> Event | None:
    """Return what HAProxy logged about this victim, if anything."""
    return next((event for event in victim.events if event.kind is EventKind.LOG_LINE), None)
