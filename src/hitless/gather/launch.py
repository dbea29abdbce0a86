"""How HAProxy is started, from the command line of a process that has been through reloads."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["without_reload"]

_PID_LISTS = frozenset({"-sf", "-st"})


def without_reload(arguments: Sequence[str]) -> tuple[str, ...]:
    """Return a command line without what a reload adds: -sf or -st with their pids, and the -x that goes with them.

    A master that re-executes itself appends both (src/mworker.c mworker_reexec(); 2.6 and later "-x sockpair@N").
    An -x without -sf or -st was given by whoever started HAProxy, and stays.
    """
    reloaded = bool(_PID_LISTS & set(arguments))
    kept: list[str] = []
    in_list = False
    words = iter(arguments)
    for word in words:
        if word in _PID_LISTS:
            in_list = True
        elif in_list and not word.startswith("-"):
            continue
        elif word == "-x":
            in_list = False
            value = next(words, "")
            if not reloaded and not value.startswith("sockpair@"):
                kept += [word, value]
        else:
            in_list = False
            kept.append(word)
    return tuple(kept)
