"""The checks of the preflight in their order, and how a check that failed is overridden by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from hitless.errors import UsageError
from hitless.reload.preflight.configuration import check_configuration
from hitless.reload.preflight.configuration_age import check_configuration_age
from hitless.reload.preflight.files import check_files
from hitless.reload.preflight.generations import check_generations
from hitless.reload.preflight.hand_over import check_hand_over
from hitless.reload.preflight.known_faults import check_known_faults
from hitless.reload.preflight.last_reload import check_last_reload
from hitless.reload.preflight.master import check_master
from hitless.reload.preflight.peers import check_peers
from hitless.reload.preflight.program import check_program
from hitless.reload.preflight.rights import check_rights
from hitless.reload.preflight.room import check_room
from hitless.reload.preflight.runtime_state import check_runtime_state
from hitless.reload.preflight.signals import check_signals
from hitless.reloads import CheckState, PreflightCheck

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from hitless.reload.preflight.options import PreflightOptions
    from hitless.reload.target import Target

__all__ = ["CHECKS", "NAMES", "Check", "apply_force", "run_checks"]


class Check(NamedTuple):
    """One file of the preflight: the names of the answers it gives, and the question."""

    names: tuple[str, ...]
    ask: Callable[[Target, PreflightOptions], tuple[PreflightCheck, ...]]


CHECKS: tuple[Check, ...] = (
    Check(("master",), check_master),
    Check(("signals",), check_signals),
    Check(("hand-over",), check_hand_over),
    Check(("program",), check_program),
    Check(("configuration", "load-time"), check_configuration),
    Check(("files",), check_files),
    Check(("rights",), check_rights),
    Check(("room",), check_room),
    Check(("generations",), check_generations),
    Check(("last-reload",), check_last_reload),
    Check(("known-faults",), check_known_faults),
    Check(("peers",), check_peers),
    Check(("runtime-state",), check_runtime_state),
    Check(("configuration-age",), check_configuration_age),
)
"""Cheap ones that say whether there is anything to reload first; addresses are another table's (`binds`)."""

NAMES = tuple(name for check in CHECKS for name in check.names)


def run_checks(
    target: Target,
    options: PreflightOptions,
    *,
    progress: Callable[[str], None] | None = None,
    checks: Sequence[Check] = CHECKS,
) -> tuple[PreflightCheck, ...]:
    """Ask everything, in order; `progress` is called with the name of each check before it.

    A check that breaks has found nothing out: its answers are unknown, and required.
    """
    found: list[PreflightCheck] = []
    for check in checks:
        if progress is not None:
            progress(check.names[0])
        try:
            found += check.ask(target, options)
        except Exception as error:  # noqa: BLE001 - whatever it was, it must neither pass nor end the others
            found += (_broken(name, error) for name in check.names)
    return tuple(found)


def apply_force(checks: Iterable[PreflightCheck], forced_names: Iterable[str]) -> tuple[PreflightCheck, ...]:
    """Return the checks with those that stop the reload and were named turned into FORCED; the others stay.

    Raises: UsageError for a name that no check has.
    """
    given = tuple(checks)
    forced = frozenset(forced_names)
    known = dict.fromkeys((*(check.name for check in given), *NAMES))
    if unknown := sorted(forced - known.keys()):
        raise UsageError(
            f"--force {unknown[0]} names no check.", hint=f"The checks are: {', '.join(sorted(known))}."
        )
    return tuple(
        replace(check, state=CheckState.FORCED) if check.stops and check.name in forced else check
        for check in given
    )


def _broken(name: str, error: Exception) -> PreflightCheck:
    return PreflightCheck(
        name=name,
        state=CheckState.UNKNOWN,
        message=f"the check itself broke: {type(error).__name__}: {error}",
        hint=f"This is a fault of hitless. --force {name} goes on without it.",
        required=True,
    )
