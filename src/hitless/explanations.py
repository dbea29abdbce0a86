"""What happened, explained: the record that `hitless explain` makes of logs, captures and receipts.

Times are CLOCK_REALTIME in nanoseconds since 1970 UTC; durations have their unit in the name. Counts of what was logged
are exact; what is only likely, or computed, is named so.
"""

from enum import StrEnum

import msgspec

from hitless.captured import CapturedConnection, CaptureTotals, ListenerGap
from hitless.logged import Blind, Certainty, Change, Clock, Generation, Skipped
from hitless.records import Record

__all__ = [
    "EXPLANATION_FORMAT",
    "AcceptHole",
    "ApplicationErrors",
    "Captured",
    "ClockOffset",
    "Counting",
    "EndingCount",
    "ExplainedEvent",
    "Explanation",
    "Group",
    "InputKind",
    "InputRead",
    "Judgement",
    "NamedCause",
    "NotKnown",
    "Plot",
    "PlotLine",
    "Quote",
    "ReceiptFound",
    "Role",
    "Statement",
    "TrafficCount",
]

EXPLANATION_FORMAT = 1


class Judgement(StrEnum):
    """What an event was for clients."""

    HARMLESS = "harmless"
    """Nobody was hurt, as far as these inputs can show it: `NotKnown` says how far."""
    HARMFUL = "harmful"
    """Somebody was hurt, or HAProxy does not run what it should; a cause says why."""
    UNKNOWN = "unknown"
    """These inputs cannot tell."""


class Role(StrEnum):
    """What a process was in an event."""

    OLD = "old"
    NEW = "new"
    OTHER = "other"
    """Another process; or lines do not name theirs."""


class Counting(StrEnum):
    """How a number was found."""

    COUNTED = "counted"
    AT_LEAST = "at_least"
    ESTIMATED = "estimated"
    """From the rate before, and for how long nobody was there."""
    NOT_COUNTED = "not_counted"
    """It happened; these inputs do not say how often."""


class Quote(Record, frozen=True):
    """A raw line, as evidence. Its text is hostile, and cut where it is long."""

    source: str
    offset: int
    text: str
    t_ns: int = 0


class Statement(Record, frozen=True):
    """One thing that was seen, in a sentence, and the numbers of the event's quotes that show it."""

    text: str
    quotes: tuple[int, ...] = ()
    t_ns: int = 0
    """When, where that is not the event's time."""


class TrafficCount(Record, frozen=True):
    """Lines about traffic in a time, and those of them that ended badly."""

    duration_s: float = 0.0
    lines: int = 0
    errors: int = 0


class EndingCount(Record, frozen=True):
    """Lines that ended in one way, of processes in one role, in an event's window."""

    role: Role
    status: int
    """-1: the format has none (TCP)."""
    termination: str
    lines: int
    usual: float | None
    """So many would have been there at the rate of before; None: there is no before."""
    meaning: str
    is_excess: bool = False
    """More than chance makes of the usual."""
    pids: tuple[int, ...] = ()


class Group(Record, frozen=True):
    """Bad endings that have something in common. `by`: "frontend", "backend", "server", "pid", "client"."""

    by: str
    name: str
    lines: int


class AcceptHole(Record, frozen=True):
    """Time in which a frontend took no connection although it is usually busy."""

    frontend: str
    begin_ns: int
    duration_s: float
    usual_per_s: float


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


class Captured(Record, frozen=True):
    """What captures show in an event's window."""

    connections: int = 0
    """That ended in it."""
    endings: tuple[tuple[str, int], ...] = ()
    """By `hitless.captured.Ending`, those that hurt."""
    resets_by_proxy: int = 0
    resets_by_client: int = 0
    gaps: tuple[ListenerGap, ...] = ()
    examples: tuple[CapturedConnection, ...] = ()
    matched: int = 0
    """Connections that hurt of which HAProxy logged a line, too."""
    looked_for: bool = False
    """Lines were searched for them: those without one were never accepted."""


class ApplicationErrors(Record, frozen=True):
    """Lines of applications that speak of broken connections."""

    lines: int
    usual: float | None
    by_pattern: tuple[tuple[str, int], ...] = ()
    joined: int = 0
    """Lines with the request id of a request that HAProxy logged as a bad ending."""


class ReceiptFound(Record, frozen=True):
    """The receipt of `hitless reload` that is about the event."""

    id: str
    outcome: str
    reason: str
    requester: str
    mechanism: str
    resets_to_clients: int | None = None
    queue_drops: int | None = None
    opened_anew: tuple[str, ...] = ()
    """Listening sockets that were not handed over."""


class PlotLine(Record, frozen=True):
    """One process in a plot."""

    pid: int
    role: Role
    requests: tuple[int, ...]
    errors: tuple[int, ...]


class Plot(Record, frozen=True):
    """Lines by the second around an event."""

    start_s: int
    bucket_s: int
    processes: tuple[PlotLine, ...] = ()


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
    not_known: tuple[NotKnown, ...] = ()
    quotes: tuple[Quote, ...] = ()
    plot: Plot | None = None


class InputKind(StrEnum):
    """What an input is."""

    LOG = "log"
    JOURNAL = "journal"
    CAPTURE = "capture"
    RECEIPTS = "receipts"
    APPLICATION = "application"
    CONFIGURATION = "configuration"


class InputRead(Record, frozen=True):
    """One input: what it is, how much of it was read, what a reader has to know."""

    kind: InputKind
    name: str
    size_bytes: int = 0
    items: int = 0
    """Lines, packets or receipts."""
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
    """How far it is ahead of UTC: so times are shown."""
    format: int = EXPLANATION_FORMAT
