"""One HAProxy service: its configuration, how it is started, its processes, what they say of themselves."""

from enum import StrEnum

from hitless.facts.unit import Unit
from hitless.records import Record

__all__ = [
    "NEWEST_PATCH",
    "Binary",
    "CheckOutcome",
    "ConfigurationFile",
    "Instance",
    "Launch",
    "MasterProcess",
    "MasterView",
    "Process",
    "Role",
    "RunMode",
    "ServerState",
    "WorkerView",
]

NEWEST_PATCH = 9999
"""Stands for the newest release of a branch, where only the branch is known: "2.8"."""


class RunMode(StrEnum):
    """How HAProxy runs: a master with workers (-W, -Ws), or one process that the next one replaces."""

    MASTER_WORKER = "master-worker"
    CLASSIC = "classic"
    UNKNOWN = "unknown"


class Role(StrEnum):
    """What a HAProxy process is."""

    MASTER = "master"
    WORKER = "worker"
    CLASSIC = "classic"
    OTHER = "other"
    """A short-lived one (`haproxy -c`), or one whose command line could not be read."""


class ConfigurationFile(Record, frozen=True):
    """A configuration file as text, secrets redacted.

    `encoding` is how its bytes became text: "utf-8", or "latin-1" (one character for each byte, which never fails)
    where they are no UTF-8. Lines and characters of a line count alike in both, and no text holds a surrogate, which
    JSON could not carry. Redaction replaces characters one for one, so that lines and columns stay true.
    """

    path: str
    text: str
    sha256: str
    """Of the file's bytes as they were, before redaction: whoever changes the file checks that it is still this."""
    problem: str = ""
    """Why it could not be read."""
    encoding: str = "utf-8"


class Binary(Record, frozen=True):
    """A HAProxy program."""

    path: str
    version: tuple[int, int, int]
    version_text: str
    features: tuple[str, ...] = ()
    keywords: tuple[str, ...] | None = None
    """What `-dKcfg` lists, as "SECTION KEYWORD" or "bind KEYWORD" …; None up to 2.5, which cannot say, and where
    files alone were looked at."""
    source: str = ""


class Launch(Record, frozen=True):
    """How HAProxy is started: its command line, and what this means (see `hitless.config.arguments`)."""

    arguments: tuple[str, ...]
    """With the program first."""
    source: str
    """"/proc/PID/cmdline", "ExecStart= of haproxy.service", …"""
    working_directory: str = ""
    environment: tuple[tuple[str, str], ...] = ()


class Process(Record, frozen=True):
    """One HAProxy process. None: could not be seen.

    `generation` counts back: 0 serves now, 1 is the one before, … `age_s` is since its start, at the snapshot's time.
    """

    pid: int
    parent_pid: int
    role: Role
    generation: int | None = None
    arguments: tuple[str, ...] = ()
    executable: str = ""
    executable_replaced: bool = False
    """The file on disk is another than the one that runs."""
    age_s: float = 0.0
    cpu_s: float = 0.0
    uid: int = 0
    state: str = ""
    threads: int = 0
    resident_bytes: int = 0
    descriptors: int | None = None
    descriptor_limit: int | None = None
    pending_signals: tuple[int, ...] = ()
    """ShdPnd of /proc/PID/status, numbers."""
    blocked_signals: tuple[int, ...] = ()
    listening_inodes: tuple[int, ...] | None = None
    """TCP and unix sockets in LISTEN that it holds."""
    connections: int | None = None
    """Established TCP connections that it holds."""
    unit: str = ""
    """The systemd unit by its control group."""
    root: str = "/"
    """/proc/PID/root: the chroot it lives in."""
    network_namespace: int = 0
    version: str = ""
    """As `show proc` or `show info` says."""


class MasterProcess(Record, frozen=True):
    """One row of `show proc`."""

    pid: int
    kind: str
    reloads: int
    age_s: float
    version: str
    old: bool
    """Listed under "# old workers"."""


class MasterView(Record, frozen=True):
    """What the master says of itself and its workers."""

    socket: str
    processes: tuple[MasterProcess, ...]
    failed_reloads: int | None
    """In a row; None where this version does not count them."""
    may_be_cut: bool = False
    startup_log: tuple[str, ...] = ()
    """Lines of `show startup-logs` with level ALERT or WARNING."""


class ServerState(Record, frozen=True):
    """A server whose state in the running process differs from what its configuration says, or is not up."""

    backend: str
    server: str
    difference: str
    """E.g. "weight 10, configured 100", "in maintenance by the CLI", "drained by the CLI"."""


class WorkerView(Record, frozen=True):
    """What one process says over its runtime API."""

    pid: int
    socket: str
    stopping: bool
    version: str = ""
    current_connections: int | None = None
    jobs: int | None = None
    unstoppable_jobs: int | None = None
    max_connections: int | None = None
    max_sockets: int | None = None
    descriptor_limit: int | None = None
    sessions: tuple[str, ...] = ()
    """The oldest sessions, at most 20, as "FRONTEND/BACKEND, age 3h2m"."""
    server_differences: tuple[ServerState, ...] | None = None
    peers_in_sync: bool | None = None


class CheckOutcome(Record, frozen=True):
    """What HAProxy itself says of the configuration (`-c`), in the mode and with the flags of the service."""

    accepted: bool
    messages: tuple[str, ...]
    command: str


class Instance(Record, frozen=True):
    """One HAProxy service, or the files of one. `name` is the unit, "pid N", or the configuration's path."""

    name: str
    configuration: tuple[ConfigurationFile, ...] = ()
    launch: Launch | None = None
    environment: tuple[tuple[str, str], ...] = ()
    """Variables that the configuration sees, besides those of `launch`: what the user said (--env)."""
    mode: RunMode = RunMode.UNKNOWN
    mode_source: str = ""
    binary: Binary | None = None
    assumed_version: tuple[int, int, int] | None = None
    """What the user said (--haproxy-version) where there is no binary; NEWEST_PATCH where only the branch was said."""
    unit: Unit | None = None
    processes: tuple[Process, ...] | None = None
    master: MasterView | None = None
    workers: tuple[WorkerView, ...] | None = None
    check: CheckOutcome | None = None
    elsewhere: bool = False
    """It lives in another root or network than the one that the snapshot's `host` describes (a container)."""
