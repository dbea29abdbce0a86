"""What is asked of a reload."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from hitless.reload.choice import Trigger
from hitless.reload.look import TargetOptions

__all__ = ["ReloadOptions"]


@dataclass(frozen=True, slots=True)
class ReloadOptions:
    """The words of `hitless reload`. Times are seconds."""

    target: TargetOptions
    new: Mapping[str, str] = field(default_factory=dict)
    """New contents: path of a configuration file ("" for the only one there is) to the file that holds them."""
    via: Trigger | None = None
    rollback: bool | None = None
    """None: where there is a new configuration."""
    force: tuple[str, ...] = ()
    guard_s: float = 0.0
    """How long traffic is watched after the takeover; 0: not at all."""
    dry_run: bool = False
    timeout_s: float = 60.0
    """For the takeover, from the trigger on."""
    wait_s: float = 300.0
    """For other reloads of the same instance."""
    max_generations: int = 8
    load_budget_s: float = 60.0
    state_dir: str = ""
    trace: bool = True
    """Whether the kernel is asked what becomes of client connections."""

    @property
    def rolls_back(self) -> bool:
        """Whether a failure puts the last known good configuration back."""
        return bool(self.new) if self.rollback is None else self.rollback

    @property
    def what(self) -> str:
        """What another call must have asked for, too, so that one reload answers both."""
        new = sorted(self.new.items())
        return repr((new, self.via, self.rolls_back, sorted(self.force), self.guard_s, self.timeout_s))
