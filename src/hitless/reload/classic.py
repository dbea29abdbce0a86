"""Reload a classic HAProxy: start its successor, let the old processes go once that serves."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hitless.reload.choice import Trigger
from hitless.reload.letting_go import wait_let_go
from hitless.reload.offering import make_offer
from hitless.reload.said import shown_messages
from hitless.reload.successor import start_successor
from hitless.reload.successor_plan import plan_successor
from hitless.reload.taking import take_listeners
from hitless.reload.trigger import TriggerReply

if TYPE_CHECKING:
    from hitless.reload.choice import Choice
    from hitless.reload.successor import Successor
    from hitless.reload.target import Target

__all__ = ["ClassicReload"]

_SERVED_S = 2.0


@dataclass(slots=True)
class ClassicReload:
    """One start of a successor. `pids` says which processes it is, as soon as that is known."""

    target: Target
    choice: Choice
    timeout_s: float
    notes: list[str] = field(default_factory=list)
    _successor: Successor | None = None

    def pids(self) -> frozenset[int]:
        """Return the processes that are to serve."""
        return frozenset(self._successor.pids) if self._successor is not None else frozenset()

    def fire(self) -> TriggerReply:
        """Start it, and return when it serves and the old processes have been asked to leave, or why not.

        Raises: ReloadError, HostError, ControlError if it cannot or must not be started; the old processes serve on.
        """
        with ExitStack() as stack:
            plan = plan_successor(self.target)
            held = None
            offer = None
            transfer_from = self.choice.transfer_from or None
            if self.choice.trigger is Trigger.SF_OFFERED:
                held = stack.enter_context(take_listeners(self.target))
                made, left_out = make_offer(
                    held, self.target.version, self.target.place.root, allowed_uid=plan.account.uid
                )
                self.notes += left_out
                offer = stack.enter_context(made)
                transfer_from = offer.path
            successor = stack.enter_context(
                start_successor(
                    self.target, transfer_from=transfer_from, plan=plan, deadline_s=self.timeout_s
                )
            )
            self._successor = successor
            started = successor.wait_started(self.timeout_s)
            if not started:
                successor.withdraw()
                return self._refusal(successor)
            if offer is not None and not offer.wait_served(_SERVED_S):
                self.notes.append("the new process did not say that it has got all sockets")
            told = successor.release_old()
            if held is not None:
                self.notes += wait_let_go(told, held)
            self.notes += successor.notes
            return TriggerReply(ok=True, messages=shown_messages(successor.messages))

    def _refusal(self, successor: Successor) -> TriggerReply:
        self.notes += successor.notes
        messages = shown_messages(successor.messages)
        ended = f"the new process ended with status {successor.exit_status}"
        if successor.exit_status is None:
            ended = f"the new process did not serve within {self.timeout_s:g} s, and was ended"
        return TriggerReply(ok=False, text=next(iter(messages), ended), messages=messages)
