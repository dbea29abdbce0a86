"""The preflight of a migration: the checks of a reload that hold for a start beside what runs, and its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.facts import RunMode
from hitless.migrations import Following
from hitless.reload.preflight.options import PreflightOptions
from hitless.reload.preflight.table import CHECKS, apply_force, run_checks
from hitless.reload.preflight.trial_bind import check_binds
from hitless.reloads import CheckState, PreflightCheck

if TYPE_CHECKING:
    from collections.abc import Callable

    from hitless.migrations import UnitLink
    from hitless.reload.migrate.options import MigrateOptions
    from hitless.reload.preflight.bind_plan import BindPlan
    from hitless.reload.target import Target

__all__ = ["check_link", "check_migration", "check_next_reloads"]

_OF_THE_RUNNING_MASTER = frozenset({"master", "signals", "hand-over", "last-reload", "configuration-age"})
_OF_WHAT_RUNS = frozenset({"generations", "peers", "runtime-state"})
_CHECKS = tuple(check for check in CHECKS if check.names[0] not in _OF_THE_RUNNING_MASTER)
_FORGETS_X = (2, 6)
"""From here on a master asks its own worker, whatever -x it was started with. Source: HAProxy 2.6-dev1 2be557f7c."""


def check_migration(
    target: Target, loads: Target, link: UnitLink, options: MigrateOptions, tell: Callable[[str], None]
) -> tuple[tuple[PreflightCheck, ...], BindPlan]:
    """Ask everything; `loads` is what runs, `target`, as if it had been started as the successor will be.

    Raises: UsageError for an unknown name in --force.
    """
    tell("asking HAProxy and looking at the host")
    of_what_runs = [check for check in _CHECKS if check.names[0] in _OF_WHAT_RUNS]
    checks = run_checks(
        loads, PreflightOptions(), checks=[check for check in _CHECKS if check not in of_what_runs]
    )
    checks += run_checks(target, PreflightOptions(), checks=of_what_runs)
    tell("trying to bind what is new")
    bind_checks, binds = check_binds(loads, transfer=True)
    own = (check_link(link), *check_next_reloads(loads))
    return apply_force((*checks, *bind_checks, *own), options.force), binds


def check_link(link: UnitLink) -> PreflightCheck:
    """Return whether the unit lives on."""
    if link.following is Following.LOST:
        return PreflightCheck(
            name="unit",
            state=CheckState.FAILED,
            message=link.why,
            hint="Write the unit as it is to be afterwards (the drop-in below): Type=notify makes systemd listen, also "
            "for what runs already. Then `systemctl daemon-reload`, and migrate again.",
        )
    return PreflightCheck(name="unit", state=CheckState.PASSED, message=link.why)


def check_next_reloads(loads: Target) -> tuple[PreflightCheck, ...]:
    """Return what the -x of this start does to later reloads: old masters ask that path again and again."""
    if loads.mode is not RunMode.MASTER_WORKER or not (0, 0) < loads.version[:2] < _FORGETS_X:
        return ()
    version = ".".join(map(str, loads.version[:2]))
    return (
        PreflightCheck(
            name="next-reloads",
            state=CheckState.WARNED,
            message=f"A {version} master asks the -x that it was started with at every later reload, and that will be "
            "gone: its reloads hand nothing over until it is started anew.",
            hint="`hitless reload` has the kernel move waiting connections then (net.ipv4.tcp_migrate_req).",
        ),
    )
