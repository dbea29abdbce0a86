"""A process by a descriptor that never comes to mean another: to signal it, and to wait for its end."""

import os
import select
import signal
from types import TracebackType
from typing import Self

from hitless.host.errors import translated_of

__all__ = ["ProcessHandle"]


class ProcessHandle:
    """One process, by a descriptor that never comes to mean another (pidfd); a context manager.

    Raises: Gone if there is no such process, Denied if it may not be opened or signalled.
    Source: Linux 5.3 pidfd_open(2).
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        with translated_of(pid):
            self._descriptor = os.pidfd_open(pid)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def fileno(self) -> int:
        """Return the descriptor: readable, for any poller, once the process has ended."""
        return self._descriptor

    def await_exit(self, timeout_s: float) -> bool:
        """Wait for the end of the process; return whether it came within `timeout_s`."""
        poller = select.poll()
        poller.register(self._descriptor, select.POLLIN)
        return bool(poller.poll(max(0.0, timeout_s) * 1000))

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal to this very process.

        Raises: Gone, Denied.
        """
        with translated_of(self.pid):
            signal.pidfd_send_signal(self._descriptor, number)

    def close(self) -> None:
        """Close the descriptor; the process goes on."""
        os.close(self._descriptor)
