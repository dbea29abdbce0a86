"""Steps about what HAProxy logs: a receiver, as a syslog daemon would be one."""

from __future__ import annotations

import re
import socket
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from hitless.errors import SandboxError

if TYPE_CHECKING:
    from hitless.lab.stage import Stage

__all__ = ["VERBS", "Receiver"]

QUIET_S = 0.3
"""A line that has not come so long after the last one does not come."""
LINE_LIMIT_BYTES = 8192
_PID = re.compile(r"^(?:<\d+>)?.*?\bhaproxy\[(\d+)\]:")


@dataclass(slots=True)
class Receiver:
    """What was received at one address so far; `idle` ones leave all in the kernel's queue until they are asked."""

    bound: socket.socket
    idle: bool
    lines: list[str] = field(default_factory=list)
    stopping: bool = False
    thread: threading.Thread | None = None

    def start(self) -> None:
        """Receive, beside what the steps do."""
        self.bound.settimeout(QUIET_S)
        if not self.idle:
            self.thread = threading.Thread(target=self._receive, daemon=True)
            self.thread.start()

    def _receive(self) -> None:
        while not self.stopping:
            self._take()

    def _take(self) -> bool:
        try:
            data = self.bound.recv(LINE_LIMIT_BYTES)
        except TimeoutError:
            return False
        self.lines.append(data.decode("utf-8", "backslashreplace").strip())
        return True

    def close(self) -> None:
        """Stop, with what is in the queue taken."""
        self.stopping = True
        if self.thread is not None:
            self.thread.join()
        while self._take():
            pass
        self.bound.close()


def receive_logs(stage: Stage, address: str, *words: str) -> None:
    """Be the receiver of log lines at a path or HOST:PORT: `receive-logs ADDRESS [idle]`.

    One that is `idle` does not read until `read-logs`: the kernel's queue takes what it can.
    """
    if address in stage.receivers:
        raise SandboxError(f"there is a receiver at {address} already")
    receiver = Receiver(_bind(address), "idle" in words)
    stage.receivers[address] = receiver
    receiver.start()


def _bind(address: str) -> socket.socket:
    try:
        if not address.startswith("/"):
            host, _, port = address.rpartition(":")
            bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            bound.bind((host, int(port)))
            return bound
        path = Path(address)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        bound = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        bound.bind(address)
        path.chmod(0o666)
    except OSError as error:
        raise SandboxError(f"a receiver of logs cannot be at {address}: {error}") from error
    return bound


def read_logs(stage: Stage, *texts: str) -> None:
    """Wait until no more lines come, and end every receiver: `read-logs [TEXT…]`.

    Observes `log.lines`, `log.said` (the last ones), `log.pids` (how many processes the lines name), and how many lines
    hold a text as `log.TEXT`.
    """
    lines: list[str] = []
    for receiver in stage.receivers.values():
        receiver.close()
        lines += receiver.lines
    stage.receivers.clear()
    stage.observe("log.lines", len(lines))
    stage.observe("log.said", "\n".join(lines[-10:]))
    stage.observe("log.pids", len({match[1] for line in lines if (match := _PID.match(line))}))
    for text in texts:
        stage.observe(f"log.{text}", sum(text in line for line in lines))


VERBS = {"receive-logs": receive_logs, "read-logs": read_logs}
