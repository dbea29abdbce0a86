"""Who was hurt at a time when nothing is known to have happened: what it looks like. Pure."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from hitless.captured import CapturedConnection, Ending
from hitless.causes import UNEXPLAINED
from hitless.explain.analysis.capture_causes import MEANINGS
from hitless.explain.analysis.captured import hurt_at_ns
from hitless.explain.analysis.log_causes import make_cause
from hitless.explanations import Counting, NamedCause, Statement
from hitless.logged import Certainty, OwnMessage
from hitless.units import NANOSECONDS_PER_SECOND, format_count, format_duration

__all__ = ["name_loose_causes"]

_CODES = {
    Ending.RESET_BEFORE_REQUEST: "HL104",
    Ending.RESET_UNANSWERED: "HL104",
    Ending.STALE_REUSE: "HL501",
    Ending.CLOSED_UNANSWERED: "HL506",
    Ending.RESPONSE_CUT: "HL201",
    Ending.STREAM_CUT: "HL201",
    Ending.NO_ANSWER: "HL505",
}
_BURST_NS = 3 * NANOSECONDS_PER_SECOND
_FEWEST = 3
"""Fewer of one kind, within three seconds, are no burst: one client may be at fault."""
_PAUSE_S = (1.0, 3.0)
"""A failed bind refuses clients for two seconds."""


def name_loose_causes(
    victims: Sequence[CapturedConnection], exhausted: Sequence[OwnMessage]
) -> tuple[NamedCause, ...]:
    """Return causes that bursts of victims look like, with the most victims first."""
    found = [*_of_victims(victims), *_of_messages(exhausted)]
    return tuple(sorted(found, key=lambda cause: -cause.victims))


def _of_victims(victims: Sequence[CapturedConnection]) -> Iterator[NamedCause]:
    of_code: dict[str, list[list[CapturedConnection]]] = defaultdict(list)
    single: list[CapturedConnection] = []
    for burst in _bursts(victims):
        if len(burst) < _FEWEST:
            single += burst
        else:
            of_code[_code(burst)].append(burst)
    for code, bursts in of_code.items():
        total = sum(map(len, bursts))
        evidence = [_of_burst(burst) for burst in bursts[:5]]
        evidence.append(Statement(text="no log or receipt here says what happened then"))
        yield make_cause(code, total, Counting.COUNTED, Certainty.LIKELY, evidence, unit="connection")
    if single:
        yield NamedCause(
            code="",
            name=UNEXPLAINED,
            summary="single connections ended badly, at times when nothing else is known to have happened",
            victims=len(single),
            counting=Counting.COUNTED,
            certainty=Certainty.LIKELY,
            evidence=tuple(_of_burst([victim]) for victim in single[:3]),
            unit="connection",
        )


def _bursts(victims: Sequence[CapturedConnection]) -> Iterator[list[CapturedConnection]]:
    """Yield victims of one kind that follow each other closely."""
    of_kind: dict[str, list[CapturedConnection]] = defaultdict(list)
    for victim in victims:
        of_kind[_CODES.get(victim.ending, victim.ending)].append(victim)
    for mine in of_kind.values():
        mine.sort(key=hurt_at_ns)
        burst = mine[:1]
        for victim in mine[1:]:
            if hurt_at_ns(victim) - hurt_at_ns(burst[-1]) > _BURST_NS:
                yield burst
                burst = []
            burst.append(victim)
        yield burst


def _code(burst: Sequence[CapturedConnection]) -> str:
    ending = burst[0].ending
    if ending is not Ending.REFUSED:
        return _CODES[ending]
    length_s = (hurt_at_ns(burst[-1]) - hurt_at_ns(burst[0])) / NANOSECONDS_PER_SECOND
    return "HL401" if _PAUSE_S[0] <= length_s <= _PAUSE_S[1] else "HL101"


def _of_burst(burst: Sequence[CapturedConnection]) -> Statement:
    first, last = hurt_at_ns(burst[0]), hurt_at_ns(burst[-1])
    took = f" within {format_duration((last - first) / NANOSECONDS_PER_SECOND)}" if last > first else ""
    return Statement(
        text=f"{format_count(len(burst))} connection{'' if len(burst) == 1 else 's'} to {burst[0].proxy}{took} "
        f"{MEANINGS[burst[0].ending]}",
        t_ns=first,
    )


def _of_messages(exhausted: Sequence[OwnMessage]) -> Iterator[NamedCause]:
    if exhausted:
        statement = Statement(
            text=f"{format_count(len(exhausted))} messages, the first: {exhausted[0].text}",
            t_ns=exhausted[0].at.t_ns,
        )
        yield make_cause("HL218", 0, Counting.NOT_COUNTED, Certainty.STATED, [statement], unit="connection")
