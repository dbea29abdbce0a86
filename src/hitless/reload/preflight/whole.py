"""The whole preflight: every question, in one answer, before anything is touched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hitless.reload.choice import check_transfer, choose_trigger
from hitless.reload.means import read_means
from hitless.reload.preflight.options import PreflightOptions
from hitless.reload.preflight.table import apply_force, run_checks
from hitless.reload.preflight.trial_bind import check_binds
from hitless.reload.way_back import check_way_back

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hitless.reload.choice import Choice
    from hitless.reload.options import ReloadOptions
    from hitless.reload.preflight.bind_plan import BindPlan
    from hitless.reload.target import Target
    from hitless.reload.way_back import WayBack
    from hitless.reloads import PreflightCheck

__all__ = ["Preflight", "run_preflight"]

_REMEDY = "net.ipv4.tcp_migrate_req is set for the time of it, and the kernel moves what waits"


@dataclass(frozen=True, slots=True)
class Preflight:
    """What was found."""

    choice: Choice
    checks: tuple[PreflightCheck, ...]
    binds: BindPlan

    @property
    def stopping(self) -> tuple[PreflightCheck, ...]:
        """The checks that keep the reload from being triggered."""
        return tuple(check for check in self.checks if check.stops)


def run_preflight(
    target: Target,
    options: ReloadOptions,
    way: WayBack | None,
    *,
    candidates: Mapping[str, str],
    tell: Callable[[str], None],
) -> Preflight:
    """Ask everything; `target` has the configuration that would be loaded.

    Raises: UsageError for a way of reloading that is not to be had, or an unknown name in --force.
    """
    means = read_means(target)
    choice = choose_trigger(means, options.via)
    tell("asking HAProxy and looking at the host")
    checks = run_checks(
        target,
        PreflightOptions(
            candidates=candidates,
            max_generations=options.max_generations,
            load_budget_s=options.load_budget_s,
            transfer_remedy=_REMEDY if choice.net else "",
        ),
    )
    tell("trying to bind what is new")
    bind_checks, binds = check_binds(target, transfer=choice.transfer)
    checks = (*checks, *bind_checks, check_transfer(means, choice))
    if way is not None:
        back = check_way_back(way, wanted=options.rolls_back, is_new=bool(options.new))
        checks = (*checks, *((back,) if back else ()))
    return Preflight(choice, apply_force(checks, options.force), binds)
