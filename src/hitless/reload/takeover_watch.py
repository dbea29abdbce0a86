"""Watch an instance take over: who holds which listening socket, who answers, who is stranded.

/proc and inet_diag are read in turn, densely just after the trigger, then with less effort; a process with a hundred
thousand open files costs more to look at, and is looked at less often. No phase is ever reported early.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from hitless.clock import now_ns
from hitless.control.runtime_api import MasterCli
from hitless.errors import ControlError
from hitless.host.errors import Denied, Gone
from hitless.host.haproxy_roles import is_haproxy
from hitless.host.inet_diag import TCP_LISTEN, open_sock_diag, read_listeners, read_unix_sockets
from hitless.host.listening import find_holders
from hitless.host.netns import in_network_namespace
from hitless.host.processes import (
    read_children,
    read_command_line,
    read_executable,
    read_socket_inodes,
    read_start_ticks,
)
from hitless.reload.answer import Answer, ask_who_answers
from hitless.reload.known_holders import holders_among
from hitless.reload.observe import follow
from hitless.reload.phases import Observation, PhaseTracker
from hitless.reload.takeover import Proof, Seen, judge_takeover, unix_path

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Mapping

    from hitless.records import Event
    from hitless.reload.target import Target

__all__ = ["TakeoverWatch"]

_LOOKING_SHARE = 10
"""A process is looked at again only after ten times as long as the look took."""


@dataclass(slots=True)
class _Held:
    inodes: frozenset[int]
    again_at: float


@dataclass(slots=True)
class TakeoverWatch:
    """Looks at one instance, again and again. A context manager: it holds a netlink socket.

    `further_pids` names processes that belong to it besides its master's children: those that were started to take its
    place.
    """

    target: Target
    further_pids: Callable[[], frozenset[int]] = frozenset
    endpoint_of: dict[int, str] = field(default_factory=dict)
    """By inode, of all listening sockets ever seen in its network namespace."""
    _diag: socket.socket | None = None
    _held: dict[int, _Held] = field(default_factory=dict)
    _is_ours: dict[tuple[int, int], bool] = field(default_factory=dict)

    def __enter__(self) -> Self:
        place = self.target.place
        pid = self._any_pid() if not place.same_network else None
        self._diag = in_network_namespace(pid, open_sock_diag)
        return self

    def __exit__(self, *_: object) -> None:
        if self._diag is not None:
            self._diag.close()

    def _any_pid(self) -> int:
        main = self.target.master or self.target.current
        return main.pid if main else 0

    def look(self, *, thoroughly: bool = False) -> Observation:
        """Return who holds what now; `thoroughly` looks at every process whatever that costs."""
        listening = self._read_listening()
        now = time.monotonic()
        held: dict[int, frozenset[int]] = {}
        for pid in sorted(self.pids()):
            known = self._held.get(pid)
            if known is None or thoroughly or now >= known.again_at:
                known = self._look_into(pid)
            if known is not None:
                held[pid] = known.inodes & listening
        self._held = {pid: known for pid, known in self._held.items() if pid in held}
        return Observation(now_ns(), held)

    def _look_into(self, pid: int) -> _Held | None:
        start = time.monotonic()
        try:
            inodes = frozenset(read_socket_inodes(pid))
        except Gone:
            return None
        except Denied:
            inodes = frozenset()
        end = time.monotonic()
        self._held[pid] = found = _Held(inodes, end + _LOOKING_SHARE * (end - start))
        return found

    def pids(self) -> set[int]:
        """Return the processes of the instance that may carry traffic, of all generations."""
        master = self.target.master
        if master is None:
            return {p.pid for p in self.target.carriers} | self.further_pids()
        try:
            workers = {pid for pid in read_children(master.pid) if self._is_haproxy(pid)}
        except Gone:
            workers = set()
        return workers | self.further_pids()

    def _is_haproxy(self, pid: int) -> bool:
        """Return whether a master's child is a worker: `program` sections start others."""
        try:
            key = pid, read_start_ticks(pid)
            if key not in self._is_ours:
                self._is_ours[key] = is_haproxy(read_executable(pid), "", read_command_line(pid))
        except (Gone, Denied):
            return False
        return self._is_ours[key]

    def _read_listening(self) -> frozenset[int]:
        found = {one.inode: one.endpoint for one in read_listeners(self._diag)}
        unix = (one for one in read_unix_sockets(self._diag) if one.state == TCP_LISTEN)
        found |= {one.inode: unix_path(one.name) for one in unix}
        self.endpoint_of |= found
        return frozenset(found)

    def endpoints(self, observation: Observation, pid: int) -> dict[str, frozenset[int]]:
        """Return the listening addresses that a process holds, with the inodes of each."""
        found: dict[str, set[int]] = {}
        for inode in observation.listening.get(pid, ()):
            found.setdefault(self.endpoint_of[inode], set()).add(inode)
        return {endpoint: frozenset(inodes) for endpoint, inodes in found.items()}

    def prove(self, candidate: int, expected: frozenset[str], *, lists_current: bool = True) -> Proof:
        """Return whether this process is proven to serve, each question asked anew, the dear ones last.

        `lists_current` False: the master's list is not asked. After a failed reload 2.2, and 3.1 and later, list the
        worker that serves as an old one.
        """
        seen = self.look(thoroughly=True)
        held = {pid: frozenset(self.endpoints(seen, pid)) for pid in seen.listening}
        first = Seen(
            candidate=candidate if candidate in seen.listening else 0,
            held=held,
            current=self._current() if lists_current else None,
            has_master_cli=lists_current and bool(self.target.master_address),
            answered_by=candidate,
        )
        proof = judge_takeover(first, expected)
        if not proof.proven:
            return proof
        answer = self._answer(candidate, expected)
        strangers = self._strangers(seen, candidate) if answer.pid == candidate else {}
        return judge_takeover(
            Seen(
                candidate=candidate,
                held=held,
                current=first.current,
                has_master_cli=first.has_master_cli,
                answered_by=answer.pid,
                answer=answer.how,
                strangers=strangers,
            ),
            expected,
        )

    def follow(
        self,
        tracker: PhaseTracker,
        emit: Callable[[Event], None],
        *,
        until: Callable[[PhaseTracker], bool],
        deadline_s: float,
    ) -> bool:
        """Feed what is seen to a tracker until it is satisfied; return whether it was before the deadline."""
        return follow(self.look, tracker, emit, until=until, deadline_s=deadline_s)

    def _current(self) -> frozenset[int] | None:
        if not self.target.master_address:
            return None
        try:
            processes = MasterCli(self.target.master_address).ask_processes(timeout_s=1.0)
        except ControlError:  # it is just being replaced: asked again at the next look
            return None
        return frozenset(worker.pid for worker in processes.workers)

    def _answer(self, pid: int, expected: frozenset[str]) -> Answer:
        return ask_who_answers(
            pid,
            master_address=self.target.master_address,
            stats_addresses=self.target.stats_addresses,
            endpoints=expected,
        )

    def _strangers(self, seen: Observation, candidate: int) -> Mapping[int, str] | None:
        """Return who outside of the instance holds a listening socket that the candidate holds.

        Process 1 may: systemd keeps the sockets of socket units open, and never accepts on them. Who is not root cannot
        look into other users' processes, which cannot have got sockets from a HAProxy that never was root's.
        """
        holders = find_holders(seen.listening[candidate])
        user = os.geteuid()
        hidden = set(holders.unseen_pids) - {1}
        if hidden and (user == 0 or any(p.uid != user for p in self.target.processes)):
            return None
        # Who started it may hold its sockets for it: process 1 (socket activation), `hitless run`; and a holder may.
        starters = {p.parent_pid for p in self.target.processes}
        ours = {1, *starters, *self.pids(), *(p.pid for p in self.target.processes)}
        found = {pid for pids in holders.pids.values() for pid in pids} - ours
        found -= holders_among(found, seen.listening[candidate])
        return {pid: holders.names.get(pid, "?") for pid in found}
