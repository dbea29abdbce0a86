"""Reload a classic HAProxy: start its successor, let the old processes go once that serves."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hitless.control.socket_offer import SocketOffer
from hitless.errors import ReloadError
from hitless.host.descriptors import duplicate_listeners
from hitless.reload.choice import Trigger
from hitless.reload.offering import listeners_to_offer
from hitless.reload.said import shown_messages
from hitless.reload.successor import start_successor
from hitless.reload.trigger import TriggerReply

if TYPE_CHECKING:
    from hitless.reload.choice import Choice
    from hitless.reload.successor import Successor
    from hitless.reload.target import Target

__all__ = ["ClassicReload"]


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
            transfer_from = self._transfer_from(stack)
            successor = stack.enter_context(
                start_successor(self.target, transfer_from=transfer_from, deadline_s=self.timeout_s)
            )
            self._successor = successor
            started = successor.wait_started(self.timeout_s)
            if started:
                successor.release_old()
            else:
                successor.withdraw()
            self.notes += successor.notes
            messages = shown_messages(successor.messages)
            if started:
                return TriggerReply(ok=True, messages=messages)
            why = next(iter(messages), _how_it_ended(successor, self.timeout_s))
            return TriggerReply(ok=False, text=why, messages=messages)

    def _transfer_from(self, stack: ExitStack) -> str | None:
        """Return the socket that the successor fetches the listening sockets from."""
        if self.choice.trigger is Trigger.SF_X:
            return self.choice.transfer_from
        if self.choice.trigger is not Trigger.SF_OFFERED:
            return None
        current = self.target.current
        if current is None:
            raise ReloadError("No process of it listens.")
        held = stack.enter_context(duplicate_listeners(current.pid, root=self.target.place.root))
        listeners, left_out = listeners_to_offer(held, self.target.version, self.target.place.root)
        self.notes += left_out
        if not listeners:
            raise ReloadError(f"Process {current.pid} has no listening socket that could be offered.")
        return stack.enter_context(SocketOffer(listeners)).path


def _how_it_ended(successor: Successor, timeout_s: float) -> str:
    if successor.exit_status is None:
        return f"the new process did not serve within {timeout_s:g} s, and was ended"
    return f"the new process ended with status {successor.exit_status}"
