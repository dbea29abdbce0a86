"""Close sessions one by one at an even rate, through the CLI of each process: the doing of `waves`.

Before it is closed, each session is looked at again: its name is an address of memory, and another session may have it
by now. HAProxy acknowledges a closing with an empty line, as a master that breaks off would: whether the session is
really gone is seen in the next list.

Source: HAProxy 2.2, 2.8 and 3.4 src/stream.c cli_parse_shutdown_session(); tried on 2.2 to 3.2.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

from hitless.control.errors import CouldNotAsk, WasRefused
from hitless.control.sessions import parse_session
from hitless.errors import ControlError
from hitless.host.errors import HostError
from hitless.reload.drain.read_process import ask_info, ask_sessions, read_kernel_view
from hitless.reload.drain.tally import Tally
from hitless.reload.drain.waves import Order, Pace, Queue, has_aged, is_same, select_sessions

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from hitless.drains import CloseResult
    from hitless.facts import Process
    from hitless.reload.drain.process_facts import Session
    from hitless.reload.drain.read_process import Asker

__all__ = ["Closer", "Watch"]

_ASK_TIMEOUT_S = 2.0
_REFRESH_S = 5.0
_REFRESH_COST = 50
"""The list is asked anew so seldom that it takes at most 2 % of the time."""
_SETTLE_S = 1.0
"""So long HAProxy may take to end a session that it has been told to close."""
_MOST_TRIES = 3
_MOST_GONE_AT_ONCE = 100
_NO_RIGHT = "Permission denied"
_GONE = "No such session"


class Watch(Protocol):
    """Waits, and notices processes that end meanwhile."""

    def wait(self, timeout_s: float) -> Collection[int]:
        """Return the processes that have ended, as soon as one has, or none after `timeout_s`."""
        ...  # pragma: no cover - a signature


class Closer:
    """Closes the sessions of some processes.

    `on_change` is told how many have been closed and how many wait.
    """

    def __init__(
        self,
        asker: Asker,
        watch: Watch,
        processes: Mapping[int, Process],
        sessions: Sequence[Session],
        *,
        order: Order,
        over_s: float,
        frontends: Collection[str] = (),
        clock: Callable[[], float] = time.monotonic,
        on_change: Callable[[int, int], None] | None = None,
    ) -> None:
        self._asker = asker
        self._watch = watch
        self._processes = dict(processes)
        self._order = order
        self._frontends = frozenset(frontends)
        self._over_s = over_s
        self._clock = clock
        self._on_change = on_change
        chosen = select_sessions(sessions, self._frontends)
        self._queue = Queue(chosen, order)
        self._pace = Pace(len(chosen), over_s)
        self._tally = Tally(len(chosen), over_s, order.value)
        self._unsettled: dict[tuple[int, str], Session] = {}
        """Those that HAProxy was told to close and that no list has been seen without."""
        self._tries: dict[tuple[int, str], int] = {}
        self._silent: dict[int, int] = {}
        """How often in a row a process has not answered."""
        self._start = clock()

    def run(self) -> None:
        """Close all of them.

        Raises: ControlError if HAProxy refuses to close anything (the level of the socket).
        """
        self._start = self._clock()
        refresh_at_s = _REFRESH_S
        while self._queue or self._unsettled:
            if self._elapsed_s() >= refresh_at_s or not self._queue:
                refresh_at_s = self._refresh()
            while self._pace.take(self._elapsed_s(), len(self._queue)):
                self._close_next()
            if self._on_change is not None:
                self._on_change(len(self._tally.closed_at_s), len(self._queue))
            for pid in self._watch.wait(self._until(refresh_at_s)):
                self._has_ended(pid)

    def result(self, *, interrupted: bool = False) -> CloseResult:
        """Return the account, at the end or where it was interrupted."""
        return self._tally.result(
            duration_s=self._elapsed_s(),
            gone=self._queue.gone,
            appeared=self._queue.appeared,
            waiting=len(self._queue),
            interrupted=interrupted,
        )

    def _elapsed_s(self) -> float:
        return self._clock() - self._start

    def _until(self, refresh_at_s: float) -> float:
        """Return how long there is nothing to do."""
        if not self._queue:
            return _SETTLE_S / 4 if self._unsettled else 0.0
        now_s = self._elapsed_s()
        return min(self._pace.wait_s(now_s), max(0.0, refresh_at_s - now_s))

    def _close_next(self) -> None:
        """Close the next one that is still there."""
        for _ in range(_MOST_GONE_AT_ONCE):
            if not self._queue:
                return
            session = self._queue.take()
            try:
                if self._close(session):
                    return
                self._tally.gone += 1
            except HostError:
                self._tally.gone += 1
                self._has_ended(session.pid)
            except CouldNotAsk as error:
                self._queue.put_back(session)
                self._no_answer(session.pid, error)
                return

    def _close(self, session: Session) -> bool:
        """Close one session; return False if it was gone.

        Raises: CouldNotAsk, HostError; ControlError where no session can be closed.
        """
        process, name = self._processes[session.pid], session.row.id
        try:
            reply = self._asker.ask(process, f"show sess {name}", timeout_s=_ASK_TIMEOUT_S)
            detail = parse_session(reply)
            if detail is None or (detail.source, detail.frontend) != (
                session.row.source,
                session.row.frontend,
            ):
                return False
            if not has_aged(session, detail.age_s, self._clock()):
                return False
            reply = self._asker.ask(
                process, f"shutdown session {name}", timeout_s=_ASK_TIMEOUT_S, patient=False
            )
        except WasRefused as error:
            if error.raw.startswith(_NO_RIGHT):
                raise
            raise CouldNotAsk(error.message) from error
        self._silent.pop(session.pid, None)
        if reply.startswith(_GONE):
            return False
        if reply.strip():
            self._tally.failed += 1
            self._tally.problem(f"process {session.pid} did not close {name}: {reply.strip()[:200]}")
            return True
        self._tally.closed(session.key, self._elapsed_s(), self._pace.due_s)
        self._unsettled[session.key] = session
        return True

    def _no_answer(self, pid: int, error: ControlError) -> None:
        """Note that a process did not answer; when that goes on, its sessions are given up."""
        self._silent[pid] = self._silent.get(pid, 0) + 1
        if self._silent[pid] >= _MOST_TRIES:
            self._tally.problem(f"process {pid} does not answer, its sessions are left: {error.message}")
            self._tally.left += self._queue.drop(pid)
            self._forget(pid)

    def _has_ended(self, pid: int) -> None:
        if pid in self._processes:
            self._tally.ended.append(pid)
            self._tally.gone += self._queue.drop(pid)
            self._forget(pid)

    def _forget(self, pid: int) -> None:
        self._processes.pop(pid, None)
        self._unsettled = {key: s for key, s in self._unsettled.items() if key[0] != pid}

    def _refresh(self) -> float:
        """Look at the lists again; return when to do so next."""
        start = self._clock()
        for pid, process in list(self._processes.items()):
            try:
                info = ask_info(self._asker, process, timeout_s=_ASK_TIMEOUT_S)
                kernel = read_kernel_view([process])[0] if self._order is Order.IDLEST else None
                found = ask_sessions(
                    self._asker, process, info, kernel, timeout_s=_ASK_TIMEOUT_S, clock=self._clock
                )
            except HostError:
                self._has_ended(pid)
            except ControlError as error:
                self._no_answer(pid, error)
            else:
                self._silent.pop(pid, None)
                self._compare(pid, select_sessions(found, self._frontends))
        now_s = self._elapsed_s()
        return now_s + max(_REFRESH_S, _REFRESH_COST * (self._clock() - start))

    def _compare(self, pid: int, sessions: Sequence[Session]) -> None:
        """Compare a list with what is waiting, and with what has been closed.

        A new one (the next request on a connection that was kept) is closed within the time, and not after it.
        """
        now = {s.key: s for s in sessions}
        for key, session in [(k, s) for k, s in self._unsettled.items() if k[0] == pid]:
            if key not in now or not is_same(session, now[key]):
                del self._unsettled[key]
            elif self._elapsed_s() - self._tally.closed_at_s[key] > _SETTLE_S:
                del self._unsettled[key]
                self._still_there(now[key])
        self._queue.refresh(pid, sessions, take_new=self._elapsed_s() < self._over_s)

    def _still_there(self, session: Session) -> None:
        """Try one again that has been closed and is still listed."""
        del self._tally.closed_at_s[session.key]
        self._tries[session.key] = self._tries.get(session.key, 1) + 1
        if self._tries[session.key] <= _MOST_TRIES:
            self._queue.put_back(session)
            return
        self._tally.failed += 1
        self._tally.problem(
            f"process {session.pid} still has session {session.row.id} after {_MOST_TRIES} tries to close it"
        )
