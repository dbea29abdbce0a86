"""Become a newer version of ourselves without closing a socket: try the new program, then execute it in our place."""

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hitless.hold.heir import MEMORY_VARIABLE
from hitless.hold.loop import Loop
from hitless.hold.memory import set_inheritable

if TYPE_CHECKING:
    import subprocess

__all__ = ["Upgrade"]

_TRIAL_S = 20.0


@dataclass(slots=True)
class Upgrade:
    """One at a time."""

    loop: Loop
    say: Callable[[str], None]
    descriptors: Callable[[], list[int]]
    """What must outlive execve."""
    ready: bool = False
    _trial: "subprocess.Popen[bytes] | None" = None
    _handle: int = -1
    _ends_s: float = 0.0

    def begin(self) -> None:
        """Start the new program once, to see whether it can; it says so without doing anything."""
        if self._trial is not None and time.monotonic() < self._ends_s:
            return
        import subprocess  # seldom needed

        self._give_up()
        try:
            self._trial = subprocess.Popen(
                [*_command(), "--check"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
            )
            self._handle = os.pidfd_open(self._trial.pid)
        except OSError as error:
            self.say(f"the new program cannot be started, we stay: {error.strerror}")
            return
        self._ends_s = time.monotonic() + _TRIAL_S
        self.loop.watch(_Handle(self._handle), self._has_ended)

    def _has_ended(self) -> None:
        assert self._trial is not None
        status = self._trial.wait()
        self._give_up()
        self.ready = status == 0
        if status:
            self.say(f"the new program ends with status {status}, we stay")

    def _give_up(self) -> None:
        if self._handle >= 0:
            self.loop.forget(_Handle(self._handle))
            os.close(self._handle)
            self._handle = -1
        if self._trial is not None:
            self._trial.kill()
            self._trial.wait()
            self._trial = None

    def execute(self, memory: int) -> None:
        """Execute the new program in our place; on return it could not be."""
        self.ready = False
        descriptors = self.descriptors()
        set_inheritable(descriptors, inheritable=True)
        environment = {**os.environ, MEMORY_VARIABLE: str(memory)}
        try:
            os.execve(sys.executable, [*_command(), *sys.argv[1:]], environment)  # noqa: S606 - no shell is wanted
        except OSError as error:
            set_inheritable(descriptors, inheritable=False)
            self.say(f"the new program cannot be executed, we stay: {error.strerror}")


@dataclass(frozen=True, slots=True)
class _Handle:
    number: int

    def fileno(self) -> int:
        return self.number


def _command() -> list[str]:
    return [sys.executable, "-P", "-m", "hitless.hold"]
