"""One connection of a client: connect, the PROXY header, bytes in and out. Non-blocking throughout.

`send` and `recv` may be called at once after `open`: over the loopback device the handshake is mostly over when
connect() returns, and where it is not, the kernel says EAGAIN (Linux v6.18 net/ipv4/tcp.c tcp_sendmsg_locked():
sk_stream_wait_connect() without patience). So a connection costs no event of its own in the usual case.
"""

import socket
from dataclasses import dataclass
from errno import EAGAIN, EINPROGRESS, EPIPE
from typing import TYPE_CHECKING

from hitless.clock import now_ns
from hitless.errors import LoadError
from hitless.load.classify import Phase
from hitless.load.proxy_protocol import proxy_header
from hitless.records import Stream
from hitless.sources import client_addresses

if TYPE_CHECKING:
    import ssl

__all__ = ["Connection", "Endpoint", "is_waiting_for_room", "resolve_endpoint", "server_name_of"]

RECEIVE_BYTES = 16 * 1024
MAX_UNREAD_BYTES = 64 * 1024
IP_BIND_ADDRESS_NO_PORT = 24
"""Source: Linux include/uapi/linux/in.h. Lets a bound source address reuse a port towards another destination."""


ABSTRACT_NAME_BYTES = 107
"""sun_path without its leading NUL (Linux include/uapi/linux/un.h)."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the connections of a stream go, resolved once."""

    family: int
    address: tuple[str, int] | tuple[str, int, int, int] | str
    sources: tuple[str, ...]
    """The addresses that connections come from in turn, by their number; none: the kernel's choice."""
    proxy: bool
    tls: "ssl.SSLContext | None"
    server_name: str | None


def resolve_endpoint(stream: Stream, tls: "ssl.SSLContext | None") -> Endpoint:
    """Return where a stream's connections go.

    Raises: LoadError if the address is neither an IP address nor a path. Names are never looked up.
    """
    target = stream.target
    server_name = server_name_of(stream.request.host)
    if not target.port:
        return Endpoint(socket.AF_UNIX, _unix_path(target.address), (), target.accept_proxy, tls, server_name)
    try:
        found = socket.getaddrinfo(
            target.address, target.port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST
        )
    except (OSError, UnicodeError) as error:
        raise LoadError(f"{target.where}: not an IP address: {target.address!r}") from error
    family, _, _, _, address = found[0]
    assert isinstance(address[0], str)  # bytes stand there only where Python was built without IPv6
    sources = client_addresses(target.source_address)
    return Endpoint(family, address, sources, target.accept_proxy, tls, server_name)


def _unix_path(address: str) -> str:
    """Return a path, or an abstract name filled with NULs as HAProxy binds it (`abns@`).

    Source: HAProxy doc/configuration.txt 4.2 "abns@"; what it binds as /proc/net/unix shows it (2.6.12).
    """
    if not address.startswith("@"):
        return address
    return "\0" + address[1:].ljust(ABSTRACT_NAME_BYTES, "\0")


def server_name_of(host: str) -> str | None:
    """Return the name that TLS asks for: the host without its port, None where it is empty or an IPv6 address."""
    if not host or host.startswith("[") or host.count(":") > 1:
        return None
    return host.partition(":")[0] or None


class Connection:
    """A connection in the clear, and what an attempt's row says about it.

    Units: times in nanoseconds. `requests` counts the requests sent on it.
    """

    __slots__ = (
        "connected_ns",
        "errno",
        "fd",
        "fin_seen",
        "interest",
        "local_port",
        "number",
        "opened_ns",
        "phase",
        "requests",
        "socket",
        "unread",
        "unsent",
    )

    def __init__(self, number: int, family: int) -> None:
        """Make the socket.

        Raises: OSError if this process or machine has no socket left.
        """
        self.number = number
        # The C type itself: the class around it costs a microsecond and adds nothing that is needed here.
        self.socket = socket.SocketType(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        self.fd = self.socket.fileno()
        self.interest = 0
        self.phase = Phase.CONNECTING
        self.opened_ns = 0
        self.connected_ns = 0
        self.local_port = 0
        self.requests = 0
        self.errno = 0
        """What the kernel said about the connection while it rested: it says so only once."""
        self.fin_seen = False
        """The server's FIN or RST, or an answer that nobody asked for, came while the connection rested."""
        self.unread = b""
        self.unsent = b""

    def open(self, endpoint: Endpoint, opened_ns: int) -> int:
        """Start to connect and return the errno, or 0 where nothing speaks against it so far.

        Raises: OSError if the source address cannot be used.
        """
        self.opened_ns = opened_ns
        if endpoint.family != socket.AF_UNIX:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if endpoint.sources:
                self.socket.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
                self.socket.bind((endpoint.sources[self.number % len(endpoint.sources)], 0))
        error = self.socket.connect_ex(endpoint.address)
        if error not in {0, EINPROGRESS}:
            return error
        if endpoint.family != socket.AF_UNIX:
            self.local_port = self.socket.getsockname()[1]
        if endpoint.proxy:
            self.unsent = proxy_header(self.socket, endpoint.address)
        return 0

    def established(self) -> None:
        """Note that the server's kernel has taken the connection."""
        if not self.connected_ns:
            self.connected_ns = now_ns()
            self.phase = Phase.WAITING

    def send(self, data: bytes) -> None:
        """Send; what the kernel has no room for waits in `unsent` for `flush`.

        Raises: BlockingIOError while the connection is not up (nothing was taken); OSError when it is lost.
        """
        if self.unsent:
            data = self.unsent + data
        try:
            sent = self.socket.send(data)
        except BlockingIOError:
            if self.phase is Phase.CONNECTING:
                raise
            sent = 0
        if self.phase is Phase.CONNECTING:
            self.established()
        self.unsent = data[sent:] if sent != len(data) else b""

    def flush(self) -> None:
        """Send what waits. Raises: OSError when the connection is lost."""
        self.send(b"")

    def recv(self) -> bytes:
        """Return what has come, b"" at the server's FIN.

        Raises: BlockingIOError when nothing has come; OSError when the connection is lost.
        """
        return self.socket.recv(RECEIVE_BYTES)

    def look(self) -> None:
        """Take in what came while the connection rested, as a polite client does before it sends."""
        while not self.fin_seen:
            try:
                data = self.recv()
            except BlockingIOError:
                return
            except OSError as error:
                self.errno = error.errno or EPIPE
                self.fin_seen = True
                return
            self.unread += data[: MAX_UNREAD_BYTES - len(self.unread)]
            self.fin_seen = True

    def close(self) -> None:
        """Let go of the socket."""
        self.socket.close()
        self.fd = -1


def is_waiting_for_room(error: int, endpoint: Endpoint) -> bool:
    """Return whether connect() failed for a unix socket whose backlog is full: a blocking client would wait."""
    return error == EAGAIN and endpoint.family == socket.AF_UNIX
