"""Open the sockets of the world's endpoints."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hitless.sandbox.world.records import Endpoint

__all__ = ["open_socket", "read_lost_datagrams"]

_BACKLOG = 4096
_ABSTRACT_NAME_SIZE_BYTES = 107
"""What HAProxy fills an `abns` name to, its leading NUL aside: sun_path (src/tools.c str2sa_range())."""
_IP_FREEBIND = 15
_IPV6_FREEBIND = 78
_SO_RCVBUFFORCE = 33
_SO_MEMINFO = 55
"""linux/in.h, linux/in6.h, asm-generic/socket.h; the socket module lacks them."""
_DATAGRAM_BUFFER_BYTES = 8 * 1024 * 1024


def open_socket(endpoint: Endpoint, *, private: bool) -> socket.socket:
    """Return the endpoint's bound (and, for streams, listening), nonblocking socket.

    Raises: OSError; ValueError for a path with a NUL.
    """
    stream = endpoint.transport in {"tcp", "unix", "abstract"}
    family = _family(endpoint)
    opened = socket.socket(family, socket.SOCK_STREAM if stream else socket.SOCK_DGRAM)
    try:
        opened.settimeout(0)
        if family != socket.AF_UNIX:
            _set_options(opened, family, stream=stream, private=private)
            opened.bind((endpoint.address, endpoint.port))
        elif endpoint.transport == "abstract":
            name = b"\0" + os.fsencode(endpoint.address)
            opened.bind(name.ljust(1 + _ABSTRACT_NAME_SIZE_BYTES, b"\0") if endpoint.padded else name)
        else:
            _bind_path(opened, Path(endpoint.address), private=private)
        if stream:
            opened.listen(_BACKLOG)
    except (OSError, ValueError):
        opened.close()
        raise
    return opened


def _family(endpoint: Endpoint) -> socket.AddressFamily:
    if endpoint.transport not in {"tcp", "udp"}:
        return socket.AF_UNIX
    return socket.AF_INET6 if ":" in endpoint.address else socket.AF_INET


def _set_options(opened: socket.socket, family: socket.AddressFamily, *, stream: bool, private: bool) -> None:
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if private:
        # A server at a specific address coexists with HAProxy's bind of the same port on every address only
        # if both sides say so, under one uid (Linux net/ipv4/inet_connection_sock.c inet_csk_bind_conflict()).
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    if family == socket.AF_INET6:
        opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        opened.setsockopt(socket.IPPROTO_IPV6, _IPV6_FREEBIND, 1)
    else:
        opened.setsockopt(socket.IPPROTO_IP, _IP_FREEBIND, 1)
    if stream:
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # accepted sockets inherit it
    else:
        _enlarge_receive_buffer(opened)


def _enlarge_receive_buffer(opened: socket.socket) -> None:
    try:
        opened.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _DATAGRAM_BUFFER_BYTES)
    except PermissionError:  # without CAP_NET_ADMIN as far as net.core.rmem_max allows
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _DATAGRAM_BUFFER_BYTES)


def read_lost_datagrams(opened: socket.socket) -> int:
    """Return how many datagrams the kernel has dropped because this socket's buffer was full.

    Source: Linux include/uapi/linux/sock_diag.h SK_MEMINFO_DROPS, the ninth of SO_MEMINFO's numbers.
    """
    memory = opened.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, 4 * 9)
    return int.from_bytes(memory[4 * 8 :], sys.byteorder)


def _bind_path(opened: socket.socket, path: Path, *, private: bool) -> None:
    if "\0" in str(path):
        raise ValueError("a path cannot hold a NUL")  # bind() would take what stands before it
    if private:
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            if stat.S_ISSOCK(path.lstat().st_mode):
                path.unlink()
    opened.bind(str(path))
    # HAProxy connects as the user it has become.
    path.chmod(0o666)
