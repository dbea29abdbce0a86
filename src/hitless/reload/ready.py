"""Wait until the current generation is proven to serve: what a script does instead of polling a socket's path."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hitless.errors import HitlessError, UsageError
from hitless.reload.assemble import label_of
from hitless.reload.look import SeveralInstances, TargetOptions, read_target
from hitless.reload.preflight.trial_bind import look_at_binds
from hitless.reload.readiness import unready_reasons
from hitless.reload.takeover_watch import TakeoverWatch
from hitless.reload.way_back import runs_what_is_on_disk
from hitless.reloads import Readiness

if TYPE_CHECKING:
    from collections.abc import Callable

    from hitless.reload.target import Target

__all__ = ["ReadyOptions", "await_ready"]

_FIRST_PERIOD_S = 0.02
_LONGEST_PERIOD_S = 0.5


@dataclass(frozen=True, slots=True)
class ReadyOptions:
    """The words of `hitless ready`."""

    target: TargetOptions
    timeout_s: float = 30.0
    not_pid: int | None = None
    """It must be another process than this."""
    loaded: bool = False
    """It must have been started after the configuration on disk was last changed."""
    any_unit_state: bool = False
    """Its unit may be starting or reloading: it waits for the answer."""


def await_ready(options: ReadyOptions, tell: Callable[[str], None]) -> Readiness:
    """Return whether it is ready, once it is or the time is over, with what was seen.

    Raises: UsageError if several HAProxies run, or the words name none that could come.
    """
    start = time.monotonic()
    period_s = _FIRST_PERIOD_S
    while True:
        found = _look(options)
        waited_s = time.monotonic() - start
        if found.ready or waited_s >= options.timeout_s:
            return Readiness(
                instance=found.instance,
                ready=found.ready,
                pid=found.pid,
                waited_s=round(waited_s, 3),
                how=found.how,
                missing=found.missing,
                unknown=found.unknown,
                stats_sockets=found.stats_sockets,
            )
        tell(f"not ready: {found.missing[0]}" if found.missing else "not ready")
        # Processes that start, sockets that are bound and answers that change send no common event.
        time.sleep(min(period_s, max(0.0, options.timeout_s - waited_s)))
        period_s = min(2 * period_s, _LONGEST_PERIOD_S)


def _look(options: ReadyOptions) -> Readiness:
    try:
        target = read_target(options.target, views=False)
    except UsageError as error:
        if isinstance(error, SeveralInstances):
            raise
        return Readiness(instance="", ready=False, missing=(error.message,))
    label = label_of(target)
    try:
        loaded = runs_what_is_on_disk(target)
        reasons = tuple(
            unready_reasons(
                target,
                not_pid=options.not_pid,
                loaded=loaded if options.loaded else True,
                any_unit_state=options.any_unit_state,
            )
        )
        if reasons:
            return Readiness(instance=label, ready=False, missing=reasons)
        return _prove(target, label, loaded=loaded is True)
    except HitlessError as error:
        return Readiness(instance=label, ready=False, missing=(error.message,), unknown=True)


def _prove(target: Target, label: str, *, loaded: bool) -> Readiness:
    current = target.current
    assert current is not None, "unready_reasons says so otherwise"
    with TakeoverWatch(target) as watch:
        held = frozenset(watch.endpoints(watch.look(), current.pid))
        # What is on disk says what must listen only where it is what was loaded.
        configured = look_at_binds(target, transfer=True).watched if loaded else frozenset()
        proof = watch.prove(current.pid, held | configured)
    missing = proof.missing if held else ("it listens nowhere",)
    return Readiness(
        instance=label,
        ready=proof.proven and bool(held),
        pid=current.pid,
        how=proof.how,
        missing=missing,
        unknown=proof.unseen,
        stats_sockets=target.stats_addresses,
    )
