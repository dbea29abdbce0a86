"""How each process of an instance is asked: old workers through their master, and nobody else's.

A classic process that has been replaced cannot be asked at all: the new one has taken the path of its stats socket, and
its own listener is closed (tried on 2.2 to 3.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.control.errors import CouldNotAsk
from hitless.control.runtime_api import MasterCli, RuntimeApi
from hitless.facts import RunMode
from hitless.host.processes import read_status

if TYPE_CHECKING:
    from hitless.control.replies import Processes
    from hitless.facts import Process
    from hitless.reload.target import Target

__all__ = ["CLASSIC", "NO_MASTER_CLI", "Reach"]

CLASSIC = (
    "a classic process that was replaced has no CLI any more: the new one has the path of its stats socket"
)
NO_MASTER_CLI = "HAProxy was started without a master CLI (-S), and only the master leads to an old worker"


class Reach:
    """The sockets of an instance that lead to its processes."""

    def __init__(self, target: Target) -> None:
        self.master = MasterCli(target.master_address) if target.master_address else None
        self._stats = target.stats_addresses
        self._master_worker = target.mode is RunMode.MASTER_WORKER
        self.name = f"the master CLI {target.master_address}" if self.master else "its stats socket"

    @property
    def why_not(self) -> str:
        """Why old processes cannot be asked, "" if they can."""
        if self.master is not None:
            return ""
        return NO_MASTER_CLI if self._master_worker else CLASSIC

    def ask_processes(self, *, timeout_s: float, patient: bool = True) -> Processes | None:
        """Return `show proc`, None without a master's CLI; `patient` waits for a reload that goes on meanwhile.

        Raises: ControlError
        """
        return self.master.ask_processes(timeout_s=timeout_s, patient=patient) if self.master else None

    def ask(self, process: Process, command: str, *, timeout_s: float, patient: bool = True) -> str:
        """Send a command to one process; `patient` waits for a reload that goes on meanwhile (see `RuntimeApi.ask`).

        Raises: ControlError; HostError if the process has ended.
        """
        if self.master is not None:
            inner_pid = read_status(process.pid).inner_pid
            return self.master.ask(f"@!{inner_pid} {command}", timeout_s=timeout_s, patient=patient)
        if process.generation != 0 or not self._stats:
            raise CouldNotAsk(self.why_not)
        return RuntimeApi(self._stats[0]).ask(command, timeout_s=timeout_s, patient=patient)
