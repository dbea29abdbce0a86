"""What a socket that another process listens on is: read from the socket itself, of which a duplicate is open here."""

import contextlib
import errno
import fcntl
import os
import re
import socket
from dataclasses import dataclass, replace
from pathlib import Path

from hitless.host.errors import HostError
from hitless.host.processes import PROC, read_network_namespace
from hitless.host.root import HostRoot

__all__ = ["HeldListener", "NamedAlready", "NamespaceNames", "read_listener", "takes_what_comes", "unix_path"]

_SIOCGSKNS = 0x894C
_SO_DOMAIN = 39
_IP_FREEBIND = 15
_IP_TRANSPARENT = 19
_IPV6_TRANSPARENT = 75
_INTERFACE_NAME_BYTES = 16
_TEMPORARY = re.compile(r"\.[0-9]+\.tmp$")
_NAMESPACES = "/var/run/netns"
"""Where HAProxy finds the namespaces of `namespace`. Source: v2.8.0 src/namespace.c."""


@dataclass(frozen=True, slots=True)
class HeldListener:
    """A listening socket of another process, or one that it has bound for datagrams from anybody; open here as well."""

    descriptor: int
    """Ours: close-on-exec."""
    number: int
    """Its descriptor in the process."""
    inode: int
    kind: socket.SocketKind
    endpoint: str
    """As the kernel writes it: "0.0.0.0:80", "[::]:80", "/run/x.sock.4711.tmp", "@name"."""
    owner_uid: int
    """Who made it."""
    interface: str = ""
    transparent: bool = False
    """IP_TRANSPARENT or IP_FREEBIND, which HAProxy takes for the same."""
    v6_only: bool | None = None
    """None where it is no IPv6 socket."""
    namespace: str = ""
    """The name of its network namespace, where that is not its process's."""


class NamespaceNames:
    """The network namespaces that HAProxy can name, as `ip netns` keeps them below a root."""

    def __init__(self, pid: int, root: HostRoot, proc: Path = PROC) -> None:
        self._root = root
        self._own = read_network_namespace(pid, proc)
        self._names: dict[int, str] | None = None

    def name_of(self, raw: socket.socket) -> str:
        """Return the name of a socket's namespace, "" for the process's own.

        Without CAP_NET_ADMIN it cannot be asked; but then neither can our user have made sockets elsewhere.

        Raises: LookupError if it is another one, and has no name.
        Source: Linux 4.13 include/uapi/linux/sockios.h SIOCGSKNS.
        """
        try:
            descriptor = fcntl.ioctl(raw.fileno(), _SIOCGSKNS)
        except PermissionError:
            return ""
        try:
            inode = os.fstat(descriptor).st_ino
        finally:
            os.close(descriptor)
        return "" if inode == self._own else self._known()[inode]

    def _known(self) -> dict[int, str]:
        if self._names is None:
            self._names = {}
            with contextlib.suppress(HostError):  # there are none
                for name in self._root.names(_NAMESPACES):
                    with contextlib.suppress(HostError):  # just deleted
                        self._names[self._root.stat(f"{_NAMESPACES}/{name}").st_ino] = name
        return self._names


@dataclass(frozen=True, slots=True)
class NamedAlready:
    """The name of a socket's network namespace as whoever handed it over has said it."""

    name: str

    def name_of(self, _raw: socket.socket) -> str:
        """Return it."""
        return self.name


def takes_what_comes(raw: socket.socket) -> bool:
    """Return whether a socket waits for anybody: it listens, or is bound and not connected (datagrams).

    Sockets that HAProxy sends log lines from look like the latter once they have sent, but only those that it binds
    for clients have SO_REUSEADDR (v2.8.0 src/sock_inet.c sock_inet_bind_receiver()).
    """
    family = raw.getsockopt(socket.SOL_SOCKET, _SO_DOMAIN)
    kind = raw.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE)
    if family not in {socket.AF_INET, socket.AF_INET6, socket.AF_UNIX}:
        return False
    if kind == socket.SOCK_STREAM:
        return bool(raw.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)) and bool(raw.getsockname())
    if kind != socket.SOCK_DGRAM or _is_connected(raw):
        return False
    if family == socket.AF_UNIX:
        return bool(raw.getsockname())
    return bool(raw.getsockname()[1]) and bool(raw.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR))


def _is_connected(raw: socket.socket) -> bool:
    try:
        raw.getpeername()
    except OSError as error:
        if error.errno != errno.ENOTCONN:
            raise
        return False
    return True


def read_listener(raw: socket.socket, number: int, names: NamespaceNames | NamedAlready) -> HeldListener:
    """Return what a socket that `takes_what_comes` is; the descriptor in the record is still `raw`'s.

    Raises: LookupError if it is in a network namespace without a name, which HAProxy could not say.
    """
    status = os.fstat(raw.fileno())
    name = raw.getsockname()
    plain = HeldListener(
        descriptor=raw.fileno(),
        number=number,
        inode=status.st_ino,
        kind=socket.SocketKind(raw.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE)),
        endpoint=_endpoint(name),
        owner_uid=status.st_uid,
    )
    if not isinstance(name, tuple):
        return plain
    v6 = raw.getsockopt(socket.SOL_SOCKET, _SO_DOMAIN) == socket.AF_INET6
    own = (socket.IPPROTO_IPV6, _IPV6_TRANSPARENT) if v6 else (socket.IPPROTO_IP, _IP_TRANSPARENT)
    interface = raw.getsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, _INTERFACE_NAME_BYTES)
    return replace(
        plain,
        interface=interface.rstrip(b"\0").decode("utf-8", "surrogateescape"),
        transparent=any(raw.getsockopt(*option) for option in (own, (socket.IPPROTO_IP, _IP_FREEBIND))),
        v6_only=bool(raw.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)) if v6 else None,
        namespace=names.name_of(raw),
    )


def _endpoint(name: tuple[str, int] | str | bytes) -> str:
    if isinstance(name, tuple):
        host, port = name[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    if isinstance(name, bytes):  # abstract
        return "@" + name[1:].rstrip(b"\0").decode(errors="backslashreplace")
    return name


def unix_path(name: str) -> str:
    """Return the path or abstract name that a unix socket is bound to, from what the kernel calls it.

    HAProxy binds PATH.PID.tmp and renames it; the kernel keeps the first name (src/sock_unix.c of 2.8).
    """
    return name if name.startswith("@") else _TEMPORARY.sub("", name)
