"""What logs say, as values: lines about traffic, messages, and the reloads found in them.

Times are CLOCK_REALTIME, in nanoseconds since 1970 UTC; logs know no other clock. A stamp is cut, not rounded: what it
stamps happened at `t_ns` or up to `error_ns` later. Text of a log is hostile: `hitless.report.plain` makes it harmless.
"""

from collections.abc import Mapping
from enum import StrEnum

from hitless.evidence.haproxy_messages import MessageKind
from hitless.records import Record

__all__ = [
    "Blind",
    "Certainty",
    "Change",
    "ChangeKind",
    "Clock",
    "Detection",
    "Entry",
    "Generation",
    "LinePlace",
    "LogSource",
    "Moment",
    "OwnMessage",
    "ServiceKind",
    "ServiceMessage",
    "SkipReason",
    "Skipped",
    "Traffic",
    "UnknownText",
]


class Clock(StrEnum):
    """Whose clock made a stamp."""

    HAPROXY = "haproxy"
    """HAProxy's own accept or request date."""
    SYSLOG = "syslog"
    """The stamp before the message: HAProxy's or the syslog daemon's."""
    JOURNAL = "journal"
    """When journald received it."""
    CONTAINER = "container"
    """When the container's runtime read it."""
    PROOF = "proof"
    """The machine of a proof, read by hitless."""
    BETWEEN = "between"
    """No stamp: it stands between two lines that have one."""
    NONE = "none"
    """No stamp, and no neighbour that has one; `t_ns` is 0."""


class Moment(Record, frozen=True):
    """When: at `t_ns`, or up to `error_ns` later."""

    t_ns: int
    error_ns: int
    clock: Clock

    @property
    def latest_ns(self) -> int:
        """It happened no later than this."""
        return self.t_ns + self.error_ns


class LinePlace(Record, frozen=True):
    """Where a line is: `hitless.explain.sources.raw` reads it again. Units: bytes of the source, uncompressed."""

    source: int
    """Number of the `LogSource`."""
    offset: int
    size_bytes: int


class LogSource(Record, frozen=True):
    """One file or stream that was read."""

    number: int
    name: str
    """The path, or "stdin", or the command."""
    compression: str = ""
    """"gzip", "xz", "zstd", "bzip2", or ""."""
    size_bytes: int = 0
    """As stored."""
    zone: str = ""
    """The time zone that its stamps without one were read in."""
    zone_stated: bool = False
    """Every stamp states its zone."""
    notes: tuple[str, ...] = ()
    """What a reader has to know, e.g. how the year was found."""


class SkipReason(StrEnum):
    """Why bytes of a log were not turned into values."""

    TORN = "torn"
    """The last line has no end, or the first one no start."""
    TOO_LONG = "too_long"
    """A line above the bound; its start is used."""
    NUL_BYTES = "nul_bytes"
    """A run of NUL bytes: the hole of a file that was truncated while it was written."""
    BROKEN_COMPRESSION = "broken_compression"
    """The compressed data ends early or is damaged; what came before it is used."""
    NOT_UNDERSTOOD = "not_understood"
    """A line of HAProxy in none of the formats that are known here."""
    OTHER_PROGRAM = "other_program"
    """A line of another program."""
    NO_TIME = "no_time"
    """A line that has no time, nor a neighbour that has one."""
    LIMIT = "limit"
    """Above a bound of ours; counted, not kept."""


class Skipped(Record, frozen=True):
    """How much of a source was left out, and the first place of it."""

    source: int
    reason: SkipReason
    lines: int
    size_bytes: int
    first_offset: int = 0
    detail: str = ""


class Traffic(Record, frozen=True):
    """A line about one connection or request. What its format does not have is empty, -1 or None.

    Units: `timers_ms` are milliseconds by HAProxy's own names ("TR", "Tw", "Tc", "Tr", "Ta", "Tt", "Tq", …), -1 for a
    phase that was not reached. `counters` are by HAProxy's names too: "ac", "fc", "bc", "sc" (connections at that time
    of process, frontend, backend, server), "sq", "bq" (places in queues), "rt", "lc".
    """

    at: Moment
    """When the line was written: the end of the connection or request."""
    place: LinePlace
    accepted: Moment | None = None
    """When it began: of HTTP formats the request (%tr), of others the connection (%t)."""
    host: str = ""
    program: str = ""
    """The syslog tag without the pid."""
    pid: int = 0
    format_name: str = ""
    """Which format the line has: "http", "tcp", "https", "error", …, or "FILE:LINE" of the configuration."""
    client: str = ""
    """The client's endpoint: "192.0.2.1:51544", "[2001:db8::1]:80", or an address alone."""
    frontend: str = ""
    tls: bool = False
    backend: str = ""
    server: str = ""
    """"<NOSRV>" where there was none."""
    timers_ms: Mapping[str, int] = {}
    status: int = -1
    sent_bytes: int = -1
    """From the server to the client (%B)."""
    received_bytes: int = -1
    """From the client to the server (%U)."""
    early: bool = False
    """Logged before its end (`option logasap`): bytes and times are at least these."""
    termination: str = ""
    """Who ended it and in which phase: "SC--", "KH--", "--"."""
    counters: Mapping[str, int] = {}
    retries: int = -1
    redispatched: bool = False
    request: str = ""
    """The request line, or what there is of it: method, URI, version."""
    request_captures: tuple[str, ...] = ()
    response_captures: tuple[str, ...] = ()
    request_id: str = ""
    error: str = ""
    """What went wrong before there was a session, e.g. "SSL handshake failure"."""
    other: Mapping[str, str] = {}
    """What else its format has, by name, alias or sample expression."""
    cut: bool = False
    """The line ends before its format does."""


class OwnMessage(Record, frozen=True):
    """A line in which a HAProxy process speaks of itself. See `hitless.evidence.haproxy_messages`."""

    at: Moment
    place: LinePlace
    kind: MessageKind
    text: str
    host: str = ""
    program: str = ""
    pid: int = 0
    """Who speaks; in a journal the pid in the message counts, not that of the tag, which is the master's."""
    level: str = ""
    """"alert", "warning", "notice", …; "" where the line does not say."""
    subject: str = ""
    """The proxy, server or pid it is about."""
    number: int = 0
    """A count of connections, an exit code, a delay in ms: what the kind has."""


class ServiceKind(StrEnum):
    """What a service manager, or Keepalived, says about HAProxy's service or its addresses."""

    STARTING = "starting"
    STARTED = "started"
    START_FAILED = "start_failed"
    RELOADING = "reloading"
    RELOADED = "reloaded"
    RELOAD_FAILED = "reload_failed"
    STOPPING = "stopping"
    STOPPED = "stopped"
    MAIN_EXITED = "main_exited"
    CONTROL_EXITED = "control_exited"
    """A process of ExecStartPre=, ExecReload=, … failed."""
    FAILED = "failed"
    RESTART_SCHEDULED = "restart_scheduled"
    KILLED = "killed"
    """systemd killed processes of the unit; `number` is the pid where it says so."""
    SIGNALLED = "signalled"
    """Somebody had systemd send a signal (`systemctl kill`); `state` is its name, `number` the pid."""
    OUT_OF_MEMORY = "out_of_memory"
    VRRP_MASTER = "vrrp_master"
    VRRP_BACKUP = "vrrp_backup"
    VRRP_FAULT = "vrrp_fault"
    TRACK_SCRIPT = "track_script"
    """The result of a script that Keepalived runs changed; `state` is its new one."""


class ServiceMessage(Record, frozen=True):
    """A line of systemd about a unit, or of Keepalived about an instance."""

    at: Moment
    place: LinePlace
    kind: ServiceKind
    text: str
    host: str = ""
    program: str = ""
    unit: str = ""
    """The unit ("haproxy.service"), the VRRP instance, or the script."""
    number: int = 0
    """The exit status or signal of MAIN_EXITED and CONTROL_EXITED, the counter of RESTART_SCHEDULED."""
    state: str = ""
    """"exited", "killed", "dumped" of MAIN_EXITED; what TRACK_SCRIPT says."""


class UnknownText(Record, frozen=True):
    """A line of HAProxy's that is neither in a format that is known nor a message that is known."""

    at: Moment
    place: LinePlace
    text: str
    host: str = ""
    program: str = ""
    pid: int = 0


Entry = Traffic | OwnMessage | ServiceMessage | UnknownText


class Certainty(StrEnum):
    """How a change is known."""

    STATED = "stated"
    """A message says so."""
    SHOWN = "shown"
    """No message names it, but what processes logged leaves no other reading."""
    LIKELY = "likely"
    """The likelier of two readings; `Change.notes` has the other."""


class ChangeKind(StrEnum):
    """What happened to the service."""

    START = "start"
    RELOAD = "reload"
    FAILED_RELOAD = "failed_reload"
    RESTART = "restart"
    STOP = "stop"
    CRASH = "crash"
    HARD_STOP = "hard_stop"
    """An old process cut the connections it still had."""
    REPLACED = "replaced"
    """Other processes serve now; whether by reload or restart these logs cannot tell."""


class Change(Record, frozen=True):
    """One change of the service, with the lines that show it."""

    kind: ChangeKind
    at: Moment
    """When it began: was asked for, where a message says so."""
    certainty: Certainty
    host: str = ""
    program: str = ""
    master: int = 0
    old_pids: tuple[int, ...] = ()
    new_pids: tuple[int, ...] = ()
    until: Moment | None = None
    """When it was over: the new process serves, the failed reload was given up, the hard stop was done."""
    refused_ns: int = 0
    """For so long the listening sockets were paused: every client was refused (a failed bind does this)."""
    unserved_ns: int = 0
    """Between the last request before and the first after it; only where no process served in between."""
    cut_connections: int = 0
    """HARD_STOP: connections that were still open."""
    exit_code: int = 0
    """CRASH: 128 + signal, or the exit code."""
    reason: str = ""
    """Why it failed, in HAProxy's or systemd's words."""
    notes: tuple[str, ...] = ()
    shown_by: tuple[LinePlace, ...] = ()
    """The lines it is concluded from, a few of each sort."""


class Generation(Record, frozen=True):
    """One process that served, from its first sign to its last.

    What the logs do not show is None or 0. A process that ended without a word has no `exited`.
    """

    pid: int
    host: str = ""
    program: str = ""
    master: int = 0
    started: Moment | None = None
    first_accept: Moment | None = None
    last_accept: Moment | None = None
    stop_asked: Moment | None = None
    """It was told to stop: it no longer listens, and serves what it has."""
    hard_stopped: Moment | None = None
    last_line: Moment | None = None
    exited: Moment | None = None
    exit_code: int = 0
    lines: int = 0
    cut_connections: int = 0
    frontends: tuple[str, ...] = ()

    @property
    def drained_ns(self) -> int | None:
        """How long it went on after it was told to stop, at least; None where that is not known."""
        ends = [end.t_ns for end in (self.exited, self.last_line) if end is not None]
        if self.stop_asked is None or not ends:
            return None
        return max(0, *(end - self.stop_asked.t_ns for end in ends))


class Blind(StrEnum):
    """What these logs cannot show, whatever happened."""

    NO_PID = "no_pid"
    """No line names its process: generations cannot be told apart."""
    NO_ACCEPT_DATE = "no_accept_date"
    """Only the end of connections is known."""
    NO_TERMINATION = "no_termination"
    NO_OWN_MESSAGES = "no_own_messages"
    """HAProxy's own messages are missing: `Proxy … stopped` and the like."""
    NO_MASTER_MESSAGES = "no_master_messages"
    """What the master and systemd print is missing: a reload that was refused leaves no trace."""
    NO_TRAFFIC = "no_traffic"
    COARSE_TIME = "coarse_time"
    """Stamps are whole seconds."""


class Detection(Record, frozen=True):
    """What was found about a service's processes, in order of time."""

    changes: tuple[Change, ...] = ()
    generations: tuple[Generation, ...] = ()
    blind: tuple[Blind, ...] = ()
