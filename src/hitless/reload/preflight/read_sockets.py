"""Look at what is bound in a network namespace, by whom, and what else decides whether one more bind succeeds."""

from __future__ import annotations

import re
import socket
from dataclasses import replace
from typing import TYPE_CHECKING

from hitless.errors import EvidenceError
from hitless.facts import ListeningSocket
from hitless.host.errors import HostError, translated
from hitless.host.inet_diag import (
    TCP_CLOSE,
    TCP_LISTEN,
    Connection,
    Listener,
    read_connections,
    read_listeners,
    read_udp_sockets,
    read_unix_sockets,
)
from hitless.host.listening import Holders, find_holders
from hitless.host.processes import PROC
from hitless.host.root import HostRoot
from hitless.host.sysctls import read_sysctls
from hitless.reload.preflight.receivers import Kind, Receiver
from hitless.reload.preflight.socket_view import NamespaceView, SeenSocket

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

__all__ = ["name_holders", "read_descriptor", "read_namespace", "read_port_users"]

_TEMPORARY = re.compile(r"\.[0-9]+\.tmp\Z")
"""What HAProxy binds a unix socket to before it renames it; the kernel keeps the name."""
_SOCKET_LINK = re.compile(r"socket:\[(\d+)\]\Z", re.ASCII)
_SETTINGS = (
    "net.ipv6.bindv6only",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ip_nonlocal_bind",
    "net.ipv6.ip_nonlocal_bind",
    "fs.protected_hardlinks",
)


def read_namespace(name: str = "") -> NamespaceView:
    """Return what is bound in the calling thread's network namespace; holders are not looked for yet.

    Raises: EvidenceError if the kernel does not list its sockets, HostError if not its devices.
    """
    sockets = [_of_listener(listener, Kind.TCP, name) for listener in read_listeners()]
    udp_problem = ""
    try:
        sockets += [_of_listener(udp, Kind.UDP, name) for udp in read_udp_sockets()]
    except EvidenceError as error:
        udp_problem = error.message
    for unix in read_unix_sockets():
        abstract = unix.name.startswith("@")
        # An accepted connection has the listener's name; what is bound and does not listen holds an abstract name too.
        if unix.name and (unix.state == TCP_LISTEN or (abstract and unix.state == TCP_CLOSE)):
            kind = Kind.ABSTRACT if abstract else Kind.UNIX
            endpoint = unix.name if abstract else _TEMPORARY.sub("", unix.name)
            sockets.append(SeenSocket(kind, endpoint, unix.inode, namespace=name, file=unix.file))
    with translated("no devices", "the devices of the network namespace are not listed"):
        interfaces = {device: index for index, device in socket.if_nameindex()}
    sysctls, _ = read_sysctls(HostRoot(), _SETTINGS)
    return NamespaceView(
        tuple(sockets), interfaces, {setting.name: setting.value for setting in sysctls}, udp_problem
    )


def name_holders(views: Mapping[str, NamespaceView]) -> dict[str, NamespaceView]:
    """Return the views with the processes that hold each socket; all open files of the host are looked at once."""
    holders = find_holders({s.inode for view in views.values() for s in view.sockets if s.inode})
    return {
        name: replace(view, sockets=tuple(_held(s, holders) for s in view.sockets))
        for name, view in views.items()
    }


def read_port_users(ports: Iterable[int]) -> tuple[tuple[Connection, str], ...]:
    """Return the established connections from these local ports, each with its process ("curl (pid 8)").

    Raises: EvidenceError if the kernel does not list them.
    """
    connections = [connection for port in ports for connection in read_connections(port)]
    holders = find_holders({c.inode for c in connections if c.inode})
    return tuple(
        (c, _held(SeenSocket(Kind.TCP, c.local, c.inode), holders).holder) for c in connections if c.inode
    )


def read_descriptor(
    pid: int, receiver: Receiver, sockets: Iterable[SeenSocket], proc: Path = PROC
) -> SeenSocket | None:
    """Return the socket that a process has open as descriptor N of "fd@N", None if nothing that listens is there.

    A master has sockets of its own too; what is passed on listens since HAProxy was started with it.

    Raises: Denied; Gone if the process is gone.
    """
    with translated(f"process {pid} is gone", f"process {pid} does not let us look"):
        names = {path.name for path in (proc / str(pid) / "fd").iterdir()}
    if receiver.host not in names:
        return None
    try:
        with translated("closed", f"process {pid} does not let us look"):
            match = _SOCKET_LINK.match(str((proc / str(pid) / "fd" / receiver.host).readlink()))
    except HostError:
        return None
    if match is None:
        return None
    inode = int(match[1])
    found = next((s for s in sockets if s.inode == inode), None)
    if found is None:
        return None
    return SeenSocket(Kind.DESCRIPTOR, receiver.endpoint, inode, pids=(pid,), shown=found.endpoint)


def _of_listener(listener: Listener, kind: Kind, namespace: str) -> SeenSocket:
    return SeenSocket(
        kind,
        listener.endpoint,
        listener.inode,
        namespace=namespace,
        family=6 if listener.family == socket.AF_INET6 else 4,
        v6_only=listener.v6_only,
        foreign=listener.foreign,
        interface=listener.interface,
        inet=ListeningSocket(
            address=listener.address,
            port=listener.port,
            inode=listener.inode,
            uid=listener.uid,
            queue_length=listener.queue_length,
            queue_limit=listener.queue_limit,
            v6_only=listener.v6_only,
        ),
    )


def _held(seen: SeenSocket, holders: Holders) -> SeenSocket:
    pids = holders.pids.get(seen.inode, ())
    return replace(seen, pids=pids, names=tuple(holders.names.get(pid, "") for pid in pids))
