"""What a reload was: its checks, phases, processes, sockets, clients, and how it ended. `hitless.report` draws them.

Times of a record are CLOCK_MONOTONIC in `t_ns`, seconds in `_s`; wall time is RFC 3339 in UTC.
"""

from enum import StrEnum

import msgspec

from hitless.findings import Evidence
from hitless.records import Record

__all__ = [
    "RECEIPT_FORMAT",
    "CheckState",
    "ClientEffects",
    "ConfigurationChange",
    "ConfigurationDigest",
    "DrainForecast",
    "GuardResult",
    "ListenerChange",
    "ListenerFate",
    "Phase",
    "PreflightCheck",
    "Readiness",
    "Receipt",
    "ReloadOutcome",
    "ReloadPlan",
    "ReloadedProcess",
    "Requester",
    "ResetCount",
    "RollbackResult",
]

RECEIPT_FORMAT = 1


class CheckState(StrEnum):
    """How one check of the preflight came out."""

    PASSED = "passed"
    WARNED = "warned"
    """Something to know; it does not stop the reload."""
    FAILED = "failed"
    """It stops the reload, unless `--force NAME` overrides this very check."""
    FORCED = "forced"
    """It failed, and was overridden by its name."""
    UNKNOWN = "unknown"
    """It could not be looked at. Never counts as passed; stops the reload only where the check is `required`."""


class PreflightCheck(Record, frozen=True):
    """One question asked before the live worker is touched, and its answer."""

    name: str
    """What `--force NAME` says: "configuration", "binds", "generations", …"""
    state: CheckState
    message: str
    """One sentence: what was found. For a failure: what is wrong, with names and pids."""
    hint: str = ""
    """What to do about it."""
    evidence: tuple[Evidence, ...] = ()
    required: bool = False
    """UNKNOWN stops the reload as FAILED does: to go on without knowing could make an outage."""

    @property
    def stops(self) -> bool:
        """It keeps the reload from being triggered."""
        return self.state is CheckState.FAILED or (self.state is CheckState.UNKNOWN and self.required)


class ReloadOutcome(StrEnum):
    """How a reload ended."""

    TAKEN_OVER = "taken-over"
    """Proven: the new process is current, owns every listening socket, answers; nobody else holds one."""
    DEGRADED = "degraded"
    """Proven to serve, but not as it should: sockets were opened anew, or somebody stranded holds one."""
    REJECTED_BY_PREFLIGHT = "rejected-by-preflight"
    """Nothing was touched."""
    REJECTED_BY_HAPROXY = "rejected-by-haproxy"
    """HAProxy refused; the old process serves."""
    NOT_TAKEN_OVER = "not-taken-over"
    """Triggered, and not proven within the deadline."""
    ROLLED_BACK = "rolled-back"
    """It failed, or the guard tripped, and the last known good configuration is proven to serve again."""
    ROLLBACK_FAILED = "rollback-failed"
    INTERRUPTED = "interrupted"


class Requester(Record, frozen=True):
    """Who asked for it."""

    user: str
    uid: int
    pid: int
    command: tuple[str, ...]
    parent: str = ""
    """The command line of the process that called us, bounded."""
    login_user: str = ""
    """SUDO_USER, or the user of the login session (loginuid)."""


class ConfigurationDigest(Record, frozen=True):
    """A configuration file as it was."""

    path: str
    sha256: str
    size_bytes: int


class ConfigurationChange(Record, frozen=True):
    """What the reload changes in the configuration, against the one that is known to run; summaries only, no text."""

    before: tuple[ConfigurationDigest, ...] = ()
    """() where nobody knows what runs."""
    after: tuple[ConfigurationDigest, ...] = ()
    lines_added: int = 0
    lines_removed: int = 0
    sections: tuple[str, ...] = ()
    """Sections that differ: "frontend www (changed)", "backend old (removed)"."""


class Phase(Record, frozen=True):
    """One phase: "lock", "preflight", "config", "trigger", "start", "takeover", "guard", "rollback"."""

    name: str
    start_ns: int
    """Since the receipt's `started_ns`."""
    duration_ns: int
    detail: str = ""


class ReloadedProcess(Record, frozen=True):
    """A process of the instance. `role`: "master", "old", "new", "other"; `start_ticks` and pid name it for good."""

    pid: int
    role: str
    version: str = ""
    start_ticks: int = 0
    exited: bool = False


class ListenerFate(StrEnum):
    """What a reload does to one listening socket."""

    INHERITED = "inherited"
    """The very same socket (inode): nothing in its queue can be lost."""
    OPENED_ANEW = "opened-anew"
    """The same address on another socket: what waits in the old one's queue is lost without tcp_migrate_req."""
    NEW = "new"
    REMOVED = "removed"
    MISSING = "missing"
    """The configuration binds it, and nobody listens there."""


class ListenerChange(Record, frozen=True):
    """One listening address before and after. `endpoint` is as the kernel writes it: "0.0.0.0:80", "/run/x.sock"."""

    endpoint: str
    fate: ListenerFate
    inodes_before: tuple[int, ...] = ()
    inodes_after: tuple[int, ...] = ()
    where: str = ""
    """FILE:LINE of the bind."""
    why: str = ""
    """For OPENED_ANEW: why it was not handed over."""


class ResetCount(Record, frozen=True):
    """Resets of one kind that were sent to real clients. `reason` is the kernel's, `state` the socket's."""

    reason: str
    state: str
    meaning: str
    count: int
    attributable: bool
    """True where the reload can have done it; False for what happens all day (see `baseline_per_s`)."""
    examples: tuple[str, ...] = ()
    """"CLIENT -> LISTENER at +SECONDS", at most 5."""


class ClientEffects(Record, frozen=True):
    """What happened to real client connections while the reload went on. None: not measured, which is never "none"."""

    source: str
    """"tracefs", or "counters" where the kernel's trace cannot be read, or "none"."""
    why: str = ""
    """Why not the trace."""
    window_s: float = 0.0
    resets: tuple[ResetCount, ...] = ()
    resets_to_clients: int | None = None
    """Attributable ones."""
    baseline_resets_per_s: float | None = None
    """Resets to clients per second just before the trigger."""
    closed_with_unread_data: int | None = None
    """Those of the attributable resets that were closes with bytes of the client unread, or come too late."""
    queue_drops: int | None = None
    """ListenDrops of the namespace in the window; ListenOverflows are among them."""
    migrated: int | None = None
    """TCPMigrateReqSuccess: connections that the kernel moved to the new socket."""
    migration_failures: int | None = None
    listener_gap_s: float | None = None
    """The longest time in which nobody listened on an address that was to stay."""
    lost_events: int = 0
    cut_at_hard_stop: int | None = None
    """Sessions that the hard stop (or `hitless drain`) ended, where it was waited for."""
    haproxy: tuple[tuple[str, int], ...] = ()
    """HAProxy's own counters in the window, by what they count: ("requests", 4711), ("responses 5xx", 0), …"""
    notes: tuple[str, ...] = ()

    def as_measured(self) -> "ClientEffects":
        """Return it without figures that its source cannot give, whatever was filled in: they become None.

        Counters of a network namespace tell no reset to a client from any other.
        """
        if self.source == "tracefs":
            return self
        lacking = ["resets_to_clients", "baseline_resets_per_s"]
        if self.source != "counters":
            lacking += ["closed_with_unread_data", "queue_drops", "migrated", "migration_failures"]
        return msgspec.structs.replace(self, resets=(), **dict.fromkeys(lacking))

    @property
    def resets_known(self) -> bool:
        """Every reset to a client was seen. Otherwise `resets` are lower bounds, or sums of the whole namespace."""
        return self.source == "tracefs" and not self.lost_events


class GuardResult(Record, frozen=True):
    """What the traffic guard saw after the takeover, against before."""

    tripped: bool
    reason: str
    window_s: float
    requests: int
    errors: int
    error_ratio_before: float
    error_ratio_after: float
    resets: int = 0
    judged: bool = True
    """False: the figures could not be read, so the guard guarded nothing."""


class RollbackResult(Record, frozen=True):
    """How the way back went."""

    why: str
    outcome: ReloadOutcome
    configuration: tuple[ConfigurationDigest, ...] = ()
    new_pid: int = 0
    message: str = ""


class DrainForecast(Record, frozen=True):
    """What the reload left on old processes, and when the hard stop comes."""

    pid: int
    connections: int | None = None
    sessions: int | None = None
    hard_stop_after_s: float | None = None
    """None: nothing ends it."""
    longest_s: float | None = None
    """The age of the oldest session."""


class Readiness(Record, frozen=True):
    """What `hitless ready` found."""

    instance: str
    ready: bool
    pid: int = 0
    """The process that is proven to serve, or the one that was looked at last."""
    waited_s: float = 0.0
    how: tuple[str, ...] = ()
    """What was seen, for each question that is answered."""
    missing: tuple[str, ...] = ()
    """What is not so, or could not be asked."""
    unknown: bool = False
    """All that is missing is what could not be looked at."""
    stats_sockets: tuple[str, ...] = ()
    """Its stats sockets, as they are reached from here."""
    format: int = RECEIPT_FORMAT


class Receipt(Record, frozen=True):
    """One reload, whole: what was asked, planned, done, seen."""

    id: str
    instance: str
    outcome: ReloadOutcome
    reason: str
    """One sentence for people."""
    requester: Requester
    started_at: str
    started_ns: int
    duration_s: float
    tool_version: str
    mode: str
    """"classic" or "master-worker"."""
    mechanism: str
    """"master-cli", "usr2", "systemd", "sf-x", "sf-offered", "sf"."""
    mechanism_why: str = ""
    haproxy_version: str = ""
    new_pid: int = 0
    old_pids: tuple[int, ...] = ()
    configuration: ConfigurationChange = ConfigurationChange()
    checks: tuple[PreflightCheck, ...] = ()
    forced: tuple[str, ...] = ()
    plan: tuple[str, ...] = ()
    phases: tuple[Phase, ...] = ()
    processes: tuple[ReloadedProcess, ...] = ()
    listeners: tuple[ListenerChange, ...] = ()
    clients: ClientEffects | None = None
    guard: GuardResult | None = None
    rollback: RollbackResult | None = None
    drain: tuple[DrainForecast, ...] = ()
    messages: tuple[str, ...] = ()
    """HAProxy's own, of the reload."""
    coalesced_requests: int = 0
    """Other calls that this reload answered."""
    recovered: str = ""
    """What an earlier call that was killed had left, and what was done about it."""
    notes: tuple[str, ...] = ()
    format: int = RECEIPT_FORMAT

    @property
    def proven(self) -> bool:
        """The new process is proven to serve."""
        return self.outcome in {ReloadOutcome.TAKEN_OVER, ReloadOutcome.DEGRADED}


class ReloadPlan(Record, frozen=True):
    """What a reload would do (`--dry-run`): what was looked at, the steps, and who is at risk."""

    instance: str
    mode: str
    mechanism: str
    mechanism_why: str = ""
    tool_version: str = ""
    haproxy_version: str = ""
    configuration: ConfigurationChange = ConfigurationChange()
    checks: tuple[PreflightCheck, ...] = ()
    forced: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    listeners: tuple[ListenerChange, ...] = ()
    drain: tuple[DrainForecast, ...] = ()
    """What the processes carry that the reload would leave draining, as it is now."""
    notes: tuple[str, ...] = ()
    format: int = RECEIPT_FORMAT

    @property
    def stopped_by(self) -> tuple[PreflightCheck, ...]:
        """The checks that keep the reload from being triggered."""
        return tuple(check for check in self.checks if check.stops)
