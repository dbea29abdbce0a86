"""All that is known about one change and its window: what causes are named from. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from hitless.evidence.haproxy_messages import MessageKind
from hitless.explain.analysis.spans import Span, role_of
from hitless.explanations import (
    AcceptHole,
    ApplicationErrors,
    Captured,
    EndingCount,
    NamedCause,
    ProofFound,
    ReceiptFound,
    Role,
    Statement,
    TrafficCount,
)
from hitless.logged import Blind, Change, LinePlace, OwnMessage, Traffic

__all__ = ["QuoteBook", "View"]

_MOST_QUOTES = 60
_QUOTES_EACH = 3
_NOTHING = TrafficCount()


@dataclass(slots=True)
class QuoteBook:
    """The lines that an event's statements rest on, each once, by number."""

    places: list[LinePlace] = field(default_factory=list)
    _numbers: dict[tuple[int, int], int] = field(default_factory=dict)

    def add(self, places: Iterable[LinePlace], *, most: int = _QUOTES_EACH) -> tuple[int, ...]:
        """Return the numbers of some of these lines; those beyond the bounds get none."""
        found: list[int] = []
        for place in places:
            if len(found) >= most:
                break
            key = (place.source, place.offset)
            if key not in self._numbers:
                if len(self.places) >= _MOST_QUOTES:
                    continue
                self._numbers[key] = len(self.places)
                self.places.append(place)
            if self._numbers[key] not in found:
                found.append(self._numbers[key])
        return tuple(found)


@dataclass(slots=True)
class View:
    """One change. `lines` are those bad endings of it that were read, `lines_total` how many there are."""

    span: Span
    during: TrafficCount = _NOTHING
    shared: TrafficCount = _NOTHING
    """Lines in its window that are told with another change."""
    before: TrafficCount = _NOTHING
    endings: tuple[EndingCount, ...] = ()
    holes: tuple[AcceptHole, ...] = ()
    accepts_per_s: float = 0.0
    new_lines: TrafficCount = _NOTHING
    lines: Sequence[Traffic] = ()
    lines_total: int = 0
    messages: Sequence[OwnMessage] = ()
    """What processes said about themselves meanwhile."""
    exhausted: Sequence[OwnMessage] = ()
    """Messages about descriptors, sockets or memory that were used up while old processes lived."""
    captured: Captured | None = None
    application: ApplicationErrors | None = None
    receipt: ReceiptFound | None = None
    proof: ProofFound | None = None
    proof_causes: Sequence[NamedCause] = ()
    """What the proof found at this reload."""
    blind: tuple[Blind, ...] = ()
    book: QuoteBook = field(default_factory=QuoteBook)

    @property
    def change(self) -> Change:
        """What happened."""
        return self.span.change

    def matching(self, role: Role, *terminations: str, excess: bool = True) -> list[EndingCount]:
        """Return the endings of processes in a role that begin with one of these letters."""
        return [
            e
            for e in self.endings
            if e.role is role and e.termination.startswith(terminations) and (e.is_excess or not excess)
        ]

    def quote(self, role: Role, *terminations: str) -> tuple[int, ...]:
        """Return the numbers of some lines of such an ending."""
        return self.book.add(
            line.place
            for line in self.lines
            if role_of(self.change, line.pid) is role and line.termination.startswith(terminations)
        )

    def said(self, *kinds: MessageKind, pids: Iterable[int] = ()) -> list[LinePlace]:
        """Return the places of messages of these kinds, the kinds in the order given; of these processes, if any."""
        wanted = set(pids)
        return [
            m.place
            for kind in kinds
            for m in self.messages
            if m.kind is kind and (not wanted or m.pid in wanted)
        ]

    def state(self, text: str, places: Iterable[LinePlace] = ()) -> Statement:
        """Return a statement with the lines that show it."""
        return Statement(text=text, quotes=self.book.add(places))
