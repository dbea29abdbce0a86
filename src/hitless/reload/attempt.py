"""One trigger and the takeover that follows it, watched from the moment of the trigger on."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hitless.clock import now_ns
from hitless.reload.phases import PhaseTracker
from hitless.reload.refusal import RefusalWatch
from hitless.reload.said import shown_messages
from hitless.reload.takeover import Proof

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from hitless.records import Event
    from hitless.reload.said import MessageTap
    from hitless.reload.takeover_watch import TakeoverWatch
    from hitless.reload.target import Target
    from hitless.reload.trigger import TriggerReply

__all__ = ["Attempt"]

_NOT_HANDED_OVER = (
    "Failed to get the sockets from the old process",
    "Failed to get the number of sockets to be transferred",
)


@dataclass(slots=True)
class Attempt:
    """Fire, follow, prove. `fire` blocks until HAProxy has said what it says; it runs in a thread of its own."""

    target: Target
    watch: TakeoverWatch
    expected: frozenset[str]
    fire: Callable[[], TriggerReply]
    tap: MessageTap
    emit: Callable[[Event], None]
    before_trigger: Callable[[], object] = lambda: None
    """Called at the last moment, so that what follows is counted as the reload's."""
    triggered_ns: int = 0
    refused: str = ""
    """Why HAProxy refused; "" while it has not."""
    messages: tuple[str, ...] = ()
    before: dict[str, frozenset[int]] = field(default_factory=dict)
    """Inodes by address that the current process held before the trigger."""
    _tracker: PhaseTracker | None = None
    _future: Future[TriggerReply] | None = None
    _refusal: RefusalWatch | None = None
    _executor: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(max_workers=1, thread_name_prefix="trigger")
    )

    def start(self, *, deadline_s: float) -> str:
        """Trigger, and follow until the trigger itself has answered; return why it was refused, "" if it was not.

        Raises: ControlError, HostError, ReloadError if it could not be triggered.
        """
        seen = self.watch.look(thoroughly=True)
        current = self.target.current
        self.before = self.watch.endpoints(seen, current.pid) if current else {}
        self._tracker = PhaseTracker(1, frozenset(self.watch.pids()), self.expected, self.watch.endpoint_of)
        for event in self._tracker.observe(seen):
            self.emit(event)
        self._refusal = self._refusal_watch()
        self.before_trigger()
        self.triggered_ns = now_ns()
        self._future = self._executor.submit(self.fire)
        self.watch.follow(self._tracker, self.emit, until=lambda _: self._answered(), deadline_s=deadline_s)
        return self.refused

    def _refusal_watch(self) -> RefusalWatch:
        view = self.target.master_view
        master = next((row for row in view.processes if row.kind == "master"), None) if view else None
        return RefusalWatch(
            self.target.master_address, frozenset(self.watch.pids()), master.reloads if master else None
        )

    def prove(self, *, deadline_s: float) -> Proof:
        """Follow until the takeover is proven, HAProxy refused (see `refused`), or the deadline has passed."""
        assert self._tracker is not None, "started"
        tracker = self._tracker
        proof = Proof()

        def settled(_: PhaseTracker) -> bool:
            nonlocal proof
            self._answered()
            if tracker.taken_over:
                proof = self.watch.prove(tracker.new_pid, self.expected)
                if proof.proven:
                    return True
            return self._has_refused(tracker)

        self.watch.follow(tracker, self.emit, until=settled, deadline_s=deadline_s)
        self._executor.shutdown(wait=False)
        if not proof.proven:
            proof = self.watch.prove(tracker.new_pid, self.expected)
        self._read_messages()
        return proof

    def prove_old(self, *, deadline_s: float) -> Proof:
        """Return whether the process from before is proven to serve, now that the new one does not."""
        current = self.target.current
        if current is None:
            return Proof(missing=("nobody served before, either",))
        end = time.monotonic() + deadline_s
        while True:
            proof = self.watch.prove(current.pid, frozenset(self.before), lists_current=False)
            if proof.proven or time.monotonic() >= end:
                return proof
            time.sleep(0.1)  # 2 s of binding in vain go by before the old process listens again

    def handed_over(self) -> bool:
        """Return whether the sockets were handed over, as far as HAProxy has not complained that they were not."""
        return not any(text in message for message in self.messages for text in _NOT_HANDED_OVER)

    def _answered(self) -> bool:
        if self._future is None or not self._future.done():
            return False
        reply = self._future.result()
        self.messages = reply.messages or self.messages
        if reply.ok is False:
            self.refused = reply.text or "the reload was refused"
            self._read_messages()
        return True

    def _has_refused(self, tracker: PhaseTracker) -> bool:
        assert self._refusal is not None, "started"
        loading = bool(self.watch.pids() - tracker.old_pids)
        if self._refusal.failed(loading=loading) or tracker.died:
            self._read_messages()
            self.refused = next(iter(self.messages), "the new process did not come up")
        return bool(self.refused)

    def _read_messages(self) -> None:
        self.messages = self.messages or shown_messages(self.tap.read())
