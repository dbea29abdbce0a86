"""The answer in sentences: what happened, whom it hurt, why; the first says all. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence

from hitless.explanations import Counting, EndingCount, ExplainedEvent, Judgement, TrafficCount
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
_MOST = 6


def conclude(events: Sequence[ExplainedEvent], totals: TrafficCount) -> Judgement:
    """Return what all events together were."""
    judgements = {event.judgement for event in events}
    if Judgement.HARMFUL in judgements:
        return Judgement.HARMFUL
    if Judgement.UNKNOWN in judgements or (not events and not totals.lines):
        return Judgement.UNKNOWN
    return Judgement.HARMLESS


def tell(
    judgement: Judgement,
    events: Sequence[ExplainedEvent],
    totals: TrafficCount,
    elsewhere: Sequence[EndingCount],
) -> tuple[str, ...]:
    """Return the story."""
    return tuple(_sentences(judgement, events, totals, elsewhere))


def _sentences(
    judgement: Judgement,
    events: Sequence[ExplainedEvent],
    totals: TrafficCount,
    elsewhere: Sequence[EndingCount],
) -> Iterator[str]:
    happened = _happened(events)
    if judgement is Judgement.HARMFUL:
        bad = [event for event in events if event.judgement is Judgement.HARMFUL]
        yield f"{_counted(len(bad), 'event')} of {len(events)} did harm. There were {happened}."
        yield from _of_causes(bad)
    elif not events and totals.lines:
        yield f"No reload, restart or crash is in these inputs, in {format_count(totals.lines)} lines about traffic."
    elif judgement is Judgement.HARMLESS:
        yield (
            f"Nothing bad happened around {happened}: {format_count(sum(e.during.lines for e in events))} lines around "
            f"them, {format_count(sum(e.during.errors for e in events))} errors, no more than usual."
        )
    elif events:
        unknown = sum(event.judgement is Judgement.UNKNOWN for event in events)
        yield f"There were {happened}; for {unknown} of them these inputs cannot tell whether a client was hurt."
    else:
        yield "Neither traffic nor a word of HAProxy is in these inputs."
    errors = sum(e.lines for e in elsewhere if e.status >= 500)  # noqa: PLR2004 - server errors
    if errors:
        yield f"{_counted(errors, 'answer')} with a status of 500 or above came at other times: not by a reload."


def _happened(events: Sequence[ExplainedEvent]) -> str:
    kinds = Counter(event.change.kind for event in events)
    words = [f"{count} {_NOUNS[kind][count > 1]}" for kind, count in kinds.items()]
    if len(words) < 2:  # noqa: PLR2004 - a list
        return "".join(words) or "no event"
    return f"{', '.join(words[:-1])} and {words[-1]}"


def _of_causes(events: Sequence[ExplainedEvent]) -> Iterator[str]:
    sums: dict[tuple[str, str, str, str], list[int]] = {}
    estimated: set[tuple[str, str, str, str]] = set()
    for event in events:
        for cause in event.causes:
            key = (cause.code, cause.name, cause.summary, cause.unit)
            sums.setdefault(key, []).append(cause.victims)
            if cause.counting is not Counting.COUNTED:
                estimated.add(key)
    ordered = sorted(sums.items(), key=lambda item: -sum(item[1]))
    for (code, name, summary, unit), victims in ordered[:_MOST]:
        about = "about " if (code, name, summary, unit) in estimated and sum(victims) else ""
        number = f"{about}{_counted(sum(victims), unit)}, " if sum(victims) else ""
        times = "once" if len(victims) == 1 else f"{len(victims)} times"
        yield f"{code} {name}".strip() + f" ({number}{times}): {summary}."


def _counted(number: int, noun: str) -> str:
    return f"{format_count(number)} {noun}{'' if number == 1 else 's'}"
