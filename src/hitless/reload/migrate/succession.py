"""Start the other HAProxy, follow it until it serves, hand the unit over, let the old one go."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hitless.errors import HitlessError
from hitless.host.errors import HostError
from hitless.host.main_process import apply_main_process
from hitless.host.root import HostRoot
from hitless.host.systemd import read_units
from hitless.migrations import Following
from hitless.reload.letting_go import wait_let_go
from hitless.reload.look import TargetOptions, read_target
from hitless.reload.offering import make_offer
from hitless.reload.said import shown_messages
from hitless.reload.successor import start_successor
from hitless.reload.takeover_watch import TakeoverWatch
from hitless.reload.taking import take_listeners
from hitless.store import ChangeError, read_bytes

if TYPE_CHECKING:
    from hitless.control.socket_offer import SocketOffer
    from hitless.host.descriptors import HeldListeners
    from hitless.migrations import UnitLink
    from hitless.reload.successor import Successor
    from hitless.reload.successor_plan import SuccessorPlan
    from hitless.reload.takeover import Proof
    from hitless.reload.target import Target

__all__ = ["Succession"]

_TAKEN_S = 5.0
_PERIOD_S = 0.02


@dataclass(slots=True)
class Succession:
    """One migration of `target`, which is what runs; `plan` is of what is started."""

    target: Target
    plan: SuccessorPlan
    version: tuple[int, int, int]
    """Of the program that is started: decides what it is offered."""
    expected: frozenset[str]
    """The addresses that the new process must listen on."""
    link: UnitLink
    timeout_s: float
    notes: list[str] = field(default_factory=list)
    messages: tuple[str, ...] = ()
    pid: int = 0
    """The new main process, once it has been started."""
    released: bool = False
    """The old process has been asked to leave."""
    _told: bool = False

    def run(self) -> str:
        """Do it; return why it was not done, "" if the old process has been asked to leave.

        As long as it has not, whatever happens leaves the old process alone serving.

        Raises: ReloadError, HostError, ControlError if nothing could be started.
        """
        with (
            take_listeners(self.target) as held,
            self._offer(held) as offer,
            start_successor(
                self.target, transfer_from=offer.path, plan=self.plan, deadline_s=self.timeout_s
            ) as successor,
        ):
            try:
                why = self._why_not(successor)
            except BaseException:
                self._take_unit_back(successor.pid)
                raise
            if why:
                successor.withdraw()
                self._take_words(successor)
                return why
            self.pid = successor.pid
            successor.release_old()
            self.released = True
            if not offer.was_served:
                self.notes.append("the new process did not say that it has got all sockets")
            self.notes += wait_let_go((p.pid for p in self.target.carriers), held)
            self._take_words(successor)
        return ""

    def _offer(self, held: HeldListeners) -> SocketOffer:
        root = self.target.place.root
        offer, left_out = make_offer(held, self.version, root, allowed_uid=self.plan.account.uid)
        self.notes += left_out
        return offer

    def _take_words(self, successor: Successor) -> None:
        self.notes += [note for note in successor.notes if note not in self.notes]
        self.messages = shown_messages(successor.messages)

    def _why_not(self, successor: Successor) -> str:
        """Return why the old process must not be asked to leave; "" with the unit knowing the new one."""
        if not successor.wait_started(self.timeout_s):
            if successor.exit_status is None:
                return f"the new process did not serve within {self.timeout_s:g} s, and was ended"
            said = next(iter(shown_messages(successor.messages)), "")
            return said or f"the new process ended with status {successor.exit_status}"
        lacking = self.expected - self._held_by(successor)
        if lacking:
            return f"the new process does not listen on {', '.join(sorted(lacking)[:5])}"
        if self.link.following is Following.PID_FILE:
            return self._pid_file_problem(successor.pid)
        if self.link.following is Following.TOLD:
            return self._tell_systemd(successor.pid)
        return ""

    def _held_by(self, successor: Successor) -> frozenset[str]:
        found: set[str] = set()
        with TakeoverWatch(self.target, lambda: frozenset(successor.servers)) as watch:
            seen = watch.look(thoroughly=True)
            for pid in successor.servers:
                found |= watch.endpoints(seen, pid).keys() if pid in seen.listening else set()
        return frozenset(found)

    def _pid_file_problem(self, pid: int) -> str:
        try:
            said = (read_bytes(self.plan.pid_file) or b"").split()
        except ChangeError as error:
            return error.message
        if said[:1] == [str(pid).encode()]:
            return ""
        return f"{self.plan.pid_file} does not name process {pid}, and systemd would end {self.link.name}"

    def _tell_systemd(self, pid: int) -> str:
        """Make the new process the main one; return why that was not taken, and then the old one is it again."""
        self._told = True
        try:
            apply_main_process(self.plan.predecessor.pid, pid)
            if _await_main_pid(self.link.name, pid):
                return ""
        except HostError as error:
            return error.message
        self._take_unit_back(pid)
        return f"systemd did not take process {pid} for the main one of {self.link.name}"

    def _take_unit_back(self, pid: int) -> None:
        """Make the old process the main one again, before the new one is ended: systemd would end all with it."""
        if not self._told:
            return
        try:
            apply_main_process(pid, self.plan.predecessor.pid)
            _await_main_pid(self.link.name, self.plan.predecessor.pid)
        except HostError as error:
            self.notes.append(f"systemd may take process {pid} for the main one of its unit: {error.message}")

    def prove(self) -> tuple[Target | None, Proof | None, str]:
        """Return what runs now, the proof that it serves, and why there is none; waits for it until the deadline."""
        deadline = time.monotonic() + self.timeout_s
        while True:
            target, proof, why = self._look()
            if (proof is not None and proof.proven) or time.monotonic() >= deadline:
                return target, proof, why
            time.sleep(_PERIOD_S)  # sockets that are closed and answers that change send no common event

    def _look(self) -> tuple[Target | None, Proof | None, str]:
        try:
            target = read_target(TargetOptions(pid=self.pid))
            if target.current is None:
                return target, None, "no process of it listens"
            with TakeoverWatch(target) as watch:
                return target, watch.prove(target.current.pid, self.expected), ""
        except HitlessError as error:
            return None, None, error.message


def _await_main_pid(unit: str, pid: int) -> bool:
    """Return whether systemd says in time that this is the main process of the unit."""
    deadline = time.monotonic() + _TAKEN_S
    while True:
        units, _ = read_units(HostRoot(), [unit])
        if any(one.name == unit and one.main_pid == pid for one in units):
            return True
        if time.monotonic() >= deadline:
            return False
        time.sleep(_PERIOD_S)  # the notification is answered by nothing
