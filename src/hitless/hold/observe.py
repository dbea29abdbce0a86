"""Which HAProxy processes there are, and which of the held sockets each has open: cheap enough to look all the time."""

import os
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hitless.config.arguments import parse_arguments
from hitless.hold.held import Process
from hitless.host.epoll_sets import read_polled_inodes
from hitless.host.errors import Gone, HostError
from hitless.host.haproxy_names import is_haproxy
from hitless.host.processes import (
    PROC,
    list_pids,
    read_command_line,
    read_executable,
    read_socket_descriptors,
    read_status,
    read_times,
)

__all__ = ["Candidate", "Observer"]

_FORGET_STRANGERS_S = 5.0
"""A process can become a HAProxy (exec) long after it started: then those that were none are looked at again."""
_SETTLED_S = 3.0
"""A HAProxy without any epoll set (`-de`) that is this old is taken for one that serves."""
_SAMPLE = 16


@dataclass(slots=True)
class Candidate:
    """One HAProxy process."""

    process: Process
    parent_pid: int
    files: frozenset[str]
    """Absolute paths of its configuration."""
    master_words: bool
    named: bool = True
    """It is a HAProxy by its name; else it has asked as one does."""
    numbers: dict[int, int] = field(default_factory=dict)
    """Its descriptors of sockets that matter, by inode: as it came up."""
    polls: bool = False
    serves: bool = False
    """It has entered its loop: seen twice, since a worker begins with the epoll set of its master."""
    listed: int = -1
    """The version of what is held that `numbers` was made for."""
    hidden: str = ""

    @property
    def pid(self) -> int:
        """Return its number."""
        return self.process.pid


@dataclass(slots=True)
class Observer:
    """Remembers what does not change of a process, so that a look costs little."""

    proc: Path = PROC
    candidates: dict[int, Candidate] = field(default_factory=dict)
    _strangers: set[int] = field(default_factory=set)
    _forget_at_s: float = 0.0

    def look(self, asked: Collection[int]) -> list[Candidate]:
        """Return all HAProxy processes, and whoever asked as one does.

        Raises: HostError if there is no /proc.
        """
        now_s = time.monotonic()
        if now_s >= self._forget_at_s:
            self._strangers.clear()
            self._forget_at_s = now_s + _FORGET_STRANGERS_S
        pids = list_pids(self.proc)
        self._strangers.intersection_update(pids)
        found = {}
        for pid in pids:
            if pid in self._strangers and pid not in asked:
                continue
            candidate = self._read(pid, asked=pid in asked)
            if candidate is None:
                self._strangers.add(pid)
            else:
                found[pid] = candidate
        self.candidates = found
        return list(found.values())

    def _read(self, pid: int, *, asked: bool) -> Candidate | None:
        try:
            known = self.candidates.get(pid)
            words = read_command_line(pid, self.proc) if known is None else ("",)
            named = known is None and bool(words) and is_haproxy(self._executable(pid), "", words)
            if not (known or named or (asked and words)):
                return None
            ticks = read_times(pid, self.proc).start_ticks
            status = read_status(pid, self.proc)
            if status.has_ended:
                return None
            if known is not None:
                known.parent_pid = status.parent_pid
                return known if known.process.start_ticks == ticks else None
        except HostError:  # it has ended; what hides its command line is no HAProxy of ours
            return None
        arguments = parse_arguments(words)
        return Candidate(
            process=Process(pid, ticks),
            parent_pid=status.parent_pid,
            files=self._absolute(pid, arguments.files),
            master_words=arguments.master_worker,
            named=named,
        )

    def _executable(self, pid: int) -> str:
        try:
            return read_executable(pid, self.proc)
        except HostError:
            return ""

    def _absolute(self, pid: int, files: Iterable[str]) -> frozenset[str]:
        try:
            base = os.readlink(self.proc / str(pid) / "cwd")  # noqa: PTH115 - a plain string
        except OSError:
            base = "/"
        return frozenset(os.path.normpath(os.path.join(base, file)) for file in files)  # noqa: PTH118 - as above

    def look_into(self, candidate: Candidate, wanted: Mapping[int, object], version: int) -> frozenset[int]:
        """Return which of the wanted sockets a process has open; what is wanted has a version.

        A process that serves opens no further listening socket, so that only those it had are looked at.
        """
        candidate.hidden = ""
        try:
            if not candidate.serves or candidate.listed != version:
                sockets = read_socket_descriptors(candidate.pid, self.proc)
                if not candidate.serves:
                    before, candidate.polls = (
                        candidate.polls,
                        self._polls(candidate, frozenset(sockets.values())),
                    )
                    candidate.serves = before and candidate.polls
                candidate.numbers = {i: number for number, i in sockets.items() if i in wanted}
                candidate.listed = version
                return frozenset(candidate.numbers)
        except Gone:
            return frozenset()
        except HostError as error:
            candidate.hidden = error.message
            return frozenset()
        return self.still_open(candidate, candidate.numbers)

    def still_open(self, candidate: Candidate, inodes: Iterable[int]) -> frozenset[int]:
        """Return which sockets a process has open under the number that it had them under."""
        directory = f"{self.proc}/{candidate.pid}/fd/"
        found = []
        for inode in inodes:
            try:
                link = os.readlink(f"{directory}{candidate.numbers[inode]}")  # noqa: PTH115 - plain strings: often
            except OSError:
                continue
            if link == f"socket:[{inode}]":
                found.append(inode)
        return frozenset(found)

    def _polls(self, candidate: Candidate, sockets: frozenset[int]) -> bool:
        """Return whether a process waits for something on one of its sockets."""
        polled = read_polled_inodes(candidate.pid, self.proc)
        if polled or not candidate.named:
            return bool(polled & sockets)
        age_s = time.clock_gettime(time.CLOCK_BOOTTIME) - candidate.process.start_ticks / os.sysconf(
            "SC_CLK_TCK"
        )
        return age_s > _SETTLED_S

    def glimpse(self) -> tuple[object, ...]:
        """Return something that changes when it is worth to look again: processes, and whether they hold on."""
        held = tuple(
            len(self.still_open(c, list(c.numbers)[:_SAMPLE])) for c in self.candidates.values() if c.numbers
        )
        return (tuple(self._known_and_new()), held)

    def _known_and_new(self) -> list[int]:
        return [pid for pid in list_pids(self.proc) if pid not in self._strangers]
