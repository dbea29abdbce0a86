"""What each HAProxy process is to the others: master, worker, generation, instance. Pure: no process is looked at.

Seen on 2.2, 2.6, 2.8, 3.0 and 3.2: a master that has reloaded re-executes itself with "-sf" and the pids of its
workers before its own words, and its newest worker has the same command line; one that went back to waiting (2.5 to
3.0) has its first words again. So only the start decides which worker is the newest. Workers are children of their
master; no master holds a listening socket other than its own CLI (-S).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from hitless.config.arguments import HaproxyArguments, parse_arguments
from hitless.facts import Process, Role
from hitless.host.haproxy_names import is_haproxy

__all__ = ["assign_roles", "group_instances", "is_haproxy", "unit_of_control_group"]

_NO_SERVICE = frozenset({"-c", "-cc", "-v", "-vv"})
_CONTAINER_UNIT = re.compile(r"(docker|libpod|crio|cri-containerd|nerdctl|lxc)-[0-9a-f]{12,}\.scope")
_CONTAINER_GROUP = re.compile(r"docker|lxc|libpod|kubepods|lxc\.payload.*|libpod_parent")


def unit_of_control_group(path: str, of_first_process: str = "") -> str:
    """Return the systemd unit that a control group belongs to, "" if none of this host's does.

    The unit of a container counts for all that is in it: what runs below is of another service manager. In a
    container, `of_first_process` (process 1's group) is where this service manager's groups begin.
    """
    base = of_first_process.removesuffix("/init.scope").rstrip("/")
    if base and (path == base or path.startswith(base + "/")):
        path = path[len(base) :]
    found = ""
    in_machine = False
    for part in path.split("/"):
        if _CONTAINER_GROUP.fullmatch(part):
            return ""
        if part.endswith((".service", ".scope")):
            found = part
            if in_machine or _CONTAINER_UNIT.fullmatch(part):
                return part
        in_machine = in_machine or part == "machine.slice"
    return found


@dataclass(frozen=True, slots=True)
class _Seen:
    """A process with its command line taken apart and its haproxy children."""

    process: Process
    words: HaproxyArguments
    children: int
    has_parent: bool

    @property
    def listens(self) -> bool | None:
        inodes = self.process.listening_inodes
        return None if inodes is None else bool(inodes)

    @property
    def serves_clients(self) -> bool:
        """True if it holds more listening sockets than a master has: one for each -S."""
        return len(self.process.listening_inodes or ()) > len(self.words.master_sockets)


def assign_roles(processes: Iterable[Process]) -> tuple[Process, ...]:
    """Return the processes with `role` and `generation` set, by pid."""
    by_pid = {process.pid: process for process in processes}
    seen = {pid: _look(process, by_pid) for pid, process in by_pid.items()}
    roles = {pid: _role(s) for pid, s in seen.items() if not s.has_parent}
    for pid, s in seen.items():
        if s.has_parent:
            roles[pid] = _role_of_child(s, roles.get(s.process.parent_pid))
    found = {pid: msgspec.structs.replace(p, role=roles[pid], generation=None) for pid, p in by_pid.items()}
    for group in group_instances(found.values()):
        for pid, generation in _generations(group).items():
            found[pid] = msgspec.structs.replace(found[pid], generation=generation)
    return tuple(found[pid] for pid in sorted(found))


def _look(process: Process, by_pid: Mapping[int, Process]) -> _Seen:
    return _Seen(
        process=process,
        words=parse_arguments(process.arguments),
        children=sum(p.parent_pid == process.pid and not _is_brief(p) for p in by_pid.values()),
        has_parent=process.parent_pid in by_pid,
    )


def _is_brief(process: Process) -> bool:
    """Return whether it only checks or says its version."""
    return not _NO_SERVICE.isdisjoint(process.arguments[1:])


def _role(seen: _Seen) -> Role:
    """Return the role of a process whose parent is no HAProxy."""
    if not seen.process.arguments or _is_brief(seen.process):
        return Role.OTHER
    if seen.words.master_worker:
        # A worker whose master was killed: it has the master's command line, and what no master has.
        return Role.WORKER if not seen.children and seen.serves_clients else Role.MASTER
    if seen.children and not seen.serves_clients:
        return Role.MASTER  # by the keyword master-worker
    return Role.CLASSIC


def _role_of_child(seen: _Seen, parent: Role | None) -> Role:
    """Return the role of a HAProxy's child: of a classic process or a worker, it is about to run an external check."""
    if parent is not Role.MASTER or not seen.process.arguments or _is_brief(seen.process):
        return Role.OTHER
    return Role.WORKER


def group_instances(processes: Iterable[Process]) -> list[tuple[Process, ...]]:
    """Return the processes of each service, given their roles: by master, or by what they serve.

    Classic processes belong together if one names the other after -sf or -st, or if they have the same configuration
    files, pid file and network namespace (and container, if any): also those that nobody has told of each other.
    Masters first, then by generation, the rest by age; services by their lowest pid. Processes that serve nothing
    (`haproxy -c`) are in no service, unless they are a member's child.
    """
    ordered = sorted(processes, key=lambda p: p.pid)
    links = _Links(p.pid for p in ordered)
    masters = {_key(p): p.pid for p in ordered if p.role is Role.MASTER}
    keys: dict[tuple[object, ...], int] = {}
    pids = {p.pid: p for p in ordered}
    for process in ordered:
        parent = pids.get(process.parent_pid)
        if parent is not None and parent.pid != process.pid:
            links.join(process.pid, parent.pid)
        elif process.role is Role.WORKER:  # its master is gone: with the one that came after it
            links.join(process.pid, masters.get(_key(process), process.pid))
        elif process.role is Role.CLASSIC:
            links.join(process.pid, keys.setdefault(_key(process), process.pid))
            for other in _named(process) & pids.keys():
                if pids[other].role is Role.CLASSIC:
                    links.join(process.pid, other)
    groups: dict[int, list[Process]] = {}
    for process in ordered:
        groups.setdefault(links.root(process.pid), []).append(process)
    return [
        tuple(sorted(group, key=_rank))
        for group in groups.values()
        if any(p.role is not Role.OTHER for p in group)
    ]


def _key(process: Process) -> tuple[object, ...]:
    words = parse_arguments(process.arguments)
    container = process.unit if _CONTAINER_UNIT.fullmatch(process.unit) else ""
    return (words.files, words.pid_file, words.working_directory, process.network_namespace, container)


def _named(process: Process) -> set[int]:
    """Return the pids that a command line asks to leave."""
    words = parse_arguments(process.arguments)
    listed = (*(words.soft_stop_pids or ()), *(words.hard_stop_pids or ()))
    return {int(word) for word in listed if word.isascii() and word.isdigit() and len(word) <= 10}


def _rank(process: Process) -> tuple[bool, bool, int, float, int]:
    generation = process.generation
    return (
        process.role is not Role.MASTER,
        process.role is Role.OTHER,
        -1 if generation is None else generation,
        process.age_s,
        -process.pid,
    )


class _Links:
    """Which belong together, as a forest."""

    def __init__(self, members: Iterable[int]) -> None:
        self._parent = {member: member for member in members}

    def root(self, member: int) -> int:
        while self._parent[member] != member:
            member = self._parent[member] = self._parent[self._parent[member]]
        return member

    def join(self, one: int, other: int) -> None:
        a, b = self.root(one), self.root(other)
        self._parent[max(a, b)] = min(a, b)


def _generations(group: Sequence[Process]) -> dict[int, int | None]:
    """Return the generation of each process of a service that serves or has served."""
    masters = {p.pid for p in group if p.role is Role.MASTER}
    workers = [p for p in group if p.role is Role.WORKER and p.parent_pid in masters]
    return _of_workers(workers) | _of_classic([p for p in group if p.role is Role.CLASSIC])


def _newest_first(processes: Iterable[Process]) -> list[Process]:
    return sorted(processes, key=lambda p: (p.age_s, -p.pid))


def _first_that_listens(newest_first: Sequence[Process]) -> int:
    """Return the index of the newest process that serves; those before it are still initialising.

    0 where nobody listens (only UDP, say) or where it cannot be seen of all of them. For the 2 s in which a reload
    fails to bind, a new worker of 3.1 and later holds what it was handed and counts as serving, and the old one's
    paused TCP sockets do not listen (seen on 3.2.26): what the master says of its workers decides then.
    """
    if any(p.listening_inodes is None for p in newest_first):
        return 0
    return next((i for i, p in enumerate(newest_first) if p.listening_inodes), 0)


def _of_workers(workers: Sequence[Process]) -> dict[int, int | None]:
    newest = _newest_first(workers)
    first = _first_that_listens(newest)
    return {p.pid: None if i < first else i - first for i, p in enumerate(newest)}


def _of_classic(processes: Sequence[Process]) -> dict[int, int | None]:
    """Count from the newest those that were asked to leave or listen no more; one that was not asked serves on: 0.

    None: it is initialising, or it was not asked and whether it listens cannot be seen.
    """
    newest = _newest_first(processes)
    first = _first_that_listens(newest)
    generations: dict[int, int | None] = {p.pid: None for p in newest[:first]}
    asked: set[int] = set()
    before = 0
    for index, process in enumerate(newest[first:]):
        if process.pid in asked or (index and process.listening_inodes == ()):
            before += 1
            generations[process.pid] = before
        else:
            generations[process.pid] = None if index and process.listening_inodes is None else 0
        asked |= _named(process)
    return generations
