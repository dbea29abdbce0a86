"""The values that cross packages: frozen, typed, serialisable, with units in their names.

Every `t_ns` is CLOCK_MONOTONIC (see `hitless.clock`).
"""

from enum import StrEnum
from typing import Any

import msgspec

__all__ = [
    "ClientClass",
    "Event",
    "EventKind",
    "LoadPlan",
    "Outcome",
    "Request",
    "StandIn",
    "Stream",
    "Target",
    "Workload",
    "writable",
]


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A value that is written into a bundle and read back from it."""


def writable(value: Any) -> Any:
    r"""Return a tree of plain values that can be written as UTF-8: bytes that were no text are written out as \xNN."""
    if isinstance(value, str):
        try:
            raw = value.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:  # a surrogate that no byte stands behind
            raw = value.encode("utf-8", "backslashreplace")
        return raw.decode("utf-8", "backslashreplace")
    if isinstance(value, dict):
        return {writable(key): writable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [writable(item) for item in value]
    return value


class Outcome(StrEnum):
    """How one attempt of a client ended. Exactly one for each attempt; see docs/outcomes.md."""

    OK = "ok"
    REFUSED = "refused"
    CONNECT_RESET = "connect_reset"
    CONNECT_TIMEOUT = "connect_timeout"
    TLS_FAILED = "tls_failed"
    RESET_BEFORE_RESPONSE = "reset_before_response"
    EMPTY_REPLY = "empty_reply"
    STALE_REUSE = "stale_reuse"
    TRUNCATED = "truncated"
    HTTP_5XX = "http_5xx"
    STREAM_CUT = "stream_cut"
    GOAWAY_LOST = "goaway_lost"
    SLOW = "slow"
    HTTP_UNEXPECTED = "http_unexpected"
    """A status below 500 that the control run never showed (a spurious 408, a 404 from a changed rule)."""
    PROTOCOL_ERROR = "protocol_error"
    """Bytes that are no answer in the protocol spoken."""
    RESPONSE_TIMEOUT = "response_timeout"
    """Connected, sent, and nothing came within the deadline."""


class Workload(StrEnum):
    """What a stream of clients does; one module each in `hitless.load.workloads`."""

    CONNECT = "connect"
    KEEPALIVE = "keepalive"
    IDLE = "idle"
    INFLIGHT = "inflight"
    UPLOAD = "upload"
    STREAM = "stream"
    WEBSOCKET = "websocket"
    H2 = "h2"
    TCP = "tcp"


class ClientClass(StrEnum):
    """Three clients that see three different truths in the same run (docs/client-classes.md)."""

    NAIVE = "naive"
    POLITE = "polite"
    RETRYING = "retrying"


class Request(Record, frozen=True):
    """What an HTTP client asks for. Header names are sent as they are written here."""

    method: str = "GET"
    path: str = "/"
    headers: tuple[tuple[str, str], ...] = ()
    host: str = ""
    """The Host header (and the server name of TLS); empty: the target's address and port."""


class Target(Record, frozen=True):
    """One address of one frontend, and what a client must speak to it."""

    frontend: str
    where: str
    """File and line of the bind, e.g. "haproxy.cfg:14"."""
    address: str
    """An IP address to connect to, or an absolute path of a unix socket ("@name" is an abstract one)."""
    port: int = 0
    """0 for a unix socket."""
    mode: str = "http"
    """"http" or "tcp"."""
    tls: bool = False
    alpn: tuple[str, ...] = ()
    accept_proxy: bool = False
    source_address: str = ""
    """The address a client binds before it connects; empty: the kernel's choice. A network ("10.7.3.0/24", or /120 of
    IPv6) is for clients that come from many addresses, each connection from the next (`hitless.sources`)."""
    client_certificate: str = ""
    """Path of a PEM file with certificate and key, where the bind verifies its clients."""
    h2_prior_knowledge: bool = False
    """The bind speaks HTTP/2 without TLS (`proto h2`)."""

    @property
    def endpoint(self) -> str:
        """The address as people write it: "192.0.2.1:80", "[2001:db8::1]:80", "/run/x.sock"."""
        if not self.port:
            return self.address
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"


class Stream(Record, frozen=True):
    """One workload against one target: the unit of load, of control and of the verdict's table.

    Its `number` is what an attempt refers to. Units: rates per second, times in seconds.
    """

    number: int
    workload: Workload
    target: Target
    request: Request = Request()
    connections: int = 1
    rate_per_s: float = 0.0
    """Attempts started per second over all connections (open loop); 0 is a closed loop: as fast as answered."""
    idle_s: float = 0.0
    """`idle`: how long a pooled connection rests between two requests."""
    duration_s: float = 0.0
    """`inflight`, `upload`, `stream`: how long one exchange lasts."""
    streams_per_connection: int = 1
    """`h2`: requests open at once on one connection."""
    slow_s: float = 0.9
    """An attempt that took longer than this (beyond `duration_s`) and was otherwise ok is `slow`."""
    timeout_s: float = 10.0
    """An attempt without an answer for so long ends as connect_timeout or response_timeout."""
    tls_payload: bool = False
    """`tcp`/`connect` in mode tcp: speak TLS inside, because the frontend routes by server name."""


class LoadPlan(Record, frozen=True):
    """What the load engine is told: the same plan for every process, each taking its share of connections."""

    streams: tuple[Stream, ...]
    processes: int = 1
    capacity: int = 2_000_000
    """Attempts that the table of one process can hold."""


class EventKind(StrEnum):
    """What happened, for `Event.kind`. The prefix says who saw it."""

    LOAD_START = "load.start"
    CONTROL_START = "control.start"
    CONTROL_END = "control.end"
    LOAD_STOP = "load.stop"
    RELOAD_TRIGGER = "reload.trigger"
    RELOAD_REPLY = "reload.reply"
    RELOAD_FAILED = "reload.failed"
    RELOAD_DONE = "reload.done"
    PROCESS_START = "process.start"
    PROCESS_EXIT = "process.exit"
    LISTENERS_OWNED = "listeners.owned"
    LISTENERS_RELEASED = "listeners.released"
    FIRST_ACCEPT = "first.accept"
    KERNEL_LISTEN = "kernel.listen"
    KERNEL_UNLISTEN = "kernel.unlisten"
    KERNEL_RESET_SENT = "kernel.reset_sent"
    KERNEL_RESET_RECEIVED = "kernel.reset_received"
    LOG_LINE = "log.line"
    HAPROXY_MESSAGE = "haproxy.message"
    NOTE = "note"


class Event(Record, frozen=True):
    """Something that happened at a moment; fields that do not apply are left out.

    `local` and `remote` are endpoints as written by `Target.endpoint`, seen from the socket the event is about.
    """

    t_ns: int
    kind: EventKind
    reload: int = 0
    """Which reload it belongs to, from 1; 0: none."""
    pid: int = 0
    local: str = ""
    remote: str = ""
    state: str = ""
    """The TCP state of the socket (kernel events), the role of the process (process events)."""
    reason: str = ""
    socket: int = 0
    """Kernel: the socket's address, equal for events of one socket. Listeners: the inode."""
    text: str = ""
    number: int = 0
    """Exit code, count of listeners, …: what the kind says."""


class StandIn(Record, frozen=True):
    """Something that the configuration names and this machine lacks or must not give, and what took its place."""

    kind: str
    """E.g. "certificate", "user", "chroot", "socket-directory", "limit", "health-check", "log"."""
    name: str
    """The path, user, address or keyword."""
    where: str = ""
    """File and line that names it."""
    what: str = ""
    """What stands in, in a few words."""
