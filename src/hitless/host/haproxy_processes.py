"""The HAProxy processes of a host: found by what they are, not by a pid file; what each holds; which serve together.

Everything may change while it is read: a process that ends meanwhile is left out, and nothing raises.
"""

import os
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from msgspec.structs import replace

from hitless.facts import Process, Role, Unknown
from hitless.host.errors import Denied, Gone, HostError
from hitless.host.haproxy_roles import assign_roles, group_instances, is_haproxy, unit_of_control_group
from hitless.host.listening import NamespaceSockets, read_namespace_sockets
from hitless.host.processes import (
    PROC,
    list_pids,
    read_command_line,
    read_control_groups,
    read_descriptor_limit,
    read_descriptors,
    read_executable,
    read_network_namespace,
    read_status,
    read_times,
)
from hitless.host.root import HostRoot, printable

__all__ = ["group_instances", "read_haproxy_processes", "systemd_group"]

_T = TypeVar("_T")
_ELF = b"\x7fELF"
_HIDEPID = re.compile(r"^\S+ \S*/proc proc \S*\bhidepid=(?!0\b|off\b)(\w+)", re.MULTILINE)


def read_haproxy_processes(
    root: HostRoot,
    *,
    sockets: dict[int, NamespaceSockets] | None = None,
    ticks_per_s: int | None = None,
    now_since_boot_s: float | None = None,
) -> tuple[tuple[Process, ...], tuple[Unknown, ...]]:
    """Return all HAProxy processes by pid, with roles and generations; zombies are left out: they hold nothing.

    Args:
        root: The host. Sockets are asked for only if it is live.
        sockets: Those of network namespaces, by the namespace's inode: used where they are there, else added.
        ticks_per_s: Of the processes' times; as this kernel's without it.
        now_since_boot_s: When ages count from; now (a tree: when its /proc/uptime was recorded) without it.
    """
    reader = _Reader(
        root,
        {} if sockets is None else sockets,
        ticks_per_s or os.sysconf("SC_CLK_TCK"),
        _since_boot_s(root) if now_since_boot_s is None else now_since_boot_s,
    )
    try:
        pids = list_pids(reader.proc)
    except HostError as error:
        return (), (Unknown(what="HAProxy's processes", why=error.message),)
    if root.live and not pids:  # we ourselves are one
        return (), (
            Unknown(what="HAProxy's processes", why=f"no proc file system is mounted at {reader.proc}"),
        )
    found = [process for pid in pids if (process := reader.read(pid)) is not None]
    return assign_roles(found), reader.unknowns()


def _since_boot_s(root: HostRoot) -> float:
    if root.live:
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    try:
        return float(root.read_text("/proc/uptime", limit_bytes=100).text.split()[0])
    except (HostError, ValueError, IndexError):  # not recorded: every age comes out as 0
        return 0.0


@dataclass(slots=True)
class _Reader:
    root: HostRoot
    sockets: dict[int, NamespaceSockets]
    ticks_per_s: int
    now_since_boot_s: float
    hidden: int = 0
    denied: dict[str, list[int]] = field(default_factory=dict)
    unknown: list[Unknown] = field(default_factory=list)
    first_group: str | None = None

    @property
    def proc(self) -> Path:
        return self.root.path / "proc"

    def read(self, pid: int) -> Process | None:
        """Return a process if it is a HAProxy."""
        try:
            arguments = read_command_line(pid, self.proc)
            if not arguments:
                return None  # a kernel thread, or a zombie
            executable = self._executable(pid)
            status = read_status(pid, self.proc)
            if not is_haproxy(executable, status.name, arguments) or status.has_ended:
                return None
            times = read_times(pid, self.proc)
        except Gone:
            return None
        except HostError:
            self.hidden += 1
            return None
        if not executable:
            self._deny("the binary", pid)
        process = Process(
            pid=pid,
            parent_pid=status.parent_pid,
            role=Role.OTHER,
            arguments=tuple(printable(word) for word in arguments),
            executable=printable(executable),
            executable_replaced=self._is_replaced(pid, executable, arguments[0]),
            age_s=max(0.0, self.now_since_boot_s - times.start_ticks / self.ticks_per_s),
            cpu_s=times.cpu_ticks / self.ticks_per_s,
            uid=status.uid,
            state=status.state,
            threads=status.threads,
            resident_bytes=status.resident_bytes,
            descriptor_limit=self._attempt("limits", pid, lambda: read_descriptor_limit(pid, self.proc)),
            pending_signals=tuple(sorted(status.pending)),
            blocked_signals=tuple(sorted(status.blocked)),
            unit=self._attempt("the control group", pid, lambda: self._unit(pid)) or "",
            root=self._attempt("the root directory", pid, lambda: self._root(pid)) or "/",
        )
        return self._with_sockets(process)

    def _with_sockets(self, process: Process) -> Process:
        """Add what it holds open, and which of that listens or is connected."""
        pid = process.pid
        namespace = self._attempt(
            "the network namespace", pid, lambda: read_network_namespace(pid, self.proc)
        )
        process = replace(process, network_namespace=namespace or 0)
        held = self._attempt("open files", pid, lambda: read_descriptors(pid, self.proc))
        if held is None:
            return process
        process = replace(process, descriptors=held.count)
        around = self._sockets_of(pid, namespace)
        if around.listening_inodes is not None:
            process = replace(process, listening_inodes=tuple(sorted(held.sockets & around.listening_inodes)))
        if around.connection_inodes is not None:
            process = replace(process, connections=len(held.sockets & around.connection_inodes))
        return process

    def _sockets_of(self, pid: int, namespace: int | None) -> NamespaceSockets:
        if not self.root.live or namespace is None:
            return NamespaceSockets()
        if namespace not in self.sockets:
            found, unknown = read_namespace_sockets(pid, proc=self.proc)
            self.sockets[namespace] = found
            self.unknown.extend(unknown)
        return self.sockets[namespace]

    def _executable(self, pid: int) -> str:
        """Return its binary, "" where we may not see it."""
        try:
            return read_executable(pid, self.proc)
        except (
            Denied,
            Gone,
        ):  # Gone: a kernel thread or a process that is ending has none; what follows finds out
            return ""

    def _is_replaced(self, pid: int, executable: str, first_word: str) -> bool:
        """Return whether the next start (a master's re-execution too) would run another file than this one."""
        if executable.endswith(" (deleted)"):
            return True
        if not first_word.startswith("/") or not self._sees_our_files(pid):
            return False
        try:
            now = self.root.stat(first_word)
            if os.path.samestat(now, self.root.stat(f"/proc/{pid}/exe")):
                return False
            # A wrapper script may have started it under its own name.
            return self.root.read_bytes(first_word, limit_bytes=len(_ELF))[0] == _ELF
        except HostError:
            return False

    def _sees_our_files(self, pid: int) -> bool:
        """Return whether its paths mean the same files as ours do: not so in another mount namespace."""
        try:
            return self.root.read_link(f"/proc/{pid}/ns/mnt") == self.root.read_link("/proc/self/ns/mnt")
        except HostError:
            return False

    def _unit(self, pid: int) -> str:
        if self.first_group is None:
            try:
                self.first_group = systemd_group(1, self.proc)
            except HostError:
                self.first_group = ""
        return unit_of_control_group(systemd_group(pid, self.proc), self.first_group)

    def _root(self, pid: int) -> str:
        return printable(self.root.read_link(f"/proc/{pid}/root"))

    def _attempt(self, what: str, pid: int, read: Callable[[], _T]) -> _T | None:
        try:
            return read()
        except Gone:
            return None
        except HostError:
            self._deny(what, pid)
            return None

    def _deny(self, what: str, pid: int) -> None:
        self.denied.setdefault(what, []).append(pid)

    def unknowns(self) -> tuple[Unknown, ...]:
        """Return what could not be seen, each kind once."""
        return (*self.unknown, *self._denied_to_us(), *self._hidden_from_us())

    def _denied_to_us(self) -> Iterator[Unknown]:
        for what, pids in self.denied.items():
            listed = ", ".join(str(pid) for pid in pids[:10]) + (", …" if len(pids) > 10 else "")
            yield Unknown(what=f"{what} of HAProxy process {listed}", why="no right to look: run as root")

    def _hidden_from_us(self) -> Iterator[Unknown]:
        if self.hidden:
            why = f"{self.hidden} processes do not let us look at their command line or state"
            yield Unknown(what="further HAProxy processes", why=why)
        if self.root.live and os.geteuid() != 0 and (match := _HIDEPID.search(self._mounts())):
            why = f"/proc is mounted with hidepid={match[1]}: other users' processes do not show without root"
            yield Unknown(what="HAProxy processes of other users", why=why)

    def _mounts(self) -> str:
        try:
            return self.root.read_text("/proc/self/mounts", limit_bytes=8 * 1024 * 1024).text
        except HostError:
            return ""


def systemd_group(pid: int, proc: Path = PROC) -> str:
    """Return the path of the control group that systemd gave a process: version 2's, or version 1's named hierarchy.

    Raises: Gone, Denied.
    """
    groups = read_control_groups(pid, proc)
    return groups.get("name=systemd", "").removesuffix("/") or groups.get("", "")
