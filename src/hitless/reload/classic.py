"""Reload a classic HAProxy: start its successor, let the old processes go once that serves."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hitless.control.socket_offer import SocketOffer
from hitless.errors import HitlessError, ReloadError
from hitless.host.epoll_sets import apply_forget_closed
from hitless.host.errors import Gone
from hitless.host.processes import read_socket_inodes
from hitless.reload.choice import Trigger
from hitless.reload.offering import listeners_to_offer
from hitless.reload.said import shown_messages
from hitless.reload.successor import start_successor
from hitless.reload.successor_plan import plan_successor
from hitless.reload.taking import take_listeners
from hitless.reload.trigger import TriggerReply

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hitless.host.descriptors import HeldListeners
    from hitless.reload.choice import Choice
    from hitless.reload.successor import Successor
    from hitless.reload.successor_plan import SuccessorPlan
    from hitless.reload.target import Target

__all__ = ["ClassicReload"]

_LET_GO_S = 3.0
_PERIOD_S = 0.01
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
                offer = stack.enter_context(self._offer(held, plan))
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
                self._let_go(told, held)
            self.notes += successor.notes
            return TriggerReply(ok=True, messages=shown_messages(successor.messages))

    def _offer(self, held: HeldListeners, plan: SuccessorPlan) -> SocketOffer:
        listeners, left_out = listeners_to_offer(held, self.target.version, self.target.place.root)
        self.notes += left_out
        if not listeners:
            raise ReloadError("The process that serves has no listening socket that could be offered.")
        return SocketOffer(listeners, allowed_uid=plan.account.uid)

    def _refusal(self, successor: Successor) -> TriggerReply:
        self.notes += successor.notes
        messages = shown_messages(successor.messages)
        ended = f"the new process ended with status {successor.exit_status}"
        if successor.exit_status is None:
            ended = f"the new process did not serve within {self.timeout_s:g} s, and was ended"
        return TriggerReply(ok=False, text=next(iter(messages), ended), messages=messages)

    def _let_go(self, old: Iterable[int], held: HeldListeners) -> None:
        """Wait until the old processes have closed the sockets, and take these out of their epoll sets.

        A socket that lives on elsewhere stays in the set of a process that has closed it: as long as that has a
        connection left, it would be woken at every new one (0.7 to 1.4 s of CPU in 2 s, measured on 2.2 to 3.2).
        """
        sockets = {listener.inode: listener.descriptor for listener in held}
        deadline = time.monotonic() + _LET_GO_S
        for pid in old:
            try:
                while sockets.keys() & read_socket_inodes(pid) and time.monotonic() < deadline:
                    time.sleep(_PERIOD_S)  # close() of another process is no event for us
                apply_forget_closed(pid, sockets)
            except Gone:
                continue
            except HitlessError as error:  # it costs CPU until that process ends, and no client
                self.notes.append(f"process {pid} may be woken by new connections: {error.message}")
