"""Make the attempts of a reload: the first one, and the one that goes back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hitless.errors import ReloadError
from hitless.reload.attempt import Attempt
from hitless.reload.choice import Trigger, choose_trigger
from hitless.reload.classic import ClassicReload
from hitless.reload.look import read_target
from hitless.reload.means import read_means
from hitless.reload.preflight.trial_bind import look_at_binds
from hitless.reload.said import MessageTap
from hitless.reload.takeover_watch import TakeoverWatch
from hitless.reload.trigger import reload_by_master_cli, reload_by_signal, reload_by_systemd

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import ExitStack

    from hitless.records import Event
    from hitless.reload.choice import Choice
    from hitless.reload.options import ReloadOptions
    from hitless.reload.preflight.bind_plan import BindPlan
    from hitless.reload.target import Target
    from hitless.reload.trigger import TriggerReply

__all__ = ["AttemptMaker"]


@dataclass(slots=True)
class AttemptMaker:
    """What the attempts of one reload have in common. What they open is closed with `stack`."""

    options: ReloadOptions
    target: Target
    """As the preflight saw it."""
    choice: Choice
    binds: BindPlan
    emit: Callable[[Event], None]
    stack: ExitStack
    notes: list[str]
    before_trigger: Callable[[], object]
    loads: Mapping[str, str]
    """SHA-256 of each configuration file that is to be loaded, by path."""
    _made: int = field(default=0)

    def make(self) -> Attempt:
        """Return the next attempt: the first as the preflight saw it, a later one after another look at everything.

        Raises: ReloadError if what the preflight saw is not so any more; UsageError, HostError from the new look.
        """
        self._made += 1
        if self._made == 1:
            self._require_unchanged()
            return self._attempt(self.target, self.choice, self.binds)
        target = read_target(self.options.target)
        choice = choose_trigger(read_means(target))
        return self._attempt(target, choice, look_at_binds(target, transfer=choice.transfer))

    def _require_unchanged(self) -> None:
        """What was checked must be what is loaded: the same processes, and the same bytes on disk."""
        now = read_target(self.options.target, views=False)
        seen, found = self.target.current, now.current
        if seen is None or found is None or seen.pid != found.pid:
            raise ReloadError(
                "HAProxy was reloaded or restarted by somebody else while it was looked at.",
                hint="Try again.",
            )
        after = {file.path: file.sha256 for file in now.instance.configuration}
        changed = sorted(p for p in {**self.loads, **after} if self.loads.get(p) != after.get(p))
        if changed:
            raise ReloadError(f"{changed[0]} was changed while it was checked.", hint="Try again.")

    def _attempt(self, target: Target, choice: Choice, binds: BindPlan) -> Attempt:
        classic = None
        if target.master is None:
            classic = ClassicReload(target, choice, self.options.timeout_s, self.notes)
        watch = self.stack.enter_context(TakeoverWatch(target, classic.pids if classic else frozenset))
        main = target.master or target.current
        unit = target.instance.unit.name if target.instance.unit else ""
        return Attempt(
            target=target,
            watch=watch,
            expected=binds.watched,
            fire=classic.fire if classic else lambda: self._fire(target, choice.trigger),
            tap=MessageTap(main.pid if main else 0, unit),
            emit=self.emit,
            before_trigger=self.before_trigger,
        )

    def _fire(self, target: Target, trigger: Trigger) -> TriggerReply:
        if trigger is Trigger.MASTER_CLI:
            return reload_by_master_cli(target, timeout_s=self.options.timeout_s)
        if trigger is Trigger.SYSTEMD:
            return reload_by_systemd(target, timeout_s=self.options.timeout_s)
        return reload_by_signal(target)
