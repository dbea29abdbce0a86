"""Who answers: asked over HAProxy's own sockets, else seen by who accepts a connection.

A process without any socket to ask (classic, no `stats socket`) is asked as a client would: a connection is opened to
one of its addresses and closed again without a word, and the kernel says which process has accepted it.
"""

from __future__ import annotations

import os
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hitless.control.runtime_api import MasterCli, RuntimeApi
from hitless.errors import ControlError, HitlessError
from hitless.host.errors import HostError
from hitless.host.inet_diag import read_connections, read_unix_sockets
from hitless.host.netns import in_network_namespace
from hitless.host.processes import read_socket_inodes

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

__all__ = ["Answer", "ask_who_answers", "connect_and_see"]

_ASK_TIMEOUT_S = 1.0
_ACCEPT_TIMEOUT_S = 1.0
_LOOK_PERIOD_S = 0.005
_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - comparing


@dataclass(frozen=True, slots=True)
class Answer:
    """Who answered, None for nobody; `how` is what was asked, or why nobody did."""

    pid: int | None
    how: str


def ask_who_answers(
    pid: int, *, master_address: str, stats_addresses: Sequence[str], endpoints: Collection[str]
) -> Answer:
    """Return who answers where process `pid` should: over its stats sockets, its master's CLI, or as a client.

    A stats socket that another process answers is told only if no other way leads to `pid`: its path may have been
    taken by another HAProxy.
    """
    others: list[Answer] = []
    for address in stats_addresses:
        answer = _ask(RuntimeApi(address), f"`show info` on {address}", 0)
        if answer.pid == pid:
            return answer
        others.append(answer)
    if master_address:
        answer = _ask(MasterCli(master_address), f"`@!{pid} show info` on {master_address}", pid)
        if answer.pid == pid:
            return answer
        others.append(answer)
    if any(answer.pid is not None for answer in others):
        return next(answer for answer in others if answer.pid is not None)
    if not others:
        return connect_and_see(pid, endpoints)
    return others[-1]


def _ask(api: RuntimeApi, what: str, worker: int) -> Answer:
    try:
        if worker and isinstance(api, MasterCli):
            info = api.ask_worker_info(worker, timeout_s=_ASK_TIMEOUT_S)
        else:
            info = api.ask_info(timeout_s=_ASK_TIMEOUT_S)
    except ControlError as error:
        return Answer(None, f"{what}: {error.message}")
    if info.stopping:
        return Answer(None, f"{what}: process {info.pid} is stopping")
    return Answer(info.pid, what)


def connect_and_see(pid: int, endpoints: Collection[str]) -> Answer:
    """Open a connection to one of these addresses, in the network namespace of `pid`, and see whether it accepts it."""
    chosen = min(endpoints, key=lambda endpoint: (endpoint.startswith(("/", "@")), endpoint), default="")
    if not chosen:
        return Answer(None, "it has no socket to ask and no address to connect to")
    try:
        return in_network_namespace(pid, lambda: _connect(pid, chosen))
    except HitlessError as error:
        return Answer(None, f"a connection to {chosen}: {error.message}")


def _connect(pid: int, endpoint: str) -> Answer:
    what = f"a connection to {endpoint}"
    try:
        with _open(endpoint) as connection:
            deadline = time.monotonic() + _ACCEPT_TIMEOUT_S
            while time.monotonic() < deadline:
                inode = _accepted_inode(connection, endpoint)
                if inode and inode in read_socket_inodes(pid):
                    return Answer(pid, what)
                time.sleep(_LOOK_PERIOD_S)  # accept() of another process is no event for us
    except (OSError, HostError) as error:
        return Answer(None, f"{what}: {error}")
    return Answer(None, f"{what} was not accepted by it within {_ACCEPT_TIMEOUT_S:g} s")


def _open(endpoint: str) -> socket.socket:
    if endpoint.startswith(("/", "@")):
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(_ACCEPT_TIMEOUT_S)
        connection.connect(f"\0{endpoint[1:]}" if endpoint.startswith("@") else endpoint)
        return connection
    host, _, port = endpoint.rpartition(":")
    host = host.strip("[]")
    return socket.create_connection((_ANY.get(host, host), int(port)), timeout=_ACCEPT_TIMEOUT_S)


def _accepted_inode(connection: socket.socket, endpoint: str) -> int:
    """Return the inode of the other end of our connection, 0 while nobody has accepted it."""
    if connection.family == socket.AF_UNIX:
        own = os.fstat(connection.fileno()).st_ino
        return next((s.inode for s in read_unix_sockets() if s.peer_inode == own), 0)
    address, port = connection.getsockname()[:2]
    ours = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    there = int(endpoint.rpartition(":")[2])
    return next((c.inode for c in read_connections(there) if c.remote == ours), 0)
