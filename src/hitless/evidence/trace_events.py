"""Records of the trace become events: whose they are, which direction, what state and reason.

The trace sees every network namespace of the machine, and its records do not say which one they are from. So
what is kept is chosen by address, before a record costs more than a look at its bytes.
"""

import hashlib
import secrets
import socket
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from hitless.evidence.kin import Kin
from hitless.evidence.listener_changes import ListenerChanges
from hitless.evidence.trace_format import TCP_STATES, EventFormat
from hitless.evidence.trace_pages import RecordHandler
from hitless.records import Event, EventKind

__all__ = ["TraceDecoder", "TraceFilter", "pack_endpoint"]

AF_INET, AF_INET6 = int(socket.AF_INET), int(socket.AF_INET6)
TCP_CLOSE, TCP_LISTEN = 7, 10
_LISTENER_CHANGES = {
    (TCP_CLOSE, TCP_LISTEN): EventKind.KERNEL_LISTEN,
    (TCP_LISTEN, TCP_CLOSE): EventKind.KERNEL_UNLISTEN,
}
"""LISTEN to SYN_RECV, which the kernel traces too, is a new connection."""
_MAPPED = b"\0" * 10 + b"\xff\xff"
_WILDCARDS = (b"\0" * 4, b"\0" * 16)
_U16 = struct.Struct("=H")
_S32 = struct.Struct("=i")
_U64 = struct.Struct("=Q")


@dataclass(frozen=True, slots=True)
class TraceFilter:
    """Whose events to keep.

    `endpoints` are those that clients connect to; none: every endpoint of the machine. One with a wildcard's address
    ("0.0.0.0:80", "[::]:80") stands for its port at every address, of whichever family and namespace: the caller
    knows which are its own. `client_addresses` are the clients' source addresses, or networks of them that share all
    but the last byte; none: any.
    `listens_here` is asked for the pid that opened or closed a listening socket and says whether it belongs to
    the watched network namespace (None: cannot say); without it, all namespaces are watched.
    """

    endpoints: frozenset[str] = frozenset()
    client_addresses: frozenset[str] = frozenset()
    listens_here: Callable[[int], bool | None] = lambda _pid: True
    living: Mapping[int, bool] = field(default_factory=dict)
    """Threads there are already, and what `listens_here` says of them: they may have ended when it is asked again."""
    from_the_start: bool = False
    """The trace begins before any watched socket is opened: one that was not seen opening here is another's."""

    def ports(self) -> frozenset[int]:
        """The ports of the endpoints."""
        return frozenset(int(endpoint.rpartition(":")[2]) for endpoint in self.endpoints)


def pack_endpoint(endpoint: str) -> bytes:
    """Return port and address of "192.0.2.1:80" or "[2001:db8::1]:80" as they stand in a packet.

    Raises: ValueError if it is no endpoint of TCP.
    """
    address, _, port = endpoint.rpartition(":")
    return int(port).to_bytes(2, "big") + _pack_address(address.removeprefix("[").removesuffix("]"))


class TraceDecoder:
    """Turns records into `Event`s. Give `handlers()` to `decode_page`; read `events` and the counts."""

    def __init__(self, formats: Mapping[str, EventFormat], wanted: TraceFilter, capacity: int) -> None:
        self.events: list[Event] = []
        self.resets_by_clients = 0
        self.no_room = 0
        self._formats = formats
        self._endpoints = frozenset(pack_endpoint(endpoint) for endpoint in wanted.endpoints)
        self._ports = frozenset(packed[:2] for packed in self._endpoints)
        self._wildcard_ports = frozenset(packed[:2] for packed in self._endpoints if packed[2:] in _WILDCARDS)
        self._clients = frozenset(_pack_clients(clients) for clients in wanted.client_addresses)
        self._kin = Kin(wanted.listens_here, wanted.living)
        self._changes = ListenerChanges(self._kin, from_the_start=wanted.from_the_start)
        self._capacity = self._room = capacity
        self._secret = secrets.token_bytes(16)

    def handlers(self) -> dict[int, tuple[int, RecordHandler]]:
        """Return, by event number, the least record size and the function that decodes it.

        Raises: EvidenceError if an event lacks a field that it must have.
        """
        makers = {
            "tcp_send_reset": self._reset_handler,
            "tcp_receive_reset": self._reset_handler,
            "inet_sock_set_state": self._listener_handler,
            "sched_process_fork": self._fork_handler,
        }
        return {
            form.number: (
                max(field.offset + field.size for field in form.fields.values()),
                makers[name](form),
            )
            for name, form in self._formats.items()
        }

    def settle(self, read_until_ns: int | None) -> None:
        """Say that every record of before this time has been decoded; None: that there are no more."""
        self.events += self._changes.settle(read_until_ns)

    def take(self) -> list[Event]:
        """Return the events so far and make room for more."""
        events, self.events = self.events, []
        self._room = self._capacity
        return events

    def _reset_handler(self, form: EventFormat) -> RecordHandler:
        read_ends = _ends_reader(form)
        sent = form.name == "tcp_send_reset"
        kind = EventKind.KERNEL_RESET_SENT if sent else EventKind.KERNEL_RESET_RECEIVED
        read_state, read_reason = (
            _symbol_reader(form, "state", TCP_STATES),
            _symbol_reader(form, "reason", {}),
        )
        socket_at = form.require("skaddr", 8).offset
        pid_at = form.require("common_pid", 4).offset

        def handle(t_ns: int, page: bytes, start: int) -> None:
            local, remote = read_ends(page, start)
            server, client = (local, remote) if sent else (remote, local)
            if self._endpoints and not self._is_ours(server, client):
                return
            if self._room <= 0:
                self.no_room += 1
                return
            self._room -= 1
            event = Event(
                t_ns=t_ns,
                kind=kind,
                pid=_S32.unpack_from(page, start + pid_at)[0],
                local=_format(local),
                remote=_format(remote),
                state=read_state(page, start),
                reason=read_reason(page, start),
                socket=self._pseudonym(_U64.unpack_from(page, start + socket_at)[0]),
            )
            self.events.append(event)

        return handle

    def _is_ours(self, server: bytes, client: bytes) -> bool:
        """Return whether a reset goes from a watched endpoint to a watched client; count those of clients to one.

        Whose a reset to a port of a wildcard is cannot be said here: it may go to a server of the same port.
        """
        if server in self._endpoints or server[:2] in self._wildcard_ports:
            return self._is_client(client[2:])
        if client in self._endpoints and self._is_client(server[2:]):
            self.resets_by_clients += 1
        return False

    def _is_client(self, address: bytes) -> bool:
        return not self._clients or address in self._clients or address[:-1] in self._clients

    def _listener_handler(self, form: EventFormat) -> RecordHandler:
        read_ends = _ends_reader(form)
        newstate_at = form.require("newstate", 4).offset
        oldstate_at = form.require("oldstate", 4).offset
        socket_at = form.require("skaddr", 8).offset
        pid_at = form.require("common_pid", 4).offset

        def handle(t_ns: int, page: bytes, start: int) -> None:
            local, _ = read_ends(page, start)
            change = (
                _S32.unpack_from(page, start + oldstate_at)[0],
                _S32.unpack_from(page, start + newstate_at)[0],
            )
            kind = _LISTENER_CHANGES.get(change)
            if kind is None or not self._serves_ours(local):
                return
            address = _U64.unpack_from(page, start + socket_at)[0]
            pid = _S32.unpack_from(page, start + pid_at)[0]
            event = Event(
                t_ns=t_ns, kind=kind, pid=pid, local=_format(local), socket=self._pseudonym(address)
            )
            self._changes.add(event, address)

        return handle

    def _serves_ours(self, local: bytes) -> bool:
        if not self._endpoints or local in self._endpoints:
            return True
        return local[:2] in self._ports and local[2:] in _WILDCARDS

    def _fork_handler(self, form: EventFormat) -> RecordHandler:
        parent_at, child_at = form.require("parent_pid", 4).offset, form.require("child_pid", 4).offset

        def handle(t_ns: int, page: bytes, start: int) -> None:
            (parent,) = _S32.unpack_from(page, start + parent_at)
            (child,) = _S32.unpack_from(page, start + child_at)
            self._kin.forked(t_ns, parent, child)

        return handle

    def _pseudonym(self, address: int) -> int:
        """Return a number in place of a kernel address: a bundle must not give the kernel's layout away."""
        if address == 0:
            return 0
        digest = hashlib.blake2b(address.to_bytes(8, "little"), digest_size=6, key=self._secret).digest()
        return int.from_bytes(digest, "little")


def _ends_reader(form: EventFormat) -> Callable[[bytes, int], tuple[bytes, bytes]]:
    """Return a function that reads both ends of a record as packed endpoints.

    Since Linux 6.10 tcp_send_reset has two sockaddrs; older kernels and other events have ports, addresses and
    a family.
    """
    if "sport" not in form.fields:
        names = ("saddr", "daddr") if "saddr" in form.fields else ("src", "dest")
        local_at, remote_at = (form.require(name, 28).offset for name in names)
        return lambda page, start: (_sockaddr(page, start + local_at), _sockaddr(page, start + remote_at))

    family = form.require("family", 2).offset
    sport, dport = form.require("sport", 2).offset, form.require("dport", 2).offset
    saddr, daddr = form.require("saddr", 4).offset, form.require("daddr", 4).offset
    saddr_v6, daddr_v6 = form.require("saddr_v6", 16).offset, form.require("daddr_v6", 16).offset

    def read(page: bytes, start: int) -> tuple[bytes, bytes]:
        if _U16.unpack_from(page, start + family)[0] == AF_INET6:
            local = _unmapped(page[start + saddr_v6 : start + saddr_v6 + 16])
            remote = _unmapped(page[start + daddr_v6 : start + daddr_v6 + 16])
        else:
            local = page[start + saddr : start + saddr + 4]
            remote = page[start + daddr : start + daddr + 4]
        local_port: int = _U16.unpack_from(page, start + sport)[0]
        remote_port: int = _U16.unpack_from(page, start + dport)[0]
        return local_port.to_bytes(2, "big") + local, remote_port.to_bytes(2, "big") + remote

    return read


def _sockaddr(page: bytes, start: int) -> bytes:
    """Return the packed endpoint in a struct sockaddr_in or sockaddr_in6."""
    if _U16.unpack_from(page, start)[0] == AF_INET6:
        return page[start + 2 : start + 4] + _unmapped(page[start + 8 : start + 24])
    return page[start + 2 : start + 8]


def _unmapped(address: bytes) -> bytes:
    """Return the IPv4 address that a dual-stack socket shows as ::ffff:a.b.c.d."""
    return address[12:] if address.startswith(_MAPPED) else address


def _symbol_reader(form: EventFormat, name: str, otherwise: Mapping[int, str]) -> Callable[[bytes, int], str]:
    field = form.fields.get(name)
    if field is None:
        return lambda _page, _start: ""
    offset = form.require(name, 4).offset
    symbols = {**otherwise, **form.symbols.get(name, {})}
    nothing = "" if name == "state" else "0"  # 0 is no TCP state: there was no socket

    def read(page: bytes, start: int) -> str:
        value = _S32.unpack_from(page, start + offset)[0]
        return symbols.get(value, str(value) if value else nothing)

    return read


def _format(packed: bytes) -> str:
    port = packed[0] << 8 | packed[1]
    if len(packed) == 6:
        return f"{packed[2]}.{packed[3]}.{packed[4]}.{packed[5]}:{port}"
    return f"[{socket.inet_ntop(socket.AF_INET6, packed[2:])}]:{port}"


def _pack_clients(clients: str) -> bytes:
    """Return an address, or of a network the bytes that its addresses share."""
    address, separator, _ = clients.partition("/")
    packed = _pack_address(address)
    return packed[:-1] if separator else packed


def _pack_address(address: str) -> bytes:
    try:
        if ":" in address:
            return _unmapped(socket.inet_pton(socket.AF_INET6, address.partition("%")[0]))
        return socket.inet_pton(socket.AF_INET, address)
    except OSError as error:
        raise ValueError(f"no address: {address!r}") from error
