"""One reload from the first look to the receipt. What comes next is the plan's to say; the steps are `steps`'."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from hitless.errors import ReloadError
from hitless.reload.assemble import describe_step, forecast_drain, make_receipt
from hitless.reload.attempts import AttemptMaker
from hitless.reload.changes import summarise_change
from hitless.reload.client_watch import ClientWatch
from hitless.reload.disk import Disk, read_new
from hitless.reload.draining import still_draining
from hitless.reload.guard_watch import TrafficGuard
from hitless.reload.keeping import digests_of, read_good_bytes
from hitless.reload.lock import count_waiting
from hitless.reload.look import read_target, with_configuration
from hitless.reload.machine import Failed, Machine
from hitless.reload.plan import Failure, Goal, Side, State, Step, plan_steps, recovered
from hitless.reload.preflight.whole import run_preflight
from hitless.reload.recovery import recover
from hitless.reload.requester import read_requester
from hitless.reload.spacing import wait_left_s
from hitless.reload.steps import Steps
from hitless.reload.story import Story
from hitless.reload.takeover_watch import TakeoverWatch
from hitless.reload.way_back import find_way_back, runs_what_is_on_disk

if TYPE_CHECKING:
    from collections.abc import Callable

    from hitless.reload.instance_files import InstanceFiles
    from hitless.reload.options import ReloadOptions
    from hitless.reload.preflight.whole import Preflight
    from hitless.reload.target import Target
    from hitless.reload.way_back import WayBack
    from hitless.reloads import Receipt

__all__ = ["Session"]

_SETTLE_S = 0.2
"""How long clients are watched after the end: what the old process closed last is still on its way."""


@dataclass(slots=True)
class Session:
    """Its state from the first look on. `files` None: a dry run, which writes nothing."""

    options: ReloadOptions
    tell: Callable[[str], None]
    files: InstanceFiles | None
    story: Story = field(default_factory=Story)
    target: Target = field(init=False)
    """As it runs, with the configuration that is on disk."""
    loads: Target = field(init=False)
    """The same, with the configuration that is to be loaded."""
    disk: Disk = field(init=False)
    on_disk: dict[str, bytes] = field(default_factory=dict)
    new: dict[str, bytes] = field(default_factory=dict)
    candidates: dict[str, str] = field(default_factory=dict)
    """By path of a configuration file: where its new version waits."""
    way: WayBack | None = None
    clients: ClientWatch | None = None
    guard: TrafficGuard | None = None
    preflight: Preflight = field(init=False)

    def run(self) -> Receipt:
        """Do all of it, and return its receipt.

        Raises: HitlessError if it ended before anything was touched.
        """
        assert self.files is not None, "a dry run is not run"
        with contextlib.ExitStack() as stack:
            self.look()
            stack.callback(self.disk.discard)
            self.story.recovered = recover(self.files, self.disk, self.target)
            self._space()
            self.prepare()
            self._watch_clients(stack)
            self.ask()
            if self.preflight.stopping:
                machine = _stopped("; ".join(check.message for check in self.preflight.stopping))
            else:
                machine = self._drive(stack)
            self._finish_watching()
        return make_receipt(self.target, self.story, machine, read_requester())

    def look(self) -> None:
        """Find the instance that is meant, and read what has to be known of it.

        Raises: UsageError; ReloadError if nothing of it serves.
        """
        self.tell("looking at HAProxy")
        with self.story.phase("look"):
            self.target = self.loads = read_target(self.options.target)
        if self.target.current is None:
            raise ReloadError(
                f"No process of {self.target.instance.name} listens: there is nothing that could hand over.",
                hint="It is just starting, or stopping; `hitless ready` waits for it.",
            )
        self.disk = Disk(self.target)
        self.story.old_pids = tuple(process.pid for process in self.target.carriers)
        if self.files is not None:
            self.story.coalesced = count_waiting(self.files)

    def _space(self) -> None:
        """Wait until this version can take another reload."""
        current = self.target.current
        left_s = wait_left_s(self.target.version[:2], current.age_s) if current else 0.0
        if left_s > 0:
            self.tell(f"waiting {left_s:.1f} s: the worker has just started")
            with self.story.phase("spacing", "a worker that has just started hands nothing over"):
                time.sleep(left_s)  # the process says nothing when it is through

    def prepare(self) -> None:
        """Read what is on disk and what is to replace it; let the new version wait beside the old one.

        Raises: UsageError, ConfigError, ChangeError, HostError
        """
        self.on_disk = self.disk.read()
        self.new = read_new(self.target, self.options.new)
        if self.new:
            self.loads = with_configuration(self.target, self.new)
            self.candidates = self.disk.stage(self.new) if self.files else self._sources()
        if self.files is not None:
            self.way = find_way_back(self.files, self.target, self.on_disk)
        after = {**self.on_disk, **self.new}
        before = self._known_to_run()
        self.story.change = summarise_change(
            before,
            after,
            digests_before=digests_of(before) if before is not None else (),
            digests_after=digests_of(after),
        )

    def _known_to_run(self) -> dict[str, bytes] | None:
        """Return the configuration that the serving process is known to have loaded; None where nobody knows."""
        if self.way is None or self.files is None:
            return self.on_disk if runs_what_is_on_disk(self.target) else None
        if self.way.side is Side.NEW:
            return read_good_bytes(self.files)
        return self.on_disk if self.way.known else None

    def _sources(self) -> dict[str, str]:
        """Return where the new versions are, for a dry run that lets none wait."""
        first = self.target.instance.configuration[0].path
        return {path or first: source for path, source in self.options.new.items()}

    def ask(self) -> None:
        """Ask everything that can be asked before anything is touched."""
        with self.story.phase("preflight"):
            self.preflight = run_preflight(
                self.loads, self.options, self.way, candidates=self.candidates, tell=self.tell
            )
        self.story.checks = self.preflight.checks
        self.story.planned_listeners = self.preflight.binds.of_service
        self.story.choice = self.preflight.choice
        self.story.drain = forecast_drain(self.target)
        self.story.steps = tuple(
            describe_step(step, self.story) for step in plan_steps(self._goal(), self._state())
        )

    def _goal(self) -> Goal:
        unproven = self.way is not None and self.way.side is Side.NEW and not self.new
        can_go_back = self.way is None or bool(self.way.known) or bool(self.new)
        return Goal(
            new=bool(self.new) or (unproven and self.options.rolls_back),
            net=self.preflight.choice.net,
            guard=self.options.guard_s > 0,
            rollback=self.options.rolls_back and can_go_back,
        )

    def _state(self) -> State:
        """Return where this reload begins: an unproven configuration may be on disk already."""
        if self.way is None:
            return State()
        if self.new:
            return State(kept=self.way.kept)
        return recovered(disk=self.way.side if self._goal().new else Side.OLD, kept=self.way.kept)

    def _watch_clients(self, stack: contextlib.ExitStack) -> None:
        """Begin to watch real clients and, for the guard, traffic: the sooner, the better what is usual is known."""
        current = self.target.current
        assert current is not None, "looked at"
        if self.options.trace:
            with TakeoverWatch(self.target) as watch:
                held = watch.endpoints(watch.look(), current.pid)
            self.clients = stack.enter_context(ClientWatch(tuple(held), current.pid))
        if self.options.guard_s > 0:
            resets = self.clients.resets_seen if self.clients is not None else lambda: None
            self.guard = TrafficGuard(
                current.pid,
                master_address=self.target.master_address,
                stats_addresses=self.target.stats_addresses,
                resets=resets,
            )
            self.guard.take_baseline()

    def _finish_watching(self) -> None:
        if self.story.triggered_ns:
            time.sleep(_SETTLE_S)  # what the old process closed last is still on its way
            self.story.drain = still_draining(self.target, self.story.drain)
        if self.clients is None:
            return
        effects = self.clients.finish()
        counted = self.guard.counters() if self.guard is not None else ()
        self.story.clients = msgspec.structs.replace(effects, haproxy=counted)

    def _before_trigger(self) -> None:
        if self.guard is not None and not self.story.triggered_ns:
            self.guard.take_baseline()
        if self.clients is not None:
            self.clients.mark_trigger()

    def _drive(self, stack: contextlib.ExitStack) -> Machine:
        """Take the steps until there is none left."""
        assert self.files is not None, "a dry run is not driven"
        binds = self.preflight.binds
        if self.clients is not None:
            self.clients.leave_out({change.endpoint for change in binds.removed})
        if binds.unwatched:
            self.story.notes.append(
                f"{binds.unwatched} binds (UDP, or in a network namespace of their own) are not part of the proof"
            )
        maker = AttemptMaker(
            options=self.options,
            target=self.loads if not self.new else self.target,
            choice=self.preflight.choice,
            binds=binds,
            emit=self.story.emit,
            stack=stack,
            notes=self.story.notes,
            before_trigger=self._before_trigger,
            loads={digest.path: digest.sha256 for digest in self.story.change.after},
        )
        steps = Steps(
            options=self.options,
            files=self.files,
            disk=self.disk,
            on_disk=self.on_disk,
            new=self.new,
            target=self.target,
            story=self.story,
            make_attempt=maker.make,
            net=self.preflight.choice.net,
            guard=self.guard,
            clients=self.clients,
        )
        machine = Machine(self._goal(), self._state())
        while (step := machine.command) is not None:
            try:
                self.tell(describe_step(step, self.story))
                event = steps.take(step, machine)
            except KeyboardInterrupt:
                machine.interrupt("interrupted")
            else:
                machine.handle(event)
        if machine.left_behind:
            self.story.notes.append(f"left behind: {machine.left_behind}")
        return machine


def _stopped(reason: str) -> Machine:
    machine = Machine(Goal())
    machine.handle(Failed(Step.TRIGGER, Failure.NOT_TRIGGERED, reason))
    return machine
