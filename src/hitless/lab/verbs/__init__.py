"""The verbs that a scenario's steps are made of, by theme; each is documented where it is defined."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.errors import SandboxError
from hitless.lab.scenario import parse_step
from hitless.lab.verbs import (
    audit,
    background,
    clients,
    limits,
    load,
    logs,
    programs,
    runtime,
    sampling,
    service,
    systemd,
    waiting,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from hitless.lab.stage import Stage

__all__ = ["VERBS", "run_step"]

_THEMES = (
    audit,
    background,
    clients,
    limits,
    load,
    logs,
    programs,
    runtime,
    sampling,
    service,
    systemd,
    waiting,
)
VERBS: dict[str, Callable[..., None]] = {
    name: verb for theme in _THEMES for name, verb in theme.VERBS.items()
}


def run_step(stage: Stage, line: str) -> None:
    """Do one step.

    Raises: SandboxError if there is no such verb, or it was given what it does not take; what the step raises.
    """
    step = parse_step(line, stage.words)
    verb = VERBS.get(step.verb)
    if verb is None:
        raise SandboxError(f"there is no step {step.verb!r}; there are {', '.join(sorted(VERBS))}")
    stage.done.append(" ".join((step.verb, *step.arguments)))
    try:
        verb(stage, *step.arguments)
    except (TypeError, ValueError, KeyError) as error:
        raise SandboxError(f"the step {line!r} cannot be done: {error}") from error
