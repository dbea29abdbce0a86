"""What a configuration listens on, in one list: proxies, stats sockets, peers, log-forward, the master's (-S)."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hitless.config.options import bind_options
from hitless.findings import Place
from hitless.subject.places import config_place

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hitless.config.model import Bind
    from hitless.facts import UnixListener
    from hitless.subject import Subject

__all__ = [
    "OwnedBind",
    "UnixSocket",
    "directory_of",
    "every_bind",
    "first_words",
    "listeners_behind",
    "own_pids",
    "socket_place",
    "unix_sockets",
]


@dataclass(frozen=True, slots=True)
class OwnedBind:
    """A bind line and whose it is: "frontend www", "stats socket", "peers"."""

    bind: Bind
    owner: str


@dataclass(frozen=True, slots=True)
class UnixSocket:
    """A unix socket with a path that HAProxy binds. `where` is "" for one of the command line (-S)."""

    path: str
    owner: str
    options: Mapping[str, tuple[str, ...]]
    where: str


def every_bind(subject: Subject) -> Iterator[OwnedBind]:
    """Yield all bind lines in force."""
    for bind in subject.model.stats_sockets:
        yield OwnedBind(bind, "stats socket")
    for bind in subject.model.peers:
        yield OwnedBind(bind, "peers")
    for proxy in subject.frontends:
        for bind in proxy.binds:
            yield OwnedBind(bind, f"{proxy.kind} {proxy.name}")
    for bind in subject.model.log_forwards:
        yield OwnedBind(bind, "log-forward")


def unix_sockets(subject: Subject) -> tuple[UnixSocket, ...]:
    """Return the unix sockets with an absolute path, those of the command line last."""
    found = [
        UnixSocket(address.host, owned.owner, owned.bind.options, owned.bind.where)
        for owned in every_bind(subject)
        for address in owned.bind.addresses
        if address.kind == "unix" and address.host.startswith("/")
    ]
    for text in subject.arguments.master_sockets:
        path, *words = text.split(",")
        path = path.removeprefix("unix@")
        if path.startswith("/"):
            found.append(UnixSocket(path, "master CLI (-S)", bind_options(words)[0], ""))
    return tuple(found)


def socket_place(subject: Subject, socket: UnixSocket) -> Place:
    """Return the line of the configuration that names a socket, or what says the command line."""
    if socket.where:
        return config_place(subject, socket.where, socket.path)
    return Place(file=subject.instance.launch.source if subject.instance.launch else "the command line")


def directory_of(path: str) -> str:
    """Return the directory of a path; /var/run is /run, as it is on every Linux with systemd."""
    directory = posixpath.dirname(posixpath.normpath(path))
    return directory.removeprefix("/var") if f"{directory}/".startswith("/var/run/") else directory


def own_pids(subject: Subject) -> frozenset[int]:
    """Return the processes of this instance, all generations."""
    return frozenset(process.pid for process in subject.processes)


def listeners_behind(subject: Subject, path: str) -> tuple[UnixListener, ...]:
    """Return who listens under this path's name, as it is, or as HAProxy binds it ("PATH.PID.tmp", then renamed).

    Source: HAProxy 2.8 src/sock_unix.c sock_unix_bind_receiver(); the kernel keeps the first name.
    """
    temporary = re.compile(re.escape(path) + r"\.[0-9]+\.tmp")
    listening = subject.host.unix_listening if subject.host else None
    return tuple(x for x in listening or () if x.name == path or temporary.fullmatch(x.name))


def first_words(subject: Subject, where: str) -> tuple[str, ...]:
    """Return the words of a configuration line, () if it is not in the files."""
    place = config_place(subject, where)
    return tuple(place.text.split("#", 1)[0].split())
