"""What the world around HAProxy consists of, as values that cross to the process that serves it."""

from typing import Literal

from hitless.records import Record

__all__ = [
    "CannotImitate",
    "DnsName",
    "Endpoint",
    "Failure",
    "HttpAnswer",
    "Ready",
    "Step",
    "Transport",
    "WorldPlan",
]

Transport = Literal["tcp", "udp", "unix", "unix-datagram", "abstract"]


class Step(Record, frozen=True):
    """One turn of a health check's conversation: what the server hears, and what it says to that."""

    hear: bytes = b""
    """The exact bytes HAProxy sends; empty: the server speaks unasked."""
    say: bytes = b""
    hear_anything: bool = False
    """Whatever comes is the cue (a packet whose bytes depend on HAProxy's version)."""
    hang_up: bool = False
    """The server closes after it has spoken."""


class HttpAnswer(Record, frozen=True):
    """What a health check over HTTP wants to be answered."""

    method: str
    path: str
    """As it stands in the request line, query included."""
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


class Endpoint(Record, frozen=True):
    """One listening socket of the world."""

    role: Literal["server", "dns", "syslog"]
    transport: Transport
    address: str
    """An IP address, the path of a unix socket, or an abstract name without its leading NUL."""
    port: int = 0
    label: str = ""
    """Who is expected here, e.g. "api/s1"; the default answer says it."""
    scripts: tuple[tuple[Step, ...], ...] = ()
    answers: tuple[HttpAnswer, ...] = ()
    padded: bool = False
    """`abstract`: the name is filled with NULs to the length of sun_path (HAProxy's `abns`, not `abnsz`)."""

    @property
    def where(self) -> str:
        """The address as people write it: "10.0.0.1:80", "[2001:db8::1]:80", "/run/x.sock", "@name"."""
        if self.transport == "abstract":
            return f"@{self.address}"
        if not self.port:
            return self.address
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"


class DnsName(Record, frozen=True):
    """A name whose answer is more than its one address."""

    name: str
    count: int = 1
    """How many addresses (or SRV records) it has: as many as a server-template has servers."""
    srv_port: int = 0
    """Not 0: it is asked for by SRV, and this is the port of each target."""
    addresses: tuple[str, ...] = ()
    """Not empty: it has these alone (a name of this machine)."""


class CannotImitate(Record, frozen=True):
    """A server whose health or protocol the world cannot play: to be set up through the runtime API."""

    backend: str
    server: str
    where: str
    why: str


class WorldPlan(Record, frozen=True):
    """Everything the world process needs to know."""

    endpoints: tuple[Endpoint, ...] = ()
    names: tuple[DnsName, ...] = ()
    cannot_imitate: tuple[CannotImitate, ...] = ()
    resolv_conf: str = ""
    """The /etc/resolv.conf that leads libc to the world's DNS."""
    certificate: str = ""
    """Path of a PEM file with certificate chain and key; empty: TLS cannot be answered."""
    ipv6: bool = True
    """Names have IPv6 addresses too."""
    private: bool = True
    """The network and the files belong to the sandbox alone: ports are shared with HAProxy's wildcard binds
    (SO_REUSEPORT), directories for unix sockets are made, stale sockets replaced."""


class Failure(Record, frozen=True):
    """An endpoint that could not be opened."""

    endpoint: str
    error: str


class Ready(Record, frozen=True):
    """The one line the world process prints when it serves."""

    ready: bool
    failed: tuple[Failure, ...] = ()
