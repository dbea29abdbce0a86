"""Take the steps of a plan: each one touches the world in one way, and says what came of it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from hitless.clock import now_ns
from hitless.errors import HitlessError, ReloadError
from hitless.reload.keeping import (
    Pending,
    clear_pending,
    digests_of,
    forget_unused,
    keep_good,
    read_good,
    restore,
    write_pending,
)
from hitless.reload.machine import Done, Failed
from hitless.reload.means import namespace_pid
from hitless.reload.plan import Failure, Side, Step
from hitless.reload.safety_net import write_migrate_req
from hitless.reload.takeover import actual_listeners
from hitless.reloads import ListenerFate
from hitless.units import NANOSECONDS_PER_SECOND

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hitless.reload.attempt import Attempt
    from hitless.reload.client_watch import ClientWatch
    from hitless.reload.disk import Disk
    from hitless.reload.guard_watch import TrafficGuard
    from hitless.reload.instance_files import InstanceFiles
    from hitless.reload.machine import Machine
    from hitless.reload.options import ReloadOptions
    from hitless.reload.story import Story
    from hitless.reload.target import Target

__all__ = ["Steps"]

_ONE_LOOK_S = 1.0
_OLD_PROOF_S = 5.0
"""How long the old process may take to be proven again: binding in vain keeps it from listening for two seconds."""


@dataclass(slots=True)
class Steps:
    """The hands of one reload. `attempt` makes a new attempt, for what is on disk at that moment."""

    options: ReloadOptions
    files: InstanceFiles
    disk: Disk
    on_disk: Mapping[str, bytes]
    """The configuration as it was before this reload."""
    new: Mapping[str, bytes]
    target: Target
    story: Story
    make_attempt: Callable[[], Attempt]
    net: bool
    guard: TrafficGuard | None
    clients: ClientWatch | None
    attempt: Attempt | None = field(default=None)

    def take(self, step: Step, machine: Machine) -> Done | Failed:
        """Take one step; what goes wrong in it is a `Failed` that says what follows."""
        with self.story.phase(str(step)):
            try:
                return self._take(step, machine)
            except HitlessError as error:
                failure = Failure.NOT_TAKEN_OVER if step is Step.PROVE else Failure.NOT_TRIGGERED
                return Failed(step, failure, f"{error.message} {error.hint}".strip())

    def _take(self, step: Step, machine: Machine) -> Done | Failed:
        match step:
            case Step.TRIGGER:
                return self._trigger(step)
            case Step.PROVE:
                return self._prove(step, machine)
            case Step.GUARD:
                return self._guard(step)
            case Step.NET_ON | Step.NET_OFF:
                self._switch_net(on=step is Step.NET_ON)
            case Step.CLOSE:
                self._close(machine)
            case Step.KEEP | Step.PUT | Step.RESTORE:
                self._change_files(step)
        return Done(step)

    def _change_files(self, step: Step) -> None:
        if step is Step.KEEP:
            keep_good(self.files, self.on_disk, proven=False)
        elif step is Step.PUT:
            self._record(self.new)
            self.disk.put()
        else:
            good = read_good(self.files)
            if good is None:
                raise ReloadError("Nothing is kept to go back to.")
            restore(self.files, good)

    def _switch_net(self, *, on: bool) -> None:
        if on:
            self._record(self.new)
        write_migrate_req(namespace_pid(self.target), "1" if on else "0")

    def _record(self, new: Mapping[str, bytes]) -> None:
        """Put on record what is changed from here on, for whoever finds it unfinished."""
        current = self.target.current or self.target.master
        write_pending(
            self.files,
            Pending(
                pid=os.getpid(),
                began_at=datetime.now(UTC).isoformat(timespec="seconds"),
                new=digests_of({**self.on_disk, **new}) if new else (),
                migrate_req_before="0" if self.net else "",
                network_namespace=current.network_namespace if current else 0,
            ),
        )

    def _trigger(self, step: Step) -> Done | Failed:
        self.attempt = self.make_attempt()
        refused = self.attempt.start(deadline_s=self.options.timeout_s)
        self.story.triggered_ns = self.story.triggered_ns or self.attempt.triggered_ns
        if refused:
            self.story.messages += self.attempt.messages
            return Failed(step, Failure.REJECTED, refused)
        return Done(step)

    def _prove(self, step: Step, machine: Machine) -> Done | Failed:
        assert self.attempt is not None, "triggered"
        old_serves = machine.state.failure is Failure.REJECTED or machine.state.stuck
        if old_serves:
            proof = self.attempt.prove_old(deadline_s=_OLD_PROOF_S)
        else:
            again = machine.state.failure is not None and not machine.state.going_back
            proof = self.attempt.prove(deadline_s=_OLD_PROOF_S if again else self._left_s(self.attempt))
            self.story.messages += [m for m in self.attempt.messages if m not in self.story.messages]
        self.story.proof = proof
        if not proof.proven:
            refused = self.attempt.refused and not old_serves
            failure = Failure.REJECTED if refused else Failure.NOT_TAKEN_OVER
            return Failed(step, failure, self.attempt.refused if refused else "; ".join(proof.missing))
        if self.clients is not None:
            self.clients.mark_takeover()
        after = self.attempt.watch.endpoints(self.attempt.watch.look(), proof.pid)
        self.story.listeners = actual_listeners(self.story.planned_listeners, self.attempt.before, after)
        return Done(step, degraded="" if old_serves else self._degraded())

    def _left_s(self, attempt: Attempt) -> float:
        """Return what is left of --timeout, which counts from the trigger on; enough for one look in any case."""
        gone_s = (now_ns() - attempt.triggered_ns) / NANOSECONDS_PER_SECOND
        return max(_ONE_LOOK_S, self.options.timeout_s - gone_s)

    def _degraded(self) -> str:
        """Return what is not as it should be although the new process serves; "" for nothing."""
        assert self.attempt is not None, "proven"
        if not self.attempt.handed_over():
            return "HAProxy did not get the listening sockets of the old process"
        planned = {c.endpoint for c in self.story.planned_listeners if c.fate is ListenerFate.INHERITED}
        anew = [
            c.endpoint
            for c in self.story.listeners
            if c.fate is ListenerFate.OPENED_ANEW and c.endpoint in planned
        ]
        if not anew:
            return ""
        more = f" and {len(anew) - 3} more" if len(anew) > 3 else ""
        return f"{', '.join(anew[:3])}{more} should have been handed over and was opened anew"

    def _guard(self, step: Step) -> Done | Failed:
        """Watch the traffic; figures that could not be read guard nothing, and that is no good end."""
        assert self.guard is not None, "asked for"
        assert self.story.proof is not None, "proven"
        self.story.guard = result = self.guard.watch(self.story.proof.pid, self.options.guard_s)
        if result.tripped:
            return Failed(step, Failure.GUARD, result.reason)
        return Done(step, degraded="" if result.judged else f"the traffic was not guarded: {result.reason}")

    def _close(self, machine: Machine) -> None:
        """Remember what was proven. What was interrupted after the trigger stays on record for the next call."""
        if machine.state.failure is Failure.INTERRUPTED and not machine.state.proven:
            return
        if machine.state.failure is None and machine.state.proven:
            keep_good(self.files, self.disk.read(), proven=True)
        if machine.state.disk is Side.OLD or machine.state.failure is None:
            forget_unused(self.files)
        if machine.left_behind:
            self._record(new={})  # the next call tries to put it back
        else:
            clear_pending(self.files)
