"""Steps that let time pass, or wait for something to be so."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from hitless.errors import SandboxError
from hitless.units import parse_duration_s

if TYPE_CHECKING:
    from hitless.lab.stage import Stage

__all__ = ["VERBS"]


def pause(stage: Stage, duration: str) -> None:
    """Let time pass: `pause 50ms`. For times that are part of the scenario, never to wait for something."""
    stage.channel.wait(parse_duration_s(duration))


def await_replaced(stage: Stage, timeout: str = "15s") -> None:
    """Wait until one HAProxy alone listens, at most so long: `await-replaced [15s]`; observes `replaced`."""
    stage.observe(
        "replaced", stage.until(lambda: len(stage.listening()) == 1, timeout_s=parse_duration_s(timeout))
    )


def await_old_gone(stage: Stage, timeout: str = "15s") -> None:
    """Wait until only who listens lives (and its master): `await-old-gone [15s]`.

    Observes `old.gone`, and `old.gone_s`: how long it took.
    """
    started = time.monotonic()
    gone = stage.until(lambda: not _old(stage), timeout_s=parse_duration_s(timeout))
    stage.observe("old.gone", gone)
    stage.observe("old.gone_s", round(time.monotonic() - started, 2))


def count_old(stage: Stage) -> None:
    """Count the processes that have been replaced and live: `count-old`; observes `old.alive`."""
    stage.observe("old.alive", len(_old(stage)))


def _old(stage: Stage) -> frozenset[int]:
    master = stage.master.pid if stage.master is not None else 0
    listening = stage.listening()
    if not listening:
        raise SandboxError("no HAProxy listens")
    return stage.haproxies() - listening.keys() - {master}


VERBS = {
    "pause": pause,
    "await-replaced": await_replaced,
    "await-old-gone": await_old_gone,
    "count-old": count_old,
}
