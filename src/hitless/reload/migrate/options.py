"""What is asked of a migration."""

from dataclasses import dataclass

from hitless.facts import RunMode
from hitless.reload.look import TargetOptions

__all__ = ["MigrateOptions"]


@dataclass(frozen=True, slots=True)
class MigrateOptions:
    """The words of `hitless migrate`. Times are seconds."""

    target: TargetOptions
    mode: RunMode | None = None
    """None: what it runs in; with nothing else asked for, classic becomes master-worker."""
    files: tuple[str, ...] = ()
    """Configuration files in place of its own."""
    program: str = ""
    master_cli: str | None = None
    """What -S is given; "" for no CLI, None for the default."""
    force: tuple[str, ...] = ()
    dry_run: bool = False
    timeout_s: float = 60.0
    wait_s: float = 300.0
    state_dir: str = ""
