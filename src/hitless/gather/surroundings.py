"""What surrounds the services on their host: kernel, network, files, accounts, scripts, logging."""

from __future__ import annotations

import posixpath
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from hitless.config.arguments import parse_arguments
from hitless.errors import HitlessError
from hitless.facts import Host, Unknown
from hitless.host.accounts import Accounts
from hitless.host.addresses import read_addresses
from hitless.host.keepalived import read_keepalived
from hitless.host.listening import read_listening
from hitless.host.logging_facts import read_logging
from hitless.host.netns import in_network_namespace
from hitless.host.paths import read_paths
from hitless.host.scripts import read_scripts
from hitless.host.sysctls import read_sysctl_files, read_sysctls
from hitless.host.tmpfiles import read_tmpfiles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from hitless.config.model import Model
    from hitless.facts import VirtualAddress
    from hitless.gather.instance import Gathering
    from hitless.gather.options import GatherOptions
    from hitless.host.machine import Machine
    from hitless.host.root import HostRoot

__all__ = ["read_host", "wanted_accounts", "wanted_paths"]

_MOST_PATHS = 20_000
_ALWAYS_THERE = frozenset({"/", "/run", "/var/run", "/tmp"})  # noqa: S108 - comparing
_NO_PATHS = frozenset({"user", "group"})
_T = TypeVar("_T")


def read_host(
    host: HostRoot,
    machine: Machine,
    gatherings: Sequence[Gathering],
    models: Sequence[Model],
    options: GatherOptions,
) -> tuple[Host, list[Unknown]]:
    """Return the facts about the host: of the network and the files that the first service lives in."""
    reader = _Reader(gatherings)
    root = gatherings[0].place.root
    users, groups = wanted_accounts(gatherings, models)
    addresses = reader.in_network("the host's addresses", read_addresses) if host.live else None
    listening = reader.noted(read_listening(reader.network_pid)) if host.live else None
    facts = Host(
        kernel_release=machine.kernel_release,
        container=machine.container,
        systemd=machine.systemd,
        cpu_count=machine.cpu_count,
        memory_total_bytes=machine.memory_total_bytes,
        memory_available_bytes=machine.memory_available_bytes,
        host_name=machine.host_name,
        sysctls=reader.noted(reader.in_network("kernel settings", lambda: read_sysctls(host))),
        addresses=addresses.addresses if addresses else None,
        interfaces=addresses.interfaces if addresses else None,
        listening=listening.listening if listening else None,
        unix_listening=listening.unix_listening if listening else None,
        paths=reader.noted(read_paths(root, islice(wanted_paths(gatherings, models), _MOST_PATHS))),
        accounts=Accounts(root).read(users, groups),
        keepalived=reader.keepalived(host),
        scripts=reader.noted(read_scripts(host, options.scripts)),
        tmpfiles=reader.noted(read_tmpfiles(root, sorted(_socket_directories(gatherings, models)))),
        logging=reader.noted(read_logging(host, same_network=reader.network_pid is None)),
        sysctl_files=reader.noted(read_sysctl_files(host)),
    )
    reader.say_what_is_elsewhere()
    return facts, reader.unknown


def wanted_paths(gatherings: Sequence[Gathering], models: Sequence[Model]) -> Iterator[str]:
    """Yield the paths to look at: what configurations, command lines and units name. The same may come again."""
    yield "/dev/log"
    for gathering, model in zip(gatherings, models, strict=True):
        instance = gathering.instance
        yield from (file.path for file in instance.configuration)
        for reference in model.file_references:
            if reference.kind not in _NO_PATHS:
                yield reference.path
            if reference.kind == "chroot":
                yield f"{reference.path.rstrip('/')}/dev/log"
        for target in model.log_targets:
            if target.address.kind == "unix":
                yield target.address.host
        if instance.launch is not None:
            arguments = parse_arguments(instance.launch.arguments)
            yield arguments.program
            yield arguments.pid_file
            yield from arguments.master_socket_paths
            yield arguments.transfer_from.removeprefix("unix@")
        if instance.unit is not None:
            yield from (f"/run/{name}" for name in instance.unit.runtime_directory)
            yield from instance.unit.environment_files


def wanted_accounts(
    gatherings: Sequence[Gathering], models: Sequence[Model]
) -> tuple[Iterable[str], Iterable[str]]:
    """Return the users and the groups that configurations and units name."""
    found: dict[str, dict[str, None]] = {"user": {}, "group": {}}
    for gathering, model in zip(gatherings, models, strict=True):
        for reference in model.file_references:
            if reference.kind in _NO_PATHS:
                found[reference.kind][reference.path] = None
        unit = gathering.instance.unit
        if unit is not None and unit.user:
            found["user"][unit.user] = None
        if unit is not None and unit.group:
            found["group"][unit.group] = None
    return found["user"], found["group"]


def _socket_directories(gatherings: Sequence[Gathering], models: Sequence[Model]) -> set[str]:
    """Return the directories that must be there before HAProxy starts: of its sockets and its pid file."""
    named = [r.path for model in models for r in model.file_references if r.kind in {"socket", "pidfile"}]
    for gathering in gatherings:
        if gathering.instance.launch is not None:
            arguments = parse_arguments(gathering.instance.launch.arguments)
            named += [arguments.pid_file, *arguments.master_socket_paths]
    return {posixpath.dirname(path) for path in named if path.startswith("/")} - _ALWAYS_THERE


class _Reader:
    """Reads the parts of a host, and notes what cannot be seen."""

    def __init__(self, gatherings: Sequence[Gathering]) -> None:
        self._gatherings = gatherings
        self.unknown: list[Unknown] = []
        first = gatherings[0]
        self.network_pid = first.main_pid if first.main_pid and not first.place.same_network else None

    def noted(self, answer: tuple[_T, Iterable[Unknown]] | None) -> _T | None:
        if answer is None:
            return None
        self.unknown += answer[1]
        return answer[0]

    def in_network(self, what: str, read: Callable[[], _T]) -> _T | None:
        """Read in the network namespace of the first service."""
        try:
            return in_network_namespace(self.network_pid, read)
        except HitlessError as error:
            self.unknown.append(Unknown(what=what, why=error.message))
            return None

    def keepalived(self, host: HostRoot) -> tuple[VirtualAddress, ...]:
        """Keepalived has its files on the host, also where HAProxy lives in a container."""
        found = read_keepalived(host)
        self.unknown += found.unknown
        return tuple(found.addresses)

    def say_what_is_elsewhere(self) -> None:
        """Only one root and one network are looked at: those of the first service."""
        first = self._gatherings[0]
        for other in self._gatherings[1:]:
            if other.place.root != first.place.root:
                other.note("files that it names", "it lives in another root than the first; choose it alone")
                other.set(elsewhere=True)
                self.unknown.append(other.unknown[-1])
            if _network(other) != _network(first):
                other.note(
                    "its network", "it is in another network namespace than the first; choose it alone"
                )
                other.set(elsewhere=True)
                self.unknown.append(other.unknown[-1])


def _network(gathering: Gathering) -> int:
    """Return the network namespace of a service's processes, 0 where it is ours or cannot be seen."""
    if gathering.place.same_network:
        return 0
    return next((p.network_namespace for p in gathering.instance.processes or ()), 0)
