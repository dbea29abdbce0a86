"""One reload as events in, commands out: it knows where the reload stands and what it came to. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from hitless.reload.plan import Failure, Side, State, Step, apply_step, fail, next_step
from hitless.reloads import ReloadOutcome

if TYPE_CHECKING:
    from hitless.reload.plan import Goal

__all__ = ["Done", "Failed", "Machine"]

_OUTCOMES = {
    Failure.NOT_TRIGGERED: ReloadOutcome.REJECTED_BY_PREFLIGHT,
    Failure.REJECTED: ReloadOutcome.REJECTED_BY_HAPROXY,
    Failure.NOT_TAKEN_OVER: ReloadOutcome.NOT_TAKEN_OVER,
    Failure.GUARD: ReloadOutcome.DEGRADED,
    Failure.INTERRUPTED: ReloadOutcome.INTERRUPTED,
}


@dataclass(frozen=True, slots=True)
class Done:
    """The step went well. `degraded`: the new process serves, but not as it should; why."""

    step: Step
    degraded: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """The step failed, and what follows from it is the plan's to say."""

    step: Step
    failure: Failure
    reason: str


@dataclass(slots=True)
class Machine:
    """Give it events; ask it for the next step."""

    goal: Goal
    state: State = field(default_factory=State)
    reason: str = ""
    """Why it failed first."""
    second_reason: str = ""
    """Why the way back failed."""
    left_behind: str = ""
    """What could not be tidied up, once the reload itself was over."""
    degraded: str = ""
    interrupted: bool = False

    @property
    def command(self) -> Step | None:
        """The step to take now, None at the end."""
        return next_step(self.goal, self.state)

    def interrupt(self, reason: str) -> None:
        """Take the person's wish to stop: what was not triggered is taken back, what was is only looked after."""
        step = self.command
        if step is None or self.state.failure is not None:
            return
        if not self.state.triggered and step is not Step.TRIGGER:
            self.handle(Failed(step, Failure.NOT_TRIGGERED, reason))
            self.interrupted = True
            return
        self.goal = replace(self.goal, rollback=False, guard=False)
        self.state = replace(self.state, triggered=True)
        self.handle(Failed(step, Failure.INTERRUPTED, reason))

    def handle(self, event: Done | Failed) -> None:
        """Take what came of the last command.

        Raises: ValueError for an event about another step than the one that was commanded.
        """
        if event.step is not self.command:
            raise ValueError(f"{event.step} was not commanded")
        if isinstance(event, Done):
            if self.state.failure is None or self.state.going_back:
                self.degraded = event.degraded or self.degraded
            self.state = apply_step(event.step, self.state)
            return
        if event.step in {Step.NET_OFF, Step.CLOSE}:  # the reload itself is over: said, not undone
            self.left_behind = self.left_behind or event.reason
            self.state = apply_step(event.step, self.state)
            return
        if self.state.failure is None:
            self.reason = event.reason
        else:
            self.second_reason = event.reason
        self.state = fail(event.step, self.state, event.failure)

    @property
    def outcome(self) -> ReloadOutcome:
        """What it came to, once `command` is None."""
        state = self.state
        if self.interrupted:
            return ReloadOutcome.INTERRUPTED
        if state.failure is None:
            return ReloadOutcome.DEGRADED if self.degraded else ReloadOutcome.TAKEN_OVER
        if state.stuck and self.goal.rollback and (state.going_back or state.disk is Side.NEW):
            return ReloadOutcome.ROLLBACK_FAILED
        if state.stuck and state.failure is Failure.REJECTED:
            return ReloadOutcome.NOT_TAKEN_OVER  # the old one is not proven to serve any more
        if state.going_back and state.failure not in {Failure.REJECTED, Failure.NOT_TRIGGERED}:
            return ReloadOutcome.ROLLED_BACK
        return _OUTCOMES[state.failure]
