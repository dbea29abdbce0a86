"""What was seen of one event, in logs, captures, receipts and proofs: the records that causes are named from."""

from hitless.captured import CapturedConnection, ListenerGap
from hitless.explanations.words import Counting, FaultKind, Role
from hitless.records import Record

__all__ = [
    "AcceptHole",
    "ApplicationErrors",
    "Captured",
    "EndingCount",
    "Fault",
    "Group",
    "Plot",
    "PlotLine",
    "ProofFound",
    "Quote",
    "ReceiptFound",
    "Statement",
    "TrafficCount",
]


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


class ProofFound(Record, frozen=True):
    """The proof of `hitless prove` that made the event, and what it measured."""

    name: str
    reload: int
    """Number of the reload in its proof, of `reloads`."""
    reloads: int
    via: str
    is_ok: bool
    """The new process has taken over."""
    victims: int = 0
    attempts: int = 0
    """Of the proof's clients, under all of its reloads."""
    client_class: str = ""
    is_complete: bool = False
    """The proof had all the evidence that it needs for a verdict."""
    resets_to_clients: int | None = None
    """Under all of its reloads; None: nothing could count them."""
    phases_ms: tuple[tuple[str, float], ...] = ()
    """After the trigger."""


class Fault(Record, frozen=True):
    """What HAProxy could not accept, by its error log or its own memory; those alike that follow each other are one."""

    kind: FaultKind
    what: str
    """What was invalid, in words, with HAProxy's own."""
    first_ns: int
    last_ns: int
    count: int = 1
    counting: Counting = Counting.COUNTED
    frontend: str = ""
    backend: str = ""
    server: str = ""
    clients: tuple[str, ...] = ()
    """Addresses of some."""
    event: int = 0
    """Number of the event in whose window it began; 0: of none."""
    quotes: tuple[Quote, ...] = ()


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
