"""Signals as bytes of a socket, so that one loop waits for everything.

For process 1 the kernel ignores every signal without a handler (pid_namespaces(7)): each that means something gets one.
"""

from __future__ import annotations

import signal
import socket
from typing import Self

from hitless.run.machine import Wish

__all__ = ["FORWARDED", "WISHES", "SignalSocket"]

WISHES = {
    signal.SIGHUP: Wish.RELOAD,
    signal.SIGUSR2: Wish.RELOAD,
    signal.SIGTERM: Wish.STOP,
    signal.SIGINT: Wish.STOP,
    signal.SIGUSR1: Wish.STOP,
}
"""What a signal asks for: as a master understands them, but that SIGTERM and SIGINT let connections end first."""
FORWARDED = frozenset({signal.SIGQUIT, signal.SIGTTOU, signal.SIGTTIN})
"""Go on to HAProxy as they come: free memory, pause, resume."""
_CAUGHT = (*WISHES, *FORWARDED, signal.SIGCHLD)
_MOST = 256


class SignalSocket:
    """A context manager: within, the signals do nothing but come here; at its end they are as they were."""

    def __enter__(self) -> Self:
        self._ours, self._pythons = socket.socketpair()
        for end in (self._ours, self._pythons):
            end.setblocking(False)  # noqa: FBT003 - the standard library's way
        self._before = signal.set_wakeup_fd(self._pythons.fileno(), warn_on_full_buffer=False)
        self._handlers = {number: signal.signal(number, lambda *_: None) for number in _CAUGHT}
        self._mask = signal.pthread_sigmask(signal.SIG_UNBLOCK, _CAUGHT)
        return self

    def __exit__(self, *_: object) -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._before)
        self._ours.close()
        self._pythons.close()

    def fileno(self) -> int:
        """Return the descriptor that is readable when signals have come."""
        return self._ours.fileno()

    def take(self) -> tuple[signal.Signals, ...]:
        """Return the signals that have come, each once, in their order."""
        try:
            data = self._ours.recv(_MOST)
        except BlockingIOError:
            return ()
        return tuple(signal.Signals(number) for number in dict.fromkeys(data))
