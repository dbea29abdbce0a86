"""Follow what HAProxy binds and unbinds: look at its processes, take what is new, let go what was given up."""

import os
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field

from hitless.errors import HitlessError
from hitless.hold.held import Held, Instance, LetGo, Process
from hitless.hold.judge import Member, judge_socket
from hitless.hold.observe import Candidate, Observer
from hitless.hold.take import take_process_listeners
from hitless.host.epoll_sets import apply_forget_closed
from hitless.host.errors import Gone, HostError
from hitless.host.held_listener import HeldListener

__all__ = ["Changes", "Follower"]

_ASKED_S = 30.0
"""Who asked and does not serve after this time is not waited for."""
_RETRY_S = 5.0


@dataclass(slots=True)
class Changes:
    """What one look has changed."""

    added: list[tuple[str, Held]] = field(default_factory=list)
    """With the instance's name."""
    let_go: dict[str, list[LetGo]] = field(default_factory=dict)
    """By instance."""
    unsettled: bool = False
    """Something is under way: look again soon."""
    noted: bool = False
    """Something is known of a socket that was not."""
    pauses_s: dict[str, list[float]] = field(default_factory=dict)
    """By instance: for how long nobody accepted on each socket that somebody accepts on again."""

    def __bool__(self) -> bool:
        return bool(self.added or self.let_go or self.noted)


@dataclass(slots=True)
class Follower:
    """Follows all instances of a holder."""

    instances: dict[str, Instance]
    say: Callable[[str], None]
    observer: Observer = field(default_factory=Observer)
    version: int = 0
    """Grows whenever a socket is held anew or no more."""
    _retry_at_s: dict[Process, float] = field(default_factory=dict)
    _strangers: set[Process] = field(default_factory=set)
    """They serve, and have nothing to do with an instance."""
    _loosened: dict[Process, frozenset[int]] = field(default_factory=dict)
    """Which sockets each is not woken for any more."""

    def scan(self) -> Changes:
        """Look at everything once.

        Raises: HostError if there is no /proc to look at.
        """
        changes = Changes()
        now_s = time.monotonic()
        self._forget_askers(now_s)
        everybody = self.observer.look({pid for i in self.instances.values() for pid in i.asked})
        wanted = {inode: None for i in self.instances.values() for inode in i.sockets}
        opened = {c.process: self.observer.look_into(c, wanted, self.version) for c in everybody}
        masters = _masters(everybody)
        for instance in self.instances.values():
            self._forget_ended(instance, everybody)
            members = self._members(instance, everybody, opened, masters)
            self._take_new(instance, members, masters, changes)
            self._judge(instance, members, opened, masters, changes, now_s)
        self._adopt_strangers(everybody, masters, changes)
        if changes.added or changes.let_go:
            self.version += 1
        return changes

    def add(self, instance: Instance, listener: HeldListener) -> Held | None:
        """Hold a socket; None if it is held already (the duplicate is closed)."""
        if any(listener.inode in other.sockets for other in self.instances.values()):
            os.close(listener.descriptor)
            return None
        held = Held(listener)
        instance.sockets[listener.inode] = held
        self.version += 1
        return held

    def _forget_askers(self, now_s: float) -> None:
        for instance in self.instances.values():
            for pid in [pid for pid, at_s in instance.asked.items() if now_s - at_s > _ASKED_S]:
                del instance.asked[pid]

    def _forget_ended(self, instance: Instance, everybody: Iterable[Candidate]) -> None:
        alive = {candidate.process for candidate in everybody}
        for process in [process for process in instance.taken if process not in alive]:
            del instance.taken[process]
        self._retry_at_s = {p: at_s for p, at_s in self._retry_at_s.items() if p in alive}
        self._strangers &= alive
        self._loosened = {p: inodes for p, inodes in self._loosened.items() if p in alive}

    def _members(
        self,
        instance: Instance,
        everybody: list[Candidate],
        opened: dict[Process, frozenset[int]],
        masters: set[int],
    ) -> list[Candidate]:
        """Return the processes of an instance: by what it was told, by who asked, by what they have open."""
        said = _pids_said(instance)
        of_family = {
            c.pid
            for c in everybody
            if c.pid in said or c.pid in instance.asked or instance.spec.configuration in c.files
        }
        of_family |= {c.pid for c in everybody if c.process in instance.taken}
        of_family |= {c.parent_pid for c in everybody if c.pid in of_family and c.parent_pid in masters}
        of_family |= {c.pid for c in everybody if c.parent_pid in of_family}
        members = [
            c
            for c in everybody
            if c.pid in of_family or any(i in instance.sockets for i in opened[c.process])
        ]
        instance.members = tuple(c.process for c in members)
        return members

    def _take_new(
        self, instance: Instance, members: list[Candidate], masters: set[int], changes: Changes
    ) -> None:
        hidden = [candidate.hidden for candidate in members if candidate.hidden]
        if hidden:
            self._problem(instance, hidden[0])
        for candidate in members:
            if candidate.pid in masters or candidate.process in instance.taken:
                continue
            if not candidate.serves:
                changes.unsettled = True
                continue
            if time.monotonic() < self._retry_at_s.get(candidate.process, 0.0):
                continue
            self._take(instance, candidate, changes)

    def _take(self, instance: Instance, candidate: Candidate, changes: Changes) -> None:
        """Take what a process listens on, once: when it has come up."""
        try:
            held = take_process_listeners(candidate.pid, instance.spec.stats_socket)
        except Gone:
            return
        except HitlessError as error:
            self._retry_at_s[candidate.process] = time.monotonic() + _RETRY_S
            self._problem(instance, f"process {candidate.pid}: {error.message}")
            return
        instance.problem = "; ".join(held.left_out)
        instance.taken[candidate.process] = frozenset(listener.inode for listener in held)
        listeners, held.listeners = held.listeners, ()
        for listener in listeners:
            added = self.add(instance, listener)
            if added is not None:
                added.acceptors = (candidate.pid,)
                added.last_start_ticks = candidate.process.start_ticks
                changes.added.append((instance.spec.name, added))
        self._retry_at_s.pop(candidate.process, None)

    def _problem(self, instance: Instance, text: str) -> None:
        if instance.problem != text:
            instance.problem = text
            self.say(f"{instance.spec.name}: {text}")

    def _judge(
        self,
        instance: Instance,
        members: list[Candidate],
        opened: dict[Process, frozenset[int]],
        masters: set[int],
        changes: Changes,
        now_s: float,
    ) -> None:
        added = {held.inode for _, held in changes.added}
        seen = [
            Member(
                process=c.process,
                open=opened[c.process] | (instance.taken.get(c.process, frozenset()) & added),
                serves=c.serves,
                taken=None if c.pid in masters else instance.taken.get(c.process),
                hidden=bool(c.hidden),
            )
            for c in members
        ]
        for held in list(instance.sockets.values()):
            verdict = judge_socket(held, seen, now_s, instance.spec.close_after_s)
            if held.unattended_since_s is None and verdict.unattended_since_s is not None and not verdict.why:
                changes.unsettled = True
            before = (held.unattended_since_s, held.last_start_ticks)
            changes.noted |= before != (verdict.unattended_since_s, verdict.last_start_ticks)
            if held.unattended_since_s is not None and verdict.acceptors:
                changes.pauses_s.setdefault(instance.spec.name, []).append(now_s - held.unattended_since_s)
            held.acceptors = verdict.acceptors
            held.unattended_since_s = verdict.unattended_since_s
            held.last_start_ticks = verdict.last_start_ticks
            if verdict.why:
                gone = instance.drop(held.inode, verdict.why)
                changes.let_go.setdefault(instance.spec.name, []).append(gone)
        self._loosen(instance, seen)

    def _loosen(self, instance: Instance, members: Iterable[Member]) -> None:
        """Let processes that have given sockets up not be woken for them any more: our duplicates keep them polled."""
        for member in members:
            done = self._loosened.get(member.process, frozenset())
            given_up = (member.taken or frozenset()) - member.open - done
            sockets = {i: instance.sockets[i].listener.descriptor for i in given_up if i in instance.sockets}
            if not sockets or member.hidden:
                continue
            self._loosened[member.process] = done | given_up
            with suppress(HostError):  # it has ended, or costs some processor time
                apply_forget_closed(member.process.pid, sockets)

    def _adopt_strangers(self, everybody: list[Candidate], masters: set[int], changes: Changes) -> None:
        """Find who was started past us on addresses that are held: it serves, and we would keep clients from it."""
        known = {process for i in self.instances.values() for process in i.members} | self._strangers
        for candidate in everybody:
            if candidate.process in known or candidate.pid in masters or not candidate.serves:
                continue
            self._strangers.add(candidate.process)
            try:
                held = take_process_listeners(candidate.pid, "")
            except HitlessError:  # it is no business of ours
                continue
            names = {_name(listener) for listener in held}
            held.close()
            for instance in self.instances.values():
                if names & {_name(listener) for listener in instance.listeners()}:
                    self.say(
                        f"{instance.spec.name}: process {candidate.pid} serves its addresses, and has not asked"
                    )
                    self._take(instance, candidate, changes)
                    changes.unsettled = True


def _name(listener: HeldListener) -> tuple[object, ...]:
    return (listener.kind, listener.endpoint, listener.interface, listener.namespace)


def _pids_said(instance: Instance) -> set[int]:
    said = {instance.spec.pid} - {0}
    if instance.spec.pid_file:
        with suppress(OSError, ValueError), open(instance.spec.pid_file, encoding="ascii") as file:  # noqa: PTH123
            said |= {int(word) for word in file.read(4096).split()}
    return said


def _masters(everybody: list[Candidate]) -> set[int]:
    """Return the masters: they have HAProxies as children, or were told to be one and have no HAProxy as parent."""
    pids = {candidate.pid for candidate in everybody}
    return {c.parent_pid for c in everybody if c.parent_pid in pids} | {
        c.pid for c in everybody if c.master_words and c.parent_pid not in pids
    }
