"""What `hitless drain` says: the generations of an instance, why each lives, and what closing its sessions did.

`hitless.report.drain` draws these. Durations are seconds; ages and deadlines are meant at the moment of the look.
"""

from enum import StrEnum

from hitless.findings import Evidence
from hitless.records import Record

__all__ = [
    "SCHEMA",
    "ClosePlan",
    "CloseResult",
    "DrainReport",
    "DrainView",
    "Forecast",
    "Generation",
    "HardStop",
    "ListenerConnections",
    "PlannedClose",
    "Reason",
    "SessionGroup",
    "SessionSeen",
    "SessionState",
    "WhyAlive",
]

SCHEMA = 1


class SessionState(StrEnum):
    """How far a session (HAProxy's "stream") is."""

    REQUEST = "request"
    """Its request comes in or is being decided upon."""
    TARPIT = "tarpit"
    QUEUE = "queue"
    """It waits for a server to be free."""
    CONNECT = "connect"
    RESPONSE = "response"
    """It waits for the server's answer."""
    TRANSFER = "transfer"
    """A body moves, in either direction."""
    TUNNEL = "tunnel"
    """Bytes pass both ways and nothing is looked at: WebSocket, CONNECT, mode tcp. Nothing but its ends ends it."""
    CLOSING = "closing"

    @property
    def is_request(self) -> bool:
        """It ends by itself, when its request is answered."""
        return self not in {SessionState.TUNNEL, SessionState.CLOSING}


class WhyAlive(StrEnum):
    """What keeps a process, or what makes it last."""

    INITIALISING = "initialising"
    """It does not serve yet: it loads its configuration."""
    NOT_STOPPING = "not-stopping"
    """It has been replaced, and nobody has told it to leave."""
    TUNNELS = "tunnels"
    REQUESTS = "requests"
    IDLE_CONNECTIONS = "idle-connections"
    """Connections of clients without a request."""
    HALF_CLOSED = "half-closed"
    """The peer has left, and HAProxy has not closed: CLOSE_WAIT."""
    PEERS = "peers"
    APPLETS = "applets"
    """Sessions of HAProxy's own."""
    JOBS = "jobs"
    """Jobs that are neither connections nor sessions."""
    CONNECTIONS = "connections"
    """What the kernel says, where HAProxy cannot be asked."""
    STOPPED = "stopped"
    """A signal or a debugger has stopped it."""
    BLOCKED = "blocked"
    """It waits in the kernel, for a disk say."""
    SPINNING = "spinning"
    """It burns a processor."""
    LEAVING = "leaving"
    """Nothing holds it any more."""
    NO_HARD_STOP = "no-hard-stop"
    OVERDUE = "overdue"
    """The hard stop should have ended it."""
    NOT_ASKED = "not-asked"
    """It could not be asked."""


class SessionGroup(Record, frozen=True):
    """Sessions of one frontend, backend and state."""

    frontend: str
    backend: str
    state: SessionState
    count: int
    kind: str = ""
    """Of tunnels: "WebSocket", "CONNECT", "TCP", by a sample; "" where it is not known."""
    oldest_s: float | None = None
    youngest_s: float | None = None
    idle_longest_s: float | None = None
    """Since something moved on its connections, as the kernel says; None where nobody could look."""
    idle_shortest_s: float | None = None
    without_timeout: int = 0
    """How many no timeout ends."""


class SessionSeen(Record, frozen=True):
    """One session."""

    id: str
    source: str
    frontend: str
    backend: str
    server: str
    state: SessionState
    age_s: float | None = None
    idle_s: float | None = None
    expires_s: float | None = None
    """When its first timeout ends it, if nothing moves until then."""


class ListenerConnections(Record, frozen=True):
    """Connections of clients that a process holds on one listening address, as the kernel says."""

    endpoint: str
    """"0.0.0.0:443", as the connections' local side: with an address for each."""
    owner: str
    """"frontend web", "" where the configuration on disk binds nothing there."""
    count: int
    without_session: int | None = None
    """How many carry no session: idle, or before their request. None where sessions could not be asked."""
    half_closed: int = 0
    idle_longest_s: float | None = None
    idle_shortest_s: float | None = None


class Reason(Record, frozen=True):
    """One reason why a process is alive. `hint`: what ends it."""

    why: WhyAlive
    text: str
    hint: str = ""
    evidence: tuple[Evidence, ...] = ()


class HardStop(Record, frozen=True):
    """`hard-stop-after` of a process. HAProxy does not say it: it is what the configuration on disk says."""

    after_s: float
    where: str
    assumed: bool
    """The file was changed after the process started, or nobody could see when: it may have loaded another value."""
    basis: str
    """How it is known, in words."""
    due_s: float
    """From now on; less than 0 where it should have happened."""
    at_latest: bool = False
    """It may come earlier: it is not known exactly since when the process stops."""


class Forecast(Record, frozen=True):
    """What the end of a process will do to whom."""

    hard_stop: HardStop | None = None
    why_no_hard_stop: str = ""
    cut: int = 0
    """Sessions that the hard stop will cut unless an end of theirs leaves before: no timeout ends them sooner."""
    silent: int = 0
    """Sessions that a timeout ends before, if nothing moves on them."""
    active: int = 0
    """Of `silent`: on which something has moved in the last minute. No timeout ends them as long as that goes on."""
    requests: int = 0
    """Requests in flight, which mostly end by themselves."""
    idle_connections: int = 0
    """Connections without a request that are closed with it."""
    last_timeout_s: float | None = None
    """When timeouts have ended the last of the silent ones."""
    effect: str = ""
    """What those who are cut will see, on this version."""
    killed_at_reload: int | None = None
    """How many reloads from now `mworker-max-reloads` kills it: 1 is the next one; None: never."""
    text: str = ""
    """All of it in one or two sentences."""


class Generation(Record, frozen=True):
    """One process that carries, or will carry, traffic."""

    pid: int
    number: int | None
    """0 serves now, 1 is the one before, …; None: it initialises."""
    current: bool
    version: str = ""
    age_s: float = 0.0
    reloads: int | None = None
    """How many reloads the master has tried since; None where it did not say."""
    stopping: bool | None = None
    """It says that it stops; None where it could not be asked."""
    draining_s: float | None = None
    """Since when it is replaced."""
    draining_exact: bool = False
    """False: generations between may have come and gone, so that it is at least so long."""
    process_state: str = ""
    """As ps(1) says it: "S", "R", "D", "T"."""
    memory_bytes: int = 0
    """Resident; up to 3.0 shared in part with its master."""
    cpu_s: float = 0.0
    cpu_share: float | None = None
    """Of one processor, now."""
    descriptors: int | None = None
    descriptor_limit: int | None = None
    connections: int | None = None
    """Of clients, as HAProxy counts them (CurrConns)."""
    tcp_connections: int | None = None
    """Established ones that it holds, of clients and to servers, as the kernel counts them."""
    sessions: int | None = None
    """None: it could not be asked."""
    groups: tuple[SessionGroup, ...] = ()
    """The largest first."""
    oldest: tuple[SessionSeen, ...] = ()
    """A few of the oldest sessions."""
    listeners: tuple[ListenerConnections, ...] = ()
    why: tuple[Reason, ...] = ()
    forecast: Forecast | None = None
    """None for the process that serves."""
    closable: bool = False
    """Its sessions can be closed one by one."""
    why_not_closable: str = ""


class DrainView(Record, frozen=True):
    """One look at an instance."""

    instance: str
    mode: str
    version: str
    taken_at: str
    """RFC 3339, UTC."""
    master_pid: int = 0
    generations: tuple[Generation, ...] = ()
    """The process that serves first, then the older ones."""
    hidden_from_show_proc: int = 0
    """Old workers that `show proc` does not list (up to 3.3 it ends after about 202 rows)."""
    notes: tuple[str, ...] = ()
    """What could not be seen, and why; and what to know."""
    duration_s: float = 0.0
    """How long the look took."""

    @property
    def old(self) -> tuple[Generation, ...]:
        """The generations that a reload has replaced."""
        return tuple(g for g in self.generations if not g.current and g.number is not None)


class PlannedClose(Record, frozen=True):
    """One step of a schedule."""

    at_s: float
    pid: int
    session: SessionSeen


class ClosePlan(Record, frozen=True):
    """What `--close` would do."""

    sessions: int
    over_s: float
    interval_s: float
    order: str
    by_generation: tuple[tuple[int, int], ...] = ()
    """(pid, sessions)."""
    by_frontend: tuple[tuple[str, int], ...] = ()
    first: tuple[PlannedClose, ...] = ()
    """The first ones."""
    last_at_s: float = 0.0


class CloseResult(Record, frozen=True):
    """What closing sessions did."""

    sessions: int
    """There were at the start."""
    over_s: float
    order: str
    closed: int = 0
    gone: int = 0
    """Ended by themselves before it was their turn, or with their process."""
    appeared: int = 0
    """New ones that came while it went on: a next request on a connection that was kept."""
    failed: int = 0
    """HAProxy did not close them, or could not be asked."""
    left: int = 0
    """Not tried: interrupted, or their process does not answer."""
    duration_s: float = 0.0
    slice_s: float = 1.0
    per_slice: tuple[int, ...] = ()
    """How many were closed in each `slice_s` from the start."""
    late_median_s: float = 0.0
    """How much later than planned HAProxy had acknowledged a closing."""
    late_worst_s: float = 0.0
    ended: tuple[int, ...] = ()
    """Processes that have exited meanwhile."""
    interrupted: bool = False
    problems: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Everything that was asked is done."""
        return not (self.failed or self.left or self.interrupted)


class DrainReport(Record, frozen=True):
    """Everything that one call of `hitless drain` found and did."""

    tool_version: str
    view: DrainView
    """As it is at the end."""
    plan: ClosePlan | None = None
    result: CloseResult | None = None
    timed_out: bool = False
    """--wait: old generations were left when --timeout had passed."""
    schema: int = SCHEMA
