"""Which generations are meant: by default the old ones that have been told to stop, and never one that serves. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.errors import ControlError, UsageError
from hitless.facts import RunMode

if TYPE_CHECKING:
    from collections.abc import Collection

    from hitless.drains import DrainView, Generation

__all__ = ["choose_generations", "choose_to_close"]


def choose_generations(view: DrainView, pids: Collection[int]) -> tuple[Generation, ...]:
    """Return the generations of these processes, without any all old ones.

    Raises: UsageError if a process is none of this instance's.
    """
    if not pids:
        return view.old
    by_pid = {g.pid: g for g in view.generations}
    for pid in pids:
        if pid not in by_pid:
            raise UsageError(
                f"{pid} is no process of {view.instance} that carries traffic.", hint=_there_are(view)
            )
    return tuple(by_pid[pid] for pid in dict.fromkeys(pids))


def choose_to_close(view: DrainView, pids: Collection[int], *, current: bool) -> tuple[Generation, ...]:
    """Return the generations whose sessions may be closed.

    One that serves (the current one, and one that nobody has told to stop) is meant only where `current` allows it and
    its own pid names it: a number that changes with each reload is in no script by mistake.

    Raises: UsageError if one is meant that may not be; ControlError if the sessions of one cannot be closed.
    """
    chosen = choose_generations(view, pids)
    if current and not pids:
        serving = next((g.pid for g in view.generations if g.current), 0)
        raise UsageError(
            "--current with --close cuts clients of the process that serves: name it as well.",
            hint=f"--close --current --generation {serving}",
        )
    if not pids:
        chosen = tuple(g for g in chosen if g.stopping is not False)
    for generation in chosen:
        if not current and (generation.current or generation.stopping is False):
            raise UsageError(
                f"Process {generation.pid} serves: its sessions are not closed.",
                hint="If this is meant: --current beside --generation.",
            )
        if not generation.closable:
            why = generation.why_not_closable or "its sessions are not known"
            raise ControlError(
                f"The sessions of process {generation.pid} cannot be closed one by one: {why}.",
                hint=_otherwise(generation, view.mode),
            )
    return chosen


def _otherwise(generation: Generation, mode: str) -> str:
    if "no permission" in generation.why_not_closable:
        return "Try as root, or as a user who may connect to the master's CLI."
    at_once = f"`kill -TERM {generation.pid}` ends it with all its connections at once."
    if mode == RunMode.CLASSIC:
        return f"{at_once} Master-worker mode with a master CLI (-Ws -S PATH) lets them be closed one by one."
    return at_once


def _there_are(view: DrainView) -> str:
    named = ", ".join(f"{g.pid}{' (serves)' if g.current else ''}" for g in view.generations[:40])
    return f"There are: {named}" if named else "It has no process any more."
