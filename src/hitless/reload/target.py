"""The running HAProxy that is to be reloaded: who it is, what it runs, how it is reached."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hitless.facts import Role, RunMode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hitless.facts import Instance, MasterView, Process, WorkerView
    from hitless.gather.place import ProcessPlace
    from hitless.subject import Subject

__all__ = ["Target"]


@dataclass(frozen=True, slots=True)
class Target:
    """One instance, seen at one moment. Nothing here is looked at again: whoever needs it anew reads a new target.

    `subject` is of the configuration that the reload would load (with `--config NEW`, the new one).
    """

    instance: Instance
    subject: Subject
    place: ProcessPlace
    environment: Mapping[str, str] = field(default_factory=dict)
    """Of the main process, as it is (secrets included): for the programs started in its place, never written down."""
    directory: str = "/"
    """Where relative names of its command line begin."""
    master_address: str = ""
    """The master's CLI as it is reached from here; "" without one (classic, or no -S)."""
    current_started_at: float = 0.0
    """When the process that serves was started (seconds since the epoch); 0 where that is not known."""
    stats_addresses: tuple[str, ...] = ()
    """Stats sockets as they are reached from here, in the configuration's order."""

    @property
    def mode(self) -> RunMode:
        """Classic or master-worker."""
        return self.instance.mode

    @property
    def version(self) -> tuple[int, int, int]:
        """Of the program that runs; (0, 0, 0) where it could not be asked."""
        return self.instance.binary.version if self.instance.binary else (0, 0, 0)

    @property
    def processes(self) -> tuple[Process, ...]:
        """All its processes."""
        return self.instance.processes or ()

    @property
    def master(self) -> Process | None:
        """The master, None in classic mode."""
        return next((p for p in self.processes if p.role is Role.MASTER), None)

    @property
    def carriers(self) -> tuple[Process, ...]:
        """The processes that carry traffic, of all generations; newest first."""
        found = [p for p in self.processes if p.role in {Role.WORKER, Role.CLASSIC}]
        return tuple(sorted(found, key=lambda p: (p.generation is None, p.generation or 0, p.age_s)))

    @property
    def current(self) -> Process | None:
        """The process that serves now: the newest that listens."""
        return next((p for p in self.carriers if p.generation == 0), None)

    @property
    def old(self) -> tuple[Process, ...]:
        """The processes of earlier generations that still live."""
        return tuple(p for p in self.carriers if p.generation)

    @property
    def master_view(self) -> MasterView | None:
        """What the master said of itself."""
        return self.instance.master

    def worker_view(self, pid: int) -> WorkerView | None:
        """What this process said of itself, None if it was not reached."""
        return next((w for w in self.instance.workers or () if w.pid == pid), None)
