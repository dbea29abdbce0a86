"""What captures show, kept by time: those who were hurt, gaps of listeners, how many connections ended when. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from hitless.captured import CapturedConnection, CaptureTotals, Ending, ListenerGap, Side
from hitless.explain.analysis.spans import Span
from hitless.explanations import Captured
from hitless.logged import ChangeKind
from hitless.units import NANOSECONDS_PER_SECOND

__all__ = ["CaptureEvidence", "hurt_at_ns", "share_out"]

_MOST_VICTIMS = 100_000
_MOST_PAIRS = 50_000
_MOST_GAPS = 10_000
_EXAMPLES = 10
_ANSWERED = frozenset({Ending.CLIENT, Ending.CLOSED_BY_PROXY})
_CUT = frozenset({Ending.STREAM_CUT, Ending.RESPONSE_CUT})


@dataclass(slots=True)
class CaptureEvidence:
    """Connections of captures. Bounded: `victims_left_out` counts what was beyond."""

    victims: list[CapturedConnection] = field(default_factory=list)
    gaps: list[ListenerGap] = field(default_factory=list)
    begun: dict[str, int] = field(default_factory=dict)
    """By client ("192.0.2.1:51544"): when its last request began, which was answered."""
    ended: dict[int, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    """By second: "all", and resets by side."""
    victims_left_out: int = 0
    totals: CaptureTotals = field(default_factory=CaptureTotals)

    def take(self, found: CapturedConnection | ListenerGap) -> None:
        """Take what a capture has next."""
        if isinstance(found, ListenerGap):
            if len(self.gaps) < _MOST_GAPS:
                self.gaps.append(found)
            return
        second = hurt_at_ns(found) // NANOSECONDS_PER_SECOND
        self.ended[second]["all"] += 1
        if found.reset_by is not Side.NOBODY:
            self.ended[second][found.reset_by] += 1
        if found.is_victim:
            if len(self.victims) < _MOST_VICTIMS:
                self.victims.append(found)
            else:
                self.victims_left_out += 1
        begun_ns = found.request_ns if found.ending in _ANSWERED and found.requests else 0
        if begun_ns and len(self.begun) < _MOST_PAIRS:
            self.begun[found.client] = begun_ns


def hurt_at_ns(connection: CapturedConnection) -> int:
    """Return when a connection ended, or was refused."""
    if connection.ending in {Ending.REFUSED, Ending.NO_ANSWER}:
        return connection.first_ns
    return connection.ended_ns or connection.reset_ns or connection.last_ns


def share_out(
    evidence: CaptureEvidence, spans: Sequence[Span], offset_ns: int, logged: Mapping[str, object]
) -> tuple[dict[int, Captured], list[CapturedConnection]]:
    """Return what captures show of each span, by its index, and who was hurt outside of all.

    `offset_ns` is how far the capture's clock is ahead; `logged` has the clients of which a line is known.
    """
    of_span: dict[int, list[CapturedConnection]] = defaultdict(list)
    outside: list[CapturedConnection] = []
    for victim in evidence.victims:
        index = _find(spans, hurt_at_ns(victim) - offset_ns, victim.ending)
        if index is None:
            outside.append(victim)
        else:
            of_span[index].append(victim)
    first, last = evidence.totals.first_ns - offset_ns, evidence.totals.last_ns - offset_ns
    found = {
        index: _captured(evidence, span, of_span[index], offset_ns, logged)
        for index, span in enumerate(spans)
        if first <= span.end_s * NANOSECONDS_PER_SECOND and last >= span.begin_s * NANOSECONDS_PER_SECOND
    }
    return found, outside


def _find(spans: Sequence[Span], t_ns: int, ending: Ending) -> int | None:
    """Return the span of a moment: for what was cut a hard stop first, else the last that had begun."""
    second = t_ns // NANOSECONDS_PER_SECOND
    inside = [n for n, span in enumerate(spans) if span.begin_s <= second < span.end_s]
    if not inside:
        return None
    hard = [n for n in inside if spans[n].change.kind is ChangeKind.HARD_STOP]
    if ending in _CUT:
        return (hard or inside)[-1]
    return ([n for n in inside if n not in hard] or hard)[-1]


def _captured(
    evidence: CaptureEvidence,
    span: Span,
    victims: Sequence[CapturedConnection],
    offset_ns: int,
    logged: Mapping[str, object],
) -> Captured:
    shift_s = round(offset_ns / NANOSECONDS_PER_SECOND)
    sums: Counter[str] = Counter()
    for second in range(span.begin_s + shift_s, span.end_s + shift_s):
        sums.update(evidence.ended.get(second, {}))
    return Captured(
        connections=sums["all"],
        endings=tuple(Counter(victim.ending.value for victim in victims).most_common()),
        resets_by_proxy=sums[Side.PROXY],
        resets_by_client=sums[Side.CLIENT],
        gaps=tuple(_gaps(evidence.gaps, span, offset_ns)),
        examples=tuple(_examples(victims)),
        matched=sum(victim.client in logged for victim in victims),
        looked_for=bool(logged),
    )


def _gaps(gaps: Iterable[ListenerGap], span: Span, offset_ns: int) -> Iterable[ListenerGap]:
    begin, end = span.begin_s * NANOSECONDS_PER_SECOND, span.end_s * NANOSECONDS_PER_SECOND
    for gap in gaps:
        if gap.first_refused_ns - offset_ns < end and gap.last_refused_ns - offset_ns >= begin:
            yield gap


def _examples(victims: Sequence[CapturedConnection]) -> list[CapturedConnection]:
    """Return some of each ending."""
    found: list[CapturedConnection] = []
    for ending in dict.fromkeys(victim.ending for victim in victims):
        found += [victim for victim in victims if victim.ending is ending][:3]
    return found[:_EXAMPLES]
