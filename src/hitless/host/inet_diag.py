"""Sockets as the kernel lists them (what `ss` asks), in the caller's network namespace or a given socket's.

struct inet_diag_sockid { __be16 sport, dport; __be32 src[4], dst[4]; __u32 if, cookie[2]; };
struct inet_diag_req_v2 { __u8 family, protocol, ext, pad; __u32 states; struct inet_diag_sockid id; };
struct inet_diag_msg    { __u8 family, state, timer, retrans; struct inet_diag_sockid id;
                          __u32 expires, rqueue, wqueue, uid, inode; };
struct unix_diag_req    { __u8 family, protocol; __u16 pad; __u32 states, ino, show, cookie[2]; };
struct unix_diag_msg    { __u8 family, type, state, pad; __u32 ino, cookie[2]; };
struct unix_diag_vfs    { __u32 udiag_vfs_ino, udiag_vfs_dev; };
struct inet_diag_sockopt { __u8 recverr:1, is_icsk:1, freebind:1, hdrincl:1, mc_loop:1, transparent:1, … };

Source: Linux v6.18 include/uapi/linux/{sock_diag,inet_diag,unix_diag}.h.
"""

import os
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from hitless.errors import EvidenceError
from hitless.host import netlink

__all__ = [
    "TCP_CLOSE",
    "TCP_LISTEN",
    "Connection",
    "Listener",
    "UnixSocket",
    "dump_tcp",
    "open_sock_diag",
    "parse_connection",
    "read_connection_inodes",
    "read_connections",
    "read_listeners",
    "read_udp_sockets",
    "read_unix_sockets",
]

_SOCKET_ID = "2s2s16s16sIII"
_REQUEST_FIELDS = struct.Struct("=BBBBI")
_MESSAGE = struct.Struct("=BBBB" + _SOCKET_ID + "IIIII")
_UNIX_REQUEST = struct.Struct("=BBHIIIII")
_UNIX_MESSAGE = struct.Struct("=BBBBIII")
_UNIX_VFS = struct.Struct("=II")
_U32 = struct.Struct("=I")
_SOCKET_ID_SIZE = 48

NETLINK_SOCK_DIAG = 4
SOCK_DIAG_BY_FAMILY = 20
TCP_ESTABLISHED = 1
TCP_CLOSE = 7
"""Of a UDP socket: it receives from anybody; with TCP_ESTABLISHED, from its one peer."""
TCP_LISTEN = 10
INET_DIAG_SKV6ONLY = 11
INET_DIAG_SOCKOPT = 22
_FREEBIND_OR_TRANSPARENT = 0x24
"""Bits 2 and 5: the same number whichever end of a byte the compiler begins at."""
UNIX_DIAG_NAME = 0
UNIX_DIAG_VFS = 1
UNIX_DIAG_PEER = 2
_UDIAG_SHOW_NAME = 0x01
_UDIAG_SHOW_VFS = 0x02
_UDIAG_SHOW_PEER = 0x04

DEFAULT_TIMEOUT_S = 5.0


class _Message(NamedTuple):
    """struct inet_diag_msg, in the order of `_MESSAGE`."""

    family: int
    state: int
    timer: int
    retrans: int
    sport: bytes
    dport: bytes
    src: bytes
    dst: bytes
    interface: int
    cookie_low: int
    cookie_high: int
    expires: int
    rqueue: int
    wqueue: int
    uid: int
    inode: int


@dataclass(frozen=True, slots=True)
class Listener:
    """A TCP socket in LISTEN, or a bound UDP socket.

    `interface` is the index of the device that it is bound to, 0 for none; `foreign` says that it may be bound to an
    address that the host does not have (IP_TRANSPARENT, IP_FREEBIND), None up to Linux 5.9, which does not tell.
    Units: `queue_length` and `queue_limit` are connections that wait to be accepted (UDP: bytes).
    Source: Linux v6.18 net/ipv4/tcp_diag.c tcp_diag_get_info(): sk_ack_backlog, sk_max_ack_backlog.
    """

    family: socket.AddressFamily
    address: str
    port: int
    inode: int
    uid: int
    queue_length: int
    queue_limit: int
    cookie: int
    v6_only: bool = False
    interface: int = 0
    foreign: bool | None = None

    @property
    def endpoint(self) -> str:
        """The address as events write it: "0.0.0.0:80", "[::]:80"."""
        return _endpoint(self.address, self.port)


@dataclass(frozen=True, slots=True)
class Connection:
    """An established TCP socket; endpoints as events write them."""

    local: str
    remote: str
    inode: int
    uid: int
    unread_bytes: int
    unacknowledged_bytes: int
    cookie: int


@dataclass(frozen=True, slots=True)
class UnixSocket:
    """A unix socket. `name` starts with "@" if it is abstract; `peer_inode` is 0 where there is no peer.

    `file` is device and inode (its low 32 bits) of the file that it was bound to: also when that was renamed since.
    """

    name: str
    inode: int
    peer_inode: int
    state: int
    file: tuple[int, int] | None = None


def open_sock_diag() -> socket.socket:
    """Return a netlink socket that asks, wherever it is used, about the network namespace it was made in."""
    return socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, NETLINK_SOCK_DIAG)


def read_listeners(
    diag: socket.socket | None = None, *, timeout_s: float = DEFAULT_TIMEOUT_S
) -> list[Listener]:
    """Return every TCP socket in LISTEN, IPv4 and IPv6.

    Raises: EvidenceError if the kernel cannot be asked or its answer cannot be read.
    """
    return [
        _parse_listener(payload)
        for family in (socket.AF_INET, socket.AF_INET6)
        for payload in _dump(diag, _inet_request(family, 1 << TCP_LISTEN), timeout_s)
    ]


def read_udp_sockets(
    diag: socket.socket | None = None, *, timeout_s: float = DEFAULT_TIMEOUT_S
) -> list[Listener]:
    """Return every bound UDP socket, connected ones too, IPv4 and IPv6.

    Raises: EvidenceError if the kernel cannot be asked (it may lack udp_diag) or its answer cannot be read.
    """
    states = 1 << TCP_CLOSE | 1 << TCP_ESTABLISHED
    return [
        _parse_listener(payload)
        for family in (socket.AF_INET, socket.AF_INET6)
        for payload in _dump(diag, _inet_request(family, states, protocol=socket.IPPROTO_UDP), timeout_s)
    ]


def read_connections(
    local_port: int, diag: socket.socket | None = None, *, timeout_s: float = DEFAULT_TIMEOUT_S
) -> list[Connection]:
    """Return the established TCP sockets whose local port is `local_port`, IPv4 and IPv6.

    Raises: EvidenceError if the kernel cannot be asked or its answer cannot be read.
    """
    return [
        parse_connection(payload)
        for family in (socket.AF_INET, socket.AF_INET6)
        for payload in _dump(
            diag, _inet_request(family, 1 << TCP_ESTABLISHED, local_port=local_port), timeout_s
        )
    ]


def read_connection_inodes(
    diag: socket.socket | None = None, *, timeout_s: float = DEFAULT_TIMEOUT_S
) -> set[int]:
    """Return the inodes of all established TCP sockets: a busy proxy has a million, and no more of each is kept.

    Raises: EvidenceError if the kernel cannot be asked or its answer cannot be read.
    """
    return {
        _unpack(payload).inode
        for family in (socket.AF_INET, socket.AF_INET6)
        for payload in _dump(diag, _inet_request(family, 1 << TCP_ESTABLISHED), timeout_s)
    }


def read_unix_sockets(
    diag: socket.socket | None = None, *, timeout_s: float = DEFAULT_TIMEOUT_S
) -> list[UnixSocket]:
    """Return every unix socket, with the inode of its peer (who talks to a stats or master socket) and its file.

    Raises: EvidenceError if the kernel cannot be asked or its answer cannot be read.
    """
    show = _UDIAG_SHOW_NAME | _UDIAG_SHOW_VFS | _UDIAG_SHOW_PEER
    request = _UNIX_REQUEST.pack(socket.AF_UNIX, 0, 0, 0xFFFF_FFFF, 0, show, 0, 0)
    return [_parse_unix(payload) for payload in _dump(diag, request, timeout_s)]


def dump_tcp(
    states: int,
    *,
    remote_port: int = 0,
    extensions: int = 0,
    diag: socket.socket | None = None,
    timeout_s: float = DEFAULT_TIMEOUT_S,
) -> Iterator[bytes]:
    """Yield the message of each TCP socket in one of these states (bits), IPv4 and IPv6, as the kernel sends it.

    `remote_port` leaves those towards this port; 0: all. `extensions` are bits as well: 1 << (INET_DIAG_x - 1).

    Raises: EvidenceError if the kernel cannot be asked.
    """
    for family in (socket.AF_INET, socket.AF_INET6):
        request = _inet_request(family, states, remote_port=remote_port, extensions=extensions)
        yield from _dump(diag, request, timeout_s)


def _inet_request(
    family: socket.AddressFamily,
    states: int,
    *,
    local_port: int = 0,
    remote_port: int = 0,
    extensions: int = 0,
    protocol: int = socket.IPPROTO_TCP,
) -> bytes:
    fields = _REQUEST_FIELDS.pack(family, protocol, extensions, 0, states)
    ports = local_port.to_bytes(2, "big") + remote_port.to_bytes(2, "big")
    return fields + ports + bytes(_SOCKET_ID_SIZE - 4)


def _dump(diag: socket.socket | None, request: bytes, timeout_s: float) -> Iterator[bytes]:
    if diag is not None:
        yield from netlink.dump(diag, SOCK_DIAG_BY_FAMILY, request, timeout_s=timeout_s)
        return
    try:
        own = open_sock_diag()
    except OSError as error:
        raise EvidenceError(f"the kernel does not list sockets: {error.strerror}") from error
    with own:
        yield from netlink.dump(own, SOCK_DIAG_BY_FAMILY, request, timeout_s=timeout_s)


def _parse_listener(payload: bytes) -> Listener:
    message = _unpack(payload)
    attributes = netlink.parse_attributes(payload[_MESSAGE.size :])
    v6_only = attributes.get(INET_DIAG_SKV6ONLY, b"\0")
    options = attributes.get(INET_DIAG_SOCKOPT, b"")
    return Listener(
        family=socket.AddressFamily(message.family),
        address=_address(message.family, message.src),
        port=int.from_bytes(message.sport, "big"),
        inode=message.inode,
        uid=message.uid,
        queue_length=message.rqueue,
        queue_limit=message.wqueue,
        cookie=message.cookie_high << 32 | message.cookie_low,
        v6_only=v6_only[:1] == b"\1",
        interface=message.interface,
        foreign=bool(options[0] & _FREEBIND_OR_TRANSPARENT) if options else None,
    )


def parse_connection(payload: bytes) -> Connection:
    """Read the message of a socket that has a peer.

    Raises: EvidenceError if it is none.
    """
    message = _unpack(payload)
    return Connection(
        local=_endpoint(_address(message.family, message.src), int.from_bytes(message.sport, "big")),
        remote=_endpoint(_address(message.family, message.dst), int.from_bytes(message.dport, "big")),
        inode=message.inode,
        uid=message.uid,
        unread_bytes=message.rqueue,
        unacknowledged_bytes=message.wqueue,
        cookie=message.cookie_high << 32 | message.cookie_low,
    )


def _parse_unix(payload: bytes) -> UnixSocket:
    if len(payload) < _UNIX_MESSAGE.size:
        raise EvidenceError(f"netlink: a unix socket of {len(payload)} bytes")
    _family, _type, state, _pad, inode, _low, _high = _UNIX_MESSAGE.unpack_from(payload)
    attributes = netlink.parse_attributes(payload[_UNIX_MESSAGE.size :])
    name = attributes.get(UNIX_DIAG_NAME, b"")
    if name.startswith(b"\0"):
        name = b"@" + name[1:]
    peer = attributes.get(UNIX_DIAG_PEER, b"")
    return UnixSocket(
        name=name.rstrip(b"\0").decode(errors="backslashreplace"),
        inode=inode,
        peer_inode=_U32.unpack(peer)[0] if len(peer) == _U32.size else 0,
        state=state,
        file=_file(attributes.get(UNIX_DIAG_VFS, b"")),
    )


def _file(attribute: bytes) -> tuple[int, int] | None:
    """Return device and inode; the kernel's own device number has 12 bits of major and 20 of minor."""
    if len(attribute) != _UNIX_VFS.size:
        return None
    inode, device = _UNIX_VFS.unpack(attribute)
    return os.makedev(device >> 20, device & 0xFFFFF), inode


def _unpack(payload: bytes) -> _Message:
    if len(payload) < _MESSAGE.size:
        raise EvidenceError(f"netlink: a socket of {len(payload)} bytes, {_MESSAGE.size} expected")
    message = _Message(*_MESSAGE.unpack_from(payload))
    if message.family not in {socket.AF_INET, socket.AF_INET6}:
        raise EvidenceError(f"netlink: a socket of address family {message.family}")
    return message


def _address(family: int, raw: bytes) -> str:
    """Return an address; an IPv4 client of a dual-stack socket is written as the IPv4 address it is."""
    if family == socket.AF_INET:
        return socket.inet_ntop(family, raw[:4])
    if raw.startswith(b"\0" * 10 + b"\xff\xff"):
        return socket.inet_ntop(socket.AF_INET, raw[12:])
    return socket.inet_ntop(family, raw)


def _endpoint(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
