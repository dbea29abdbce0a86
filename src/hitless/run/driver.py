"""One run: waits for signals, ends and answers, and does what the machine says."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from typing import TYPE_CHECKING

from hitless.control.socket_transfer import close_listeners, fetch_listeners
from hitless.errors import ControlError, HitlessError, ReloadError
from hitless.gather.launch import RUN_VARIABLE
from hitless.host.errors import HostError
from hitless.reload.likeness import set_subreaper
from hitless.run.children import Children, Done
from hitless.run.kept_sockets import KeptSockets
from hitless.run.machine import Accepting, Asked, Command, Do, Ended, Machine, NotReady, Phase, Tick
from hitless.run.main_process import MainProcess
from hitless.run.notify_socket import NotifySocket
from hitless.run.processes import haproxy_children, read_serving, signature
from hitless.run.signals import FORWARDED, WISHES, SignalSocket
from hitless.run.words import became_ready, ready_words, reload_words, reloaded, with_transfer

if TYPE_CHECKING:
    from collections.abc import Callable

    from hitless.run.machine import Event
    from hitless.run.options import RunOptions

__all__ = ["run"]

_LOOK_S = 0.25
"""How often it is looked whether somebody else has reloaded."""
_SETTLES_S = (0.1, 0.5, 2.0)
"""How long after that the sockets are taken: when the old generation lets go is no event for us."""
_FETCH_TIMEOUT_S = 2.0
_NOT_STARTED = 127
"""As a shell says that there is no such program."""


def run(options: RunOptions, version: tuple[int, int, int], say: Callable[[str], None]) -> int:
    """Run HAProxy until it is stopped or given up; return our exit status. `say` is told what goes on.

    `version` is the program's; (0, 0, 0) where it is not known.

    Raises: OSError if no socket for notifications can be made.
    """
    set_subreaper()
    with SignalSocket() as signals, NotifySocket(os.environ) as notify, contextlib.ExitStack() as stack:
        runner = _Runner(options, KeptSockets(version), signals, notify, say)
        stack.callback(runner.close)
        return runner.run()


class _Runner:
    def __init__(
        self,
        options: RunOptions,
        kept: KeptSockets,
        signals: SignalSocket,
        notify: NotifySocket,
        say: Callable[[str], None],
    ) -> None:
        self._options = options
        self._kept = kept
        self._signals = signals
        self._notify = notify
        self._say = say
        self._machine = Machine(options)
        plain = {name: value for name, value in os.environ.items() if name != "NOTIFY_SOCKET"}
        self._environment = {
            **plain,
            RUN_VARIABLE: "1",
            **({"NOTIFY_SOCKET": notify.path} if notify.path else {}),
        }
        self._children = Children(plain)
        self._offer = contextlib.ExitStack()
        self._main = MainProcess()
        self._seen: frozenset[tuple[int, int]] = frozenset()
        self._take_at: list[float] = []
        self._look_at = 0.0
        self._problem = ""
        self._stats_sockets: tuple[str, ...] = ()
        self._status: int | None = None

    def run(self) -> int:
        self._do(self._machine.begin())
        poller = select.poll()
        for one in (self._signals, self._notify):
            if one.fileno() >= 0:
                poller.register(one.fileno(), select.POLLIN)
        while self._status is None:
            poller.poll(self._patience_ms())
            self._notify.pass_on()
            for number in self._signals.take():
                self._take_signal(number)
            for done in self._children.reap():
                self._take_end(done)
            self._look()
            if (deadline := self._machine.deadline) is not None and time.monotonic() >= deadline:
                self._handle(Tick())
        return self._status

    def close(self) -> None:
        """Let go of everything; what of HAProxy still lives (we were interrupted) lives on."""
        self._children.cancel("ready", "reload")
        self._offer.close()
        self._kept.close()

    def _patience_ms(self) -> int:
        times = [
            self._look_at,
            *self._take_at,
            *((self._machine.deadline,) if self._machine.deadline else ()),
        ]
        return max(0, int(1000 * (min(times) - time.monotonic())) + 1)

    def _handle(self, event: Event) -> None:
        self._do(self._machine.handle(event, time.monotonic()))

    def _do(self, commands: list[Command]) -> None:
        acts: dict[Do, Callable[[], None]] = {
            Do.START: self._start,
            Do.AWAIT_READY: self._await_ready,
            Do.RELOAD: self._reload,
            Do.TAKE: self._take,
            Do.CLOSE: self._kept.close,
            Do.SOFT_STOP: self._soft_stop,
            Do.TERMINATE: lambda: self._signal_all(signal.SIGTERM),
            Do.KILL: lambda: self._signal_all(signal.SIGKILL),
        }
        for command in commands:
            if command.do is Do.SAY:
                self._say(command.text)
            elif command.do is Do.NOTIFY:
                self._notify.say(_with_clock(command.text))
            elif command.do is Do.EXIT:
                self._status = command.status
            else:
                acts[command.do]()

    def _soft_stop(self) -> None:
        self._children.cancel("ready", "reload")
        self._signal_all(signal.SIGUSR1)

    def _start(self) -> None:
        self._children.cancel("ready")
        self._offer.close()
        try:
            path = self._transfer_from()
            self._main.begin(
                self._children.start_haproxy(with_transfer(self._options.command, path), self._environment)
            )
        except HitlessError as error:
            self._say(error.message)
            self._main.begin(0)
            self._main.note_end(_NOT_STARTED, time.monotonic())

    def _transfer_from(self) -> str:
        """Return where the next start gets its sockets: from us, else from a holder; "" to bind them itself."""
        offer = self._kept.offer()
        if offer is not None:
            return self._offer.enter_context(offer).path
        holder = self._options.holder
        if not holder:
            return ""
        try:
            close_listeners(fetch_listeners(holder, timeout_s=_FETCH_TIMEOUT_S))
        except ControlError as error:  # a classic HAProxy would not start with an -x that has nothing
            self._say(f"the holder has nothing to hand over: {error.message}")
            return ""
        return holder

    def _await_ready(self) -> None:
        if self._main.pid and "ready" not in self._children.running:
            self._help("ready", ready_words(self._main.pid, self._options))

    def _reload(self) -> None:
        self._help("reload", reload_words(self._main.pid, self._options))

    def _help(self, name: str, words: tuple[str, ...]) -> None:
        try:
            self._children.start_hitless(name, words)
        except ReloadError as error:
            self._say(error.message)
            event = NotReady(error.message) if name == "ready" else reloaded(b"", error.message.encode())[0]
            self._handle(event)

    def _take(self) -> None:
        """Keep what HAProxy listens on now; while nobody listens, what is kept stays."""
        problem = ""
        try:
            serving = read_serving(self._main.pid)
            self._handle(Accepting(bool(serving)))
            if serving:
                problem = self._kept.take(serving, self._stats_sockets)
        except HostError as error:
            problem = error.message
        self._offer.close()
        self._seen = signature(self._main.pid)
        if problem and problem != self._problem:
            self._say(f"its listening sockets cannot be kept over its end: {problem}")
        self._problem = problem

    def _signal_all(self, number: signal.Signals) -> None:
        """Send a signal to every HAProxy below us; a master passes it on to its workers."""
        for pid in {self._main.pid, *haproxy_children(os.getpid())} - {0}:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def _take_signal(self, number: signal.Signals) -> None:
        if number in WISHES:
            self._handle(Asked(WISHES[number]))
        elif number in FORWARDED and self._main.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._main.pid, number)

    def _take_end(self, done: Done) -> None:
        if done.name == "ready":
            event, sockets = became_ready(done.output, done.errors)
            self._stats_sockets = sockets or self._stats_sockets
            self._handle(event)
        elif done.name == "reload":
            outcome, pid = reloaded(done.output, done.errors)
            self._main.note_reload(pid)
            self._handle(outcome)
        elif done.pid == self._main.pid:
            self._main.note_end(done.status, time.monotonic())

    def _look(self) -> None:
        """See whether HAProxy has ended, or somebody else has reloaded it."""
        now = time.monotonic()
        machine = self._machine
        status = self._main.settle(now, machine.phase, reloading=machine.reloading)
        if status is not None:
            self._handle(Ended(status))
            return
        if now < min(self._look_at, *self._take_at, now + 1):
            return
        self._look_at = now + _LOOK_S
        if machine.phase is not Phase.SERVING or machine.reloading or not self._main.pid:
            return
        if (seen := signature(self._main.pid)) != self._seen:
            self._seen = seen
            self._take_at = [now + settle_s for settle_s in _SETTLES_S]
        if self._take_at and now >= self._take_at[0]:
            self._take_at = [at for at in self._take_at if at > now]
            self._main.follow()
            self._take()


def _with_clock(text: str) -> str:
    """Return a notification, with the moment where it says that a reload begins (Type=notify-reload)."""
    if not text.startswith("RELOADING=1"):
        return text
    return f"{text}\nMONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}"
