"""The answer of `hitless explain`: events with their causes, what is not known, what was read."""

import msgspec

from hitless.captured import CaptureTotals
from hitless.explanations.seen import (
    AcceptHole,
    ApplicationErrors,
    Captured,
    EndingCount,
    Fault,
    Group,
    Plot,
    ProofFound,
    Quote,
    ReceiptFound,
    Statement,
    TrafficCount,
)
from hitless.explanations.words import Counting, InputKind, Judgement
from hitless.logged import Blind, Certainty, Change, Clock, Generation, Skipped
from hitless.records import Record

__all__ = [
    "EXPLANATION_FORMAT",
    "ClockOffset",
    "ExplainedEvent",
    "Explanation",
    "InputRead",
    "NamedCause",
    "NotKnown",
    "ZoneChange",
]

EXPLANATION_FORMAT = 1


class NamedCause(Record, frozen=True):
    """Why clients were hurt. `code` is one of docs/causes.md, "" for what is no cause of a reload (a crash, a stop)."""

    code: str
    name: str
    summary: str
    victims: int
    counting: Counting
    certainty: Certainty
    evidence: tuple[Statement, ...] = ()
    change: str = ""
    """What to change, so that it does not happen again."""
    unit: str = "request"
    """What `victims` counts: "request", "connection"."""


class NotKnown(Record, frozen=True):
    """What these inputs cannot show, and the one line that would make it known the next time."""

    what: str
    line: str = ""
    where: str = ""
    """Where the line belongs: "global", "defaults", "frontend", "unit", "shell"."""


class ExplainedEvent(Record, frozen=True):
    """One change of the service, and what it did to clients."""

    number: int
    change: Change
    judgement: Judgement
    headline: str
    since_ns: int
    until_ns: int
    """The window that was looked at; what old processes finished later counts too."""
    during: TrafficCount = TrafficCount()
    before: TrafficCount = TrafficCount()
    causes: tuple[NamedCause, ...] = ()
    endings: tuple[EndingCount, ...] = ()
    groups: tuple[Group, ...] = ()
    grouped_lines: int = 0
    """So many of the bad endings were read for `groups`."""
    holes: tuple[AcceptHole, ...] = ()
    captured: Captured | None = None
    application: ApplicationErrors | None = None
    receipt: ReceiptFound | None = None
    proof: ProofFound | None = None
    not_known: tuple[NotKnown, ...] = ()
    quotes: tuple[Quote, ...] = ()
    plot: Plot | None = None


class InputRead(Record, frozen=True):
    """One input: what it is, how much of it was read, what a reader has to know."""

    kind: InputKind
    name: str
    size_bytes: int = 0
    items: int = 0
    """Lines, packets, receipts, reloads of a proof, messages that were invalid."""
    first_ns: int = 0
    last_ns: int = 0
    why: str = ""
    """How it was found, where nobody named it."""
    notes: tuple[str, ...] = ()


class ClockOffset(Record, frozen=True):
    """How far the clock of an input is ahead of HAProxy's own; `applied`: its stamps were read with that taken off."""

    name: str
    clock: Clock
    offset_ns: int
    error_ns: int
    """The offset lies within this of `offset_ns`."""
    pairs: int
    """So many times the same was seen by both."""
    applied: bool = False


class ZoneChange(Record, frozen=True):
    """Clocks were put forward or back."""

    since_ns: int
    offset_s: int
    """How far the clock on the wall has been ahead of UTC since then."""


class Explanation(Record, frozen=True):
    """The whole answer."""

    tool_version: str
    judgement: Judgement
    story: tuple[str, ...]
    """What happened, in sentences; the first says all."""
    since_ns: int | None = None
    until_ns: int | None = None
    first_ns: int = 0
    """The first sign of traffic or of HAProxy."""
    last_ns: int = 0
    inputs: tuple[InputRead, ...] = ()
    totals: TrafficCount = TrafficCount()
    events: tuple[ExplainedEvent, ...] = ()
    elsewhere: tuple[EndingCount, ...] = ()
    """Bad endings that are near no event."""
    causes_elsewhere: tuple[NamedCause, ...] = ()
    faults: tuple[Fault, ...] = ()
    """In order of time."""
    generations: tuple[Generation, ...] = ()
    blind: tuple[Blind, ...] = ()
    not_known: tuple[NotKnown, ...] = ()
    clocks: tuple[ClockOffset, ...] = ()
    captures: CaptureTotals | None = None
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[str, ...] = msgspec.field(default=())
    zone: str = "UTC"
    """That of the logs."""
    zone_offset_s: int = 0
    """How far it is ahead of UTC at `first_ns`: so times are shown, up to the first of `zone_changes`."""
    zone_changes: tuple[ZoneChange, ...] = ()
    """Between `first_ns` and `last_ns`, in order."""
    format: int = EXPLANATION_FORMAT
