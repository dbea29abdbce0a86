"""Starts the successor of a classic HAProxy, and stands in for the old processes while it starts.

A program of its own: it becomes what the old process was, and starts HAProxy with `-sf` and its own pid. So the signals
that HAProxy sends to old processes come here first:

- SIGUSR1: the successor has bound everything, and the old ones are to leave. Whoever asked for the reload passes it on
  once the successor serves. HAProxy itself would have sent it before it changes its user (and up to 3.0 its root
  directory, in the background): when that fails nobody is left.
- SIGTTOU: it cannot bind, and wants the old ones to stop listening for the two seconds that it goes on trying. That is
  an outage, and with an abstract socket the end of a 2.6.12; it is passed on only where that was asked for.

What goes into the background stays its child, so that nobody has to guess which process that is. It speaks over a
socket of sequenced packets: "pid N", "bound", "paused", "ended PID STATUS" (as waitpid gives it), "childless" (nothing
of it lives any more), "note TEXT", "failed TEXT". It hears "released" (the old ones have been told to leave), and
"done", which ends it. If the other side dies without a word, it finishes the reload alone as HAProxy would have: a call
that is killed leaves no two generations.

It imports nothing of hitless besides `likeness`: it may be in another mount namespace, and is to start quickly.
"""

import json
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from hitless.reload.likeness import Likeness, UnlikeError, apply_likeness, set_subreaper

__all__ = ["Start", "decode_start", "encode_start", "main"]

_MESSAGE_BYTES = 4096
_CAUGHT = (signal.SIGUSR1, signal.SIGTTOU, signal.SIGTTIN, signal.SIGCHLD)
_IGNORED = (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGPIPE)
_SETTLE_S = 0.5
"""Alone: how long the successor must live after it has bound before the old processes are told to leave."""
_PATIENCE_S = 600.0
"""Alone: how long it may take to bind."""
_START_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Start:
    """What to start, and as whom. Numbers are of open descriptors."""

    likeness: Likeness
    program: str
    before: Sequence[str]
    """Of the argument list, before the pid."""
    after: Sequence[str]
    environment: Mapping[str, str]
    output: int
    errors: int
    """Its standard output and error."""
    old: Sequence[int]
    """The old processes (pidfds)."""
    pass_pauses: bool


def encode_start(start: Start) -> bytes:
    """Return it as JSON."""
    return json.dumps(asdict(start)).encode()


def decode_start(data: bytes) -> Start:
    """Return what `encode_start` has written."""
    words = json.loads(data)
    return Start(**{**words, "likeness": Likeness(**words["likeness"])})


class _StandIn:
    """One start."""

    def __init__(self, start: Start, control: socket.socket) -> None:
        self._start = start
        self._control = control
        self._bound = self._paused = self._released = False
        self._signals = _catch_signals()

    def run(self) -> int:
        """Start it and tell what happens, until "done"; return our exit status."""
        try:
            for note in apply_likeness(self._start.likeness):
                self._say(f"note {note}")
            set_subreaper()
            self._say(f"pid {self._spawn()}")
        except (UnlikeError, OSError) as error:
            self._say(f"failed {error}")
            return 1
        poller = select.poll()
        poller.register(self._control, select.POLLIN)
        poller.register(self._signals, select.POLLIN)
        while True:
            ready = dict(poller.poll())
            if self._signals.fileno() in ready:
                self._take_signals()
            if self._control.fileno() in ready and not self._hear():
                return 0

    def _hear(self) -> bool:
        """Take a message; return whether to go on."""
        try:
            message = self._control.recv(_MESSAGE_BYTES)
        except OSError:
            message = b""
        if message == b"released":
            self._released = True
            return True
        if message != b"done" and not self._released:
            self._finish_alone()
        return False

    def _finish_alone(self) -> None:
        deadline = time.monotonic() + _PATIENCE_S
        while not self._bound and self._lives() and time.monotonic() < deadline:
            self._await_signal(deadline - time.monotonic())
        settled = time.monotonic() + _SETTLE_S
        while self._bound and self._lives() and time.monotonic() < settled:
            self._await_signal(settled - time.monotonic())
        if self._bound and self._lives():
            self._pass_on(signal.SIGUSR1)

    def _await_signal(self, timeout_s: float) -> None:
        if select.select([self._signals], [], [], max(0.0, timeout_s))[0]:
            self._take_signals()

    def _take_signals(self) -> None:
        for number in self._signals.recv(_MESSAGE_BYTES):
            if number == signal.SIGUSR1 and not self._bound:
                self._bound = True
                self._say("bound")
            elif number == signal.SIGCHLD:
                self._reap()
            elif number in {signal.SIGTTOU, signal.SIGTTIN}:
                if not self._paused:
                    self._paused = True
                    self._say("paused")
                if self._start.pass_pauses:
                    self._pass_on(signal.Signals(number))

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                self._say("childless")
                return
            if pid == 0:
                return
            self._say(f"ended {pid} {status}")

    def _lives(self) -> bool:
        """Return whether the successor, or what it has put into the background, lives."""
        self._reap()
        try:
            return os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
        except ChildProcessError:
            return False

    def _pass_on(self, number: signal.Signals) -> None:
        for process in self._start.old:
            try:
                signal.pidfd_send_signal(process, number)
            except OSError as error:
                self._say(f"note an old process could not be signalled: {error.strerror}")

    def _say(self, text: str) -> None:
        try:
            self._control.send(text.encode("utf-8", "backslashreplace")[:_MESSAGE_BYTES])
        except OSError:  # nobody hears it any more; what follows goes on alone
            return

    def _spawn(self) -> int:
        """Start the program; return its pid, or raise what execve says."""
        start = self._start
        words = [*start.before, str(os.getpid()), *start.after]
        read_end, write_end = os.pipe2(os.O_CLOEXEC)
        pid = os.fork()
        if pid == 0:
            try:
                _prepare_child(start)
                os.execve(start.program, words, dict(start.environment))  # noqa: S606 - no shell is wanted
            except OSError as error:
                os.write(write_end, str(error.errno or 0).encode())
            os._exit(127)
        os.close(write_end)
        with os.fdopen(read_end, "rb") as pipe:
            if failed := pipe.read(20):
                os.waitpid(pid, 0)
                raise OSError(int(failed), os.strerror(int(failed)), start.program)
        return pid


def _catch_signals() -> socket.socket:
    """Return a socket that gives the number of each signal that has come."""
    ours, pythons = socket.socketpair()
    for end in (ours, pythons):
        end.setblocking(False)  # noqa: FBT003 - the standard library's way
    signal.set_wakeup_fd(pythons.detach(), warn_on_full_buffer=False)
    for number in _CAUGHT:
        signal.signal(number, lambda *_: None)
    for number in _IGNORED:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    return ours


def _prepare_child(start: Start) -> None:
    """Be as a program is that a service manager has just started."""
    os.setsid()
    signal.set_wakeup_fd(-1)
    for caught in (*_CAUGHT, *_IGNORED, signal.SIGXFSZ):
        signal.signal(caught, signal.SIG_DFL)
    null = os.open(os.devnull, os.O_RDONLY)
    for number, descriptor in enumerate((null, start.output, start.errors)):
        os.dup2(descriptor, number)


def main(arguments: Sequence[str]) -> int:
    """Run; arguments are two descriptors: of a file that says what to start, and of the socket to speak over."""
    control = socket.socket(fileno=int(arguments[1]))
    with os.fdopen(int(arguments[0]), "rb") as file:
        start = decode_start(file.read(_START_BYTES))
    for descriptor in (control.fileno(), start.output, start.errors, *start.old, *start.likeness.namespaces):
        os.set_inheritable(descriptor, False)  # noqa: FBT003 - the standard library's way
    return _StandIn(start, control).run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
