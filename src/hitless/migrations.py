"""What a migration of a running HAProxy came to, or would do: the record that crosses packages, and its document."""

from enum import StrEnum

from hitless.records import Record
from hitless.reloads import ListenerChange, PreflightCheck

__all__ = ["MIGRATION_FORMAT", "Following", "Migration", "MigrationOutcome", "MigrationSide", "UnitLink"]

MIGRATION_FORMAT = 1


class MigrationOutcome(StrEnum):
    """How a migration ended."""

    PLANNED = "planned"
    """A dry run: nothing was touched."""
    MIGRATED = "migrated"
    """Proven: the new process serves, owns every listening socket, answers; nobody else holds one."""
    REJECTED_BY_PREFLIGHT = "rejected-by-preflight"
    """Nothing was touched."""
    NOT_STARTED = "not-started"
    """The new process never came to serve and was withdrawn; the old one serves as before, and was never signalled."""
    NOT_PROVEN = "not-proven"
    """The old process was asked to leave, and what follows could not be proven in time."""


class Following(StrEnum):
    """How the service manager gets to know which process is the service's main one."""

    NOBODY = "nobody"
    """No unit, or one that follows no process."""
    PID_FILE = "pid-file"
    """PIDFile= of the unit, which the new process writes: read when the old process ends."""
    TOLD = "told"
    """systemd is told (MAINPID=) before the old process is asked to leave."""
    LOST = "lost"
    """Not at all: the unit would end with the old process, and the new one with it."""


class UnitLink(Record, frozen=True):
    """What the unit of a HAProxy makes of another main process."""

    following: Following
    name: str = ""
    why: str = ""
    main_pid: int = 0
    """As systemd says it now."""


class MigrationSide(Record, frozen=True):
    """A HAProxy, before or after."""

    mode: str
    version: str = ""
    program: str = ""
    arguments: tuple[str, ...] = ()
    """The command line without what hands over (-sf, -x)."""
    files: tuple[str, ...] = ()
    pid: int = 0
    """The main process: the master, or the classic process that serves. 0: none was started."""
    serving_pid: int = 0
    """The process that carries traffic."""


class Migration(Record, frozen=True):
    """One migration."""

    instance: str
    outcome: MigrationOutcome
    before: MigrationSide
    after: MigrationSide
    reason: str = ""
    """Why it is not MIGRATED."""
    tool_version: str = ""
    started_at: str = ""
    """UTC, ISO 8601."""
    duration_s: float = 0.0
    checks: tuple[PreflightCheck, ...] = ()
    forced: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    listeners: tuple[ListenerChange, ...] = ()
    unit: UnitLink = UnitLink(following=Following.NOBODY)
    how: tuple[str, ...] = ()
    """What was seen that proves it."""
    missing: tuple[str, ...] = ()
    """What is not so, or could not be asked."""
    messages: tuple[str, ...] = ()
    """What HAProxy said while it started."""
    notes: tuple[str, ...] = ()
    way_back: str = ""
    """The command that leads back."""
    unit_change: tuple[str, ...] = ()
    """Lines of a drop-in without which the next start is not what runs now; () where nothing has to change."""
    format: int = MIGRATION_FORMAT

    @property
    def stopped_by(self) -> tuple[PreflightCheck, ...]:
        """The checks that keep it from being begun."""
        return tuple(check for check in self.checks if check.stops)
