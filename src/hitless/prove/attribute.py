"""Why was this client hurt? One victim and what is known of its moment in, one cause out. Pure.

The order of the questions matters: what explains everything at that moment (a restart, a pause, a hard stop) is asked
before what explains one connection (an idle close, an accept queue). What nothing explains is `unexplained`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hitless.causes import UNEXPLAINED
from hitless.evidence.listeners import Gap
from hitless.prove.facts import FrontendFacts
from hitless.prove.timeline import ReloadPhases, Timeline
from hitless.records import Event, Outcome, Stream, Workload
from hitless.reload.mechanism import Via
from hitless.units import NANOSECONDS_PER_MILLISECOND, NANOSECONDS_PER_SECOND, format_duration

__all__ = ["Attribution", "Moment", "Victim", "attribute"]

_NEAR_NS = 250 * NANOSECONDS_PER_MILLISECOND
"""How far a symptom may lie from its cause: the load engine's batch, the follower's period, a busy machine."""
_HARD_STOP_NS = 1_500 * NANOSECONDS_PER_MILLISECOND
"""HAProxy gives its tasks one more second after the hard stop. Source: HAProxy 2.8 src/proxy.c do_soft_stop_now()."""

_ON_FRESH = frozenset(
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
_RESETS = frozenset(
    {Outcome.CONNECT_RESET, Outcome.RESET_BEFORE_RESPONSE, Outcome.EMPTY_REPLY, Outcome.TLS_FAILED}
)


@dataclass(frozen=True, slots=True)
class Moment:
    """What is known about the whole run."""

    timeline: Timeline
    via: Via
    gaps: Sequence[Gap]
    frontends: dict[str, FrontendFacts]
    close_spread_time: bool = False


@dataclass(frozen=True, slots=True)
class Victim:
    """One failed attempt with the evidence that was matched to it. Times are CLOCK_MONOTONIC; 0: never."""

    stream: Stream
    outcome: Outcome
    status: int
    opened_ns: int
    start_ns: int
    end_ns: int
    reused: bool
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class Attribution:
    """The code of a cause (or `unexplained`) and the observations it rests on, in words."""

    code: str
    evidence: tuple[str, ...] = ()


_Question = Callable[[Victim, ReloadPhases, Moment], Attribution | None]


def attribute(victim: Victim, moment: Moment) -> Attribution:
    """Name the cause of one victim."""
    reload = moment.timeline.reload_at(victim.end_ns)
    if reload is None:
        return Attribution(UNEXPLAINED, ("it failed before the first reload",))
    for question in _QUESTIONS:
        answer = question(victim, reload, moment)
        if answer is not None:
            return answer
    return Attribution(UNEXPLAINED, (_after(reload, victim.end_ns),))


def _after(reload: ReloadPhases, t_ns: int) -> str:
    return (
        f"{format_duration((t_ns - reload.trigger_ns) / NANOSECONDS_PER_SECOND)} after reload {reload.number}"
    )


def _settled_ns(reload: ReloadPhases) -> int:
    """When the reload was over for new connections: owned, released, answered; else when it was given up."""
    return max(reload.owned_ns, reload.released_ns, reload.reply_ns, reload.done_ns) or reload.end_ns


def _paused(victim: Victim, reload: ReloadPhases, moment: Moment) -> Attribution | None:
    failures = [text for t_ns, text in moment.timeline.bind_failures if t_ns >= reload.trigger_ns]
    for since_ns, until_ns in moment.timeline.pauses_ns:
        if since_ns - _NEAR_NS <= victim.end_ns and victim.start_ns <= until_ns + _NEAR_NS:
            lasted = format_duration((until_ns - since_ns) / NANOSECONDS_PER_SECOND)
            return Attribution("HL401", (f"HAProxy paused its listeners for {lasted}", *failures[:1]))
    if reload.failed and failures and victim.outcome in _ON_FRESH:
        return Attribution("HL401", tuple(failures[:1]))
    return None


def _restarted(victim: Victim, reload: ReloadPhases, moment: Moment) -> Attribution | None:
    if moment.via is not Via.RESTART or victim.start_ns > _settled_ns(reload) + _NEAR_NS:
        return None
    return Attribution("HL101", (f"{_after(reload, victim.end_ns)} by restart",))


def _hard_stopped(victim: Victim, reload: ReloadPhases, moment: Moment) -> Attribution | None:
    if victim.outcome is Outcome.REFUSED or victim.opened_ns > reload.trigger_ns:
        return None
    for stop_ns in moment.timeline.max_reloads_ns:
        if abs(victim.end_ns - stop_ns) <= _NEAR_NS:
            return Attribution("HL202", ("HAProxy ended a worker that exceeded max reloads",))
    for stop_ns in moment.timeline.hard_stops_ns:
        if stop_ns - _NEAR_NS <= victim.end_ns <= stop_ns + _HARD_STOP_NS:
            return Attribution(
                "HL201", ("HAProxy said: soft-stop running for too long, performing a hard-stop",)
            )
    return None


def _failed(victim: Victim, reload: ReloadPhases, _moment: Moment) -> Attribution | None:
    if reload.failed and victim.outcome in _ON_FRESH:
        return Attribution("HL102", (reload.message,) if reload.message else ())
    return None


def _accept_queue(victim: Victim, reload: ReloadPhases, moment: Moment) -> Attribution | None:
    if victim.reused or victim.outcome not in _RESETS or victim.start_ns > _settled_ns(reload) + _NEAR_NS:
        return None
    resets = [event for event in victim.events if event.reason or event.state]
    seen = tuple(
        f"the kernel reset it: state {e.state}, reason {e.reason or 'not given'}" for e in resets[:1]
    )
    if moment.via is Via.SF:
        return Attribution("HL104", (*seen, "the reload handed no socket over (-sf without -x)"))
    failed = any(
        reload.trigger_ns <= t_ns <= _settled_ns(reload) + _NEAR_NS
        for t_ns in moment.timeline.transfer_failures_ns
    )
    if failed:
        return Attribution("HL502", (*seen, "HAProxy said: Failed to get the sockets from the old process"))
    if resets:
        return Attribution("HL502", seen)
    return None


def _idle_close(victim: Victim, reload: ReloadPhases, moment: Moment) -> Attribution | None:
    if victim.outcome is not Outcome.STALE_REUSE or victim.opened_ns > _settled_ns(reload):
        return None
    if victim.stream.workload is Workload.H2:
        return Attribution("HL504", (f"closed under a request {_after(reload, victim.end_ns)}",))
    facts = moment.frontends.get(victim.stream.target.frontend)
    if facts is None or facts.mode != "http" or facts.idle_close_on_response:
        return None
    age = format_duration((victim.start_ns - victim.opened_ns) / NANOSECONDS_PER_SECOND)
    return Attribution("HL501", (f"reused {_after(reload, victim.start_ns)}, opened {age} before",))


def _goaway(victim: Victim, reload: ReloadPhases, _moment: Moment) -> Attribution | None:
    if victim.outcome is Outcome.GOAWAY_LOST:
        return Attribution("HL504", (f"GOAWAY below this stream {_after(reload, victim.end_ns)}",))
    return None


def _wrong_status(victim: Victim, _reload: ReloadPhases, moment: Moment) -> Attribution | None:
    if victim.status == 408 and moment.close_spread_time:
        return Attribution("HL503", ("408 within close-spread-time",))
    if victim.outcome is not Outcome.HTTP_5XX:
        return None
    old = [e for e in victim.events if e.pid and moment.timeline.started_ns.get(e.pid, 0) < victim.start_ns]
    for event in old:
        if "SC" in event.text and event.pid in moment.timeline.exited_ns:
            return Attribution("HL205", (event.text,))
    if victim.status == 503:
        return Attribution("HL801", tuple(event.text for event in victim.events if event.text)[:1])
    return None


def _overflow(victim: Victim, reload: ReloadPhases, _moment: Moment) -> Attribution | None:
    if victim.outcome in {Outcome.SLOW, Outcome.CONNECT_TIMEOUT} and not victim.reused:
        return Attribution(
            "HL505", (f"connecting took a retransmitted SYN, {_after(reload, victim.end_ns)}",)
        )
    return None


_QUESTIONS: tuple[_Question, ...] = (
    _paused,
    _restarted,
    _hard_stopped,
    _failed,
    _accept_queue,
    _goaway,
    _idle_close,
    _wrong_status,
    _overflow,
)
