"""The answer in sentences: what happened, whom it hurt, why; the first says all. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence

from hitless.explanations import (
    Counting,
    EndingCount,
    ExplainedEvent,
    Fault,
    FaultKind,
    Judgement,
    NamedCause,
    TrafficCount,
)
from hitless.logged import ChangeKind
from hitless.units import format_count

__all__ = ["conclude", "tell"]

_NOUNS = {
    ChangeKind.START: ("start", "starts"),
    ChangeKind.RELOAD: ("reload", "reloads"),
    ChangeKind.FAILED_RELOAD: ("failed reload", "failed reloads"),
    ChangeKind.RESTART: ("restart", "restarts"),
    ChangeKind.STOP: ("stop", "stops"),
    ChangeKind.CRASH: ("crash", "crashes"),
    ChangeKind.HARD_STOP: ("hard stop", "hard stops"),
    ChangeKind.REPLACED: ("change of processes", "changes of processes"),
}
_FAULTS = {
    FaultKind.INVALID_REQUEST: "invalid request",
    FaultKind.INVALID_RESPONSE: "invalid response",
    FaultKind.CONNECTION_FAILED: "failed connection",
}
_MOST = 6


def conclude(events: Sequence[ExplainedEvent], elsewhere: Sequence[NamedCause], seen: int) -> Judgement:
    """Return what all events together were; `seen` is how many lines and connections there were."""
    judgements = {event.judgement for event in events}
    if Judgement.HARMFUL in judgements or any(cause.code for cause in elsewhere):
        return Judgement.HARMFUL
    if Judgement.UNKNOWN in judgements or (not events and not seen):
        return Judgement.UNKNOWN
    return Judgement.HARMLESS


def tell(
    judgement: Judgement,
    events: Sequence[ExplainedEvent],
    causes_elsewhere: Sequence[NamedCause],
    totals: TrafficCount,
    elsewhere: Sequence[EndingCount],
    captured: int = 0,
    faults: Sequence[Fault] = (),
) -> tuple[str, ...]:
    """Return the story; `captured` is how many connections captures have."""
    bad = [event for event in events if event.judgement is Judgement.HARMFUL]
    return (
        _first(judgement, events, [*_seen(totals, captured), *_of_faults(faults)]),
        *_of_causes([*(cause for event in bad for cause in event.causes), *causes_elsewhere]),
        *_of_other_times(elsewhere),
        *_besides(faults if events else ()),
    )


def _first(judgement: Judgement, events: Sequence[ExplainedEvent], seen: Sequence[str]) -> str:
    """Return the sentence that says all."""
    happened = _happened(events)
    there_were = _there_were(events, happened)
    bad = sum(event.judgement is Judgement.HARMFUL for event in events)
    if bad:
        return f"{_counted(bad, 'event')} of {len(events)} did harm. {there_were}."
    if judgement is Judgement.HARMFUL:
        besides = f" {there_were}." if events else ""
        return f"Clients were hurt at a time of which no log here says what happened.{besides}"
    if not events:
        if not seen:
            return "Neither traffic nor a word of HAProxy is in these inputs."
        return f"No reload, restart or crash is in these inputs: {_listed(seen)}."
    if judgement is Judgement.HARMLESS:
        return f"Nothing bad happened around {happened}: {_listed(list(_of_quiet(events)))}."
    unknown = sum(event.judgement is Judgement.UNKNOWN for event in events)
    return f"{there_were}; for {unknown} of them these inputs cannot tell whether a client was hurt."


def _seen(totals: TrafficCount, captured: int) -> Iterator[str]:
    if totals.lines:
        yield f"{format_count(totals.lines)} lines about traffic"
    if captured:
        yield f"{format_count(captured)} captured connections"


def _of_faults(faults: Sequence[Fault]) -> Iterator[str]:
    counts: Counter[FaultKind] = Counter()
    for fault in faults:
        counts[fault.kind] += fault.count
    for kind, number in counts.items():
        yield _counted(number, _FAULTS[kind])


def _besides(faults: Sequence[Fault]) -> Iterator[str]:
    if faults:
        yield f"Besides, HAProxy saw {_listed(list(_of_faults(faults)))}."


def _of_quiet(events: Sequence[ExplainedEvent]) -> Iterator[str]:
    """Yield what shows that nothing bad happened."""
    lines, errors = (sum(getattr(e.during, name) for e in events) for name in ("lines", "errors"))
    proofs = {event.proof.name: event.proof.attempts for event in events if event.proof is not None}
    if lines or not proofs:
        yield f"{format_count(lines)} lines around them, {format_count(errors)} errors, no more than usual"
    if proofs:
        yield f"none of {_counted(sum(proofs.values()), 'attempt')} of a proof's clients was hurt"


def _listed(parts: Sequence[str]) -> str:
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else "".join(parts)


def _of_other_times(elsewhere: Sequence[EndingCount]) -> Iterator[str]:
    errors = sum(e.lines for e in elsewhere if e.status >= 500)
    if errors:
        yield f"{_counted(errors, 'answer')} with a status of 500 or above came at other times: not by a reload."


def _there_were(events: Sequence[ExplainedEvent], happened: str) -> str:
    return f"There {'was' if len(events) == 1 else 'were'} {happened}"


def _happened(events: Sequence[ExplainedEvent]) -> str:
    kinds = Counter(event.change.kind for event in events)
    words = [f"{count} {_NOUNS[kind][count > 1]}" for kind, count in kinds.items()]
    return _listed(words) or "no event"


def _of_causes(causes: Sequence[NamedCause]) -> Iterator[str]:
    found: dict[tuple[str, str, str, str], list[int]] = {}
    estimated: set[tuple[str, str, str, str]] = set()
    for cause in causes:
        key = (cause.code, cause.name, cause.summary, cause.unit)
        found.setdefault(key, []).append(cause.victims)
        if cause.counting is not Counting.COUNTED:
            estimated.add(key)
    sums = {key: sum(victims) for key, victims in found.items()}
    for key in sorted(sums, key=lambda key: -sums[key])[:_MOST]:
        code, name, summary, unit = key
        about = "about " if key in estimated else ""
        number = f"{about}{_counted(sums[key], unit)}, " if sums[key] else ""
        times = "once" if len(found[key]) == 1 else f"{len(found[key])} times"
        yield f"{code} {name}".strip() + f" ({number}{times}): {summary}."


def _counted(number: int, noun: str) -> str:
    return f"{format_count(number)} {noun}{'' if number == 1 else 's'}"
