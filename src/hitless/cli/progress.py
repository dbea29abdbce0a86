"""Progress of a run on a terminal: the stage, the reloads, the attempts so far. Nothing where nobody watches."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Self

from hitless.cli.status_line import StatusLine
from hitless.prove.protocol import Progress, Tick
from hitless.units import format_count

if TYPE_CHECKING:
    from types import TracebackType

    from hitless.prove.protocol import Message

__all__ = ["ShowProgress", "ShowSlow"]

_STAGES = {
    "sandbox": "building the private namespace",
    "check": "checking the configuration",
    "world": "starting the simulated servers",
    "start": "starting HAProxy",
    "probe": "looking for requests that each frontend answers",
    "load": "connecting the clients",
    "control": "control run",
    "reload": "reload",
    "settle": "waiting for what comes late",
    "judge": "judging",
}


class ShowProgress(StatusLine):
    """Shows messages as one line that changes; a context manager, and callable with a message."""

    def __init__(self, *, enabled: bool) -> None:
        super().__init__("starting", enabled=enabled)
        self._stage = ""
        self._counters = ""

    def __call__(self, message: Message) -> None:
        """Show one message of the run."""
        if isinstance(message, Progress):
            step = f" {message.step} of {message.steps}" if message.steps else ""
            detail = f" · {message.detail}" if message.detail else ""
            self._stage = f"{_STAGES.get(message.stage, message.stage)}{step}{detail}"
        elif isinstance(message, Tick):
            failed = f", {format_count(message.failed)} failed" if message.failed else ""
            self._counters = f" · {format_count(message.attempts)} attempts{failed}"
        self.say(self._stage + self._counters)


class ShowSlow:
    """Says what goes on where it takes longer than a second, and takes the line away again; a context manager."""

    AFTER_S = 1.0

    def __init__(self, text: str, *, enabled: bool) -> None:
        self._text = text
        self._timer = threading.Timer(self.AFTER_S, self._show) if enabled else None
        self._lock = threading.Lock()
        self._is_shown = False
        self._is_over = False

    def __enter__(self) -> Self:
        if self._timer is not None:
            self._timer.daemon = True
            self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
        with self._lock:
            self._is_over = True
            if self._is_shown:
                sys.stderr.write("\r\x1b[K")
                sys.stderr.flush()

    def _show(self) -> None:
        with self._lock:
            if not self._is_over:
                self._is_shown = True
                sys.stderr.write(f"{self._text} …")
                sys.stderr.flush()
