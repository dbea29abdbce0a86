"""Causes that captures show: what the kernel did before HAProxy took a connection, or after it let go of it. Pure."""

from collections.abc import Iterator

from hitless.captured import Ending, ListenerGap
from hitless.explain.analysis.log_causes import make_cause
from hitless.explain.analysis.view import View
from hitless.explanations import Captured, Counting, NamedCause, Statement
from hitless.logged import Certainty, ChangeKind
from hitless.units import NANOSECONDS_PER_SECOND, format_count, format_duration

__all__ = ["MEANINGS", "name_capture_causes"]

_K = ChangeKind
_QUEUE = (Ending.RESET_BEFORE_REQUEST, Ending.RESET_UNANSWERED)
_CUT = (Ending.STREAM_CUT, Ending.RESPONSE_CUT)
_IDLE = (Ending.STALE_REUSE,)
_UNSPOKEN = (Ending.CLOSED_UNANSWERED,)
_SERVED = frozenset({_K.RELOAD, _K.REPLACED})
MEANINGS = {
    Ending.REFUSED: "refused: nobody listened",
    Ending.NO_ANSWER: "got no answer to their SYNs",
    Ending.RESET_BEFORE_REQUEST: "reset by HAProxy's side after the handshake, before they had sent anything",
    Ending.RESET_UNANSWERED: "reset by HAProxy's side after their first request, without one byte of an answer",
    Ending.CLOSED_UNANSWERED: "closed by HAProxy's side after their first request, without one byte of an answer",
    Ending.STALE_REUSE: "closed by HAProxy's side under a later request on a kept-alive connection",
    Ending.RESPONSE_CUT: "ended by HAProxy's side in the middle of an answer",
    Ending.STREAM_CUT: "ended by HAProxy's side while their stream (a WebSocket, a tunnel) was open",
}


def name_capture_causes(view: View) -> Iterator[NamedCause]:
    """Yield the causes that the captures of an event name."""
    seen = view.captured
    if seen is None:
        return
    kind = view.change.kind
    if kind in {_K.RESTART, _K.CRASH, _K.STOP}:
        yield from _all_of(view, seen, kind)
        return
    yield from _refused(view, seen)
    yield from _queue(view, seen)
    for code, endings in (("HL501", _IDLE), ("HL506", _UNSPOKEN), ("HL201", _CUT)):
        victims = _count(seen, endings)
        if victims:
            certainty = Certainty.SHOWN if _fits(code, kind) else Certainty.LIKELY
            unit = "connection" if code == "HL201" else "request"
            yield make_cause(
                code, victims, Counting.COUNTED, certainty, _statements(view, seen, endings), unit=unit
            )


def _fits(code: str, kind: ChangeKind) -> bool:
    return kind is _K.HARD_STOP if code == "HL201" else kind in _SERVED


def _all_of(view: View, seen: Captured, kind: ChangeKind) -> Iterator[NamedCause]:
    """Everything that broke at a restart broke by it."""
    endings = tuple(Ending(name) for name, _ in seen.endings)
    victims = _count(seen, endings)
    if not victims or kind is not _K.RESTART:
        return
    evidence = [*_statements(view, seen, endings), *map(_of_gap, seen.gaps)]
    yield make_cause("HL101", victims, Counting.COUNTED, Certainty.SHOWN, evidence, unit="connection")


def _refused(view: View, seen: Captured) -> Iterator[NamedCause]:
    refused = _count(seen, (Ending.REFUSED, Ending.NO_ANSWER))
    if not refused:
        return
    evidence = [*_statements(view, seen, (Ending.REFUSED, Ending.NO_ANSWER)), *map(_of_gap, seen.gaps)]
    failed = view.change.kind is _K.FAILED_RELOAD
    if failed or any(_length_s(gap) > 1.0 for gap in seen.gaps):
        certainty = Certainty.SHOWN if failed else Certainty.LIKELY
        yield make_cause("HL401", refused, Counting.COUNTED, certainty, evidence, unit="connection")
        return
    overflow = _count(seen, (Ending.NO_ANSWER,)) >= refused
    code = "HL505" if overflow else "HL104"
    yield make_cause(code, refused, Counting.COUNTED, Certainty.LIKELY, evidence, unit="connection")


def _queue(view: View, seen: Captured) -> Iterator[NamedCause]:
    victims = _count(seen, _QUEUE)
    if not victims:
        return
    evidence = _statements(view, seen, _QUEUE)
    if seen.looked_for:
        evidence.append(
            Statement(text=f"HAProxy logged {format_count(seen.matched)} of them: it never took the others")
        )
    handed_over = view.change.master and "could not fetch" not in " ".join(view.change.notes)
    if view.receipt is not None and view.receipt.mechanism == "sf":
        handed_over = False
    if not view.change.master and view.receipt is None:
        evidence.append(
            Statement(
                text="no master is seen in these logs: a process started without -x opens sockets of its own"
            )
        )
    code = "HL502" if handed_over else "HL104"
    certainty = Certainty.SHOWN if view.change.kind in _SERVED else Certainty.LIKELY
    yield make_cause(code, victims, Counting.COUNTED, certainty, evidence, unit="connection")


def _count(seen: Captured, endings: tuple[Ending, ...]) -> int:
    return sum(count for name, count in seen.endings if name in endings)


def _statements(view: View, seen: Captured, endings: tuple[Ending, ...]) -> list[Statement]:
    found: list[Statement] = []
    for name, count in seen.endings:
        if name not in endings:
            continue
        mine = [c for c in seen.examples if c.ending == name]
        said = f"the capture has {format_count(count)} connection{'' if count == 1 else 's'} {MEANINGS[Ending(name)]}"
        if mine:
            at_ms = (mine[0].ended_ns or mine[0].first_ns) - view.change.at.t_ns
            said += f"; the first, {mine[0].client} to {mine[0].proxy}, {_after(at_ms)}"
        found.append(Statement(text=said))
    return found


def _after(t_ns: int) -> str:
    seconds = t_ns / NANOSECONDS_PER_SECOND
    return f"{format_duration(abs(seconds))} {'after' if seconds >= 0 else 'before'} the event's time"


def _of_gap(gap: ListenerGap) -> Statement:
    return Statement(
        text=f"at {gap.proxy} {format_count(gap.refused)} connects in a row were refused, "
        f"over {format_duration(_length_s(gap))}"
    )


def _length_s(gap: ListenerGap) -> float:
    return (gap.last_refused_ns - gap.first_refused_ns) / NANOSECONDS_PER_SECOND
