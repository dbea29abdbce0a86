"""The command lines of a run, and what the programs that it calls have said. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from hitless.run.machine import NotReady, Ready, Reloaded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hitless.run.options import RunOptions

__all__ = ["became_ready", "ready_words", "reload_words", "reloaded", "with_transfer", "wrong_command"]

_TAKEN_OVER = frozenset({"taken-over", "degraded"})
"""In both the new process serves."""


def wrong_command(command: Sequence[str]) -> str:
    """Return why a command line cannot be run; "" if it can."""
    if not command:
        return "no command is given: hitless run -- haproxy -W -f FILE"
    taken = {"-sf", "-st", "-c"} & set(command)
    if taken:
        return f"{min(taken)} has no place in it: hitless starts and replaces HAProxy itself"
    return ""


def in_foreground(command: Sequence[str]) -> tuple[str, ...]:
    """Return the command line with which HAProxy stays our child, whatever -D and `daemon` say."""
    end = command.index("--") if "--" in command else len(command)
    words = [word for word in command[1:end] if word != "-D"]
    kept = words if {"-db", "-Ws"} & set(words) else ["-db", *words]
    return (command[0], *kept, *command[end:])


def with_transfer(command: Sequence[str], path: str) -> list[str]:
    """Return the command line with `-x path` in the place of its own; unchanged without a path."""
    if not path:
        return list(command)
    kept: list[str] = []
    words = iter(command[1:])
    for word in words:
        if word == "--":
            kept += [word, *words]
        elif word == "-x":
            next(words, "")
        else:
            kept.append(word)
    return [command[0], "-x", path, *kept]


def ready_words(pid: int, options: RunOptions) -> tuple[str, ...]:
    """Return the words of `hitless` that prove that it serves."""
    how = ("--timeout", f"{options.ready_s:g}", "--any-unit-state", "--format", "json")
    return ("ready", "--pid", str(pid), *how)


def reload_words(pid: int, options: RunOptions) -> tuple[str, ...]:
    """Return the words of `hitless` that reload it."""
    state = ("--state-dir", options.state_dir) if options.state_dir else ()
    return ("reload", "--pid", str(pid), "--format", "json", *state, *options.reload_words)


def became_ready(output: bytes, errors: bytes) -> tuple[Ready | NotReady, tuple[str, ...]]:
    """Return what `hitless ready --format json` has found, and HAProxy's stats sockets."""
    document = _read(output)
    if document.get("ready") is True:
        return Ready(), _texts(document.get("stats_sockets"))
    missing = _texts(document.get("missing"))
    return NotReady(missing[0] if missing else _first_line(errors)), ()


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(one) for one in value) if isinstance(value, list) else ()


def reloaded(output: bytes, errors: bytes) -> tuple[Reloaded, int]:
    """Return how `hitless reload --format json` went, and the process that serves then; 0 where it does not say."""
    document = _read(output)
    outcome = str(document.get("outcome", ""))
    pid = document.get("new_pid")
    reason = str(document.get("reason", "")) or ("" if outcome else _first_line(errors))
    text = f"reload: {outcome or 'not begun'}{f': {reason}' if reason else ''}"
    return Reloaded(outcome in _TAKEN_OVER, text), pid if isinstance(pid, int) else 0


def _read(output: bytes) -> dict[str, object]:
    try:
        document = json.loads(output)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _first_line(errors: bytes) -> str:
    lines = errors.decode("utf-8", "backslashreplace").split("\n")
    return next((line.strip() for line in lines if line.strip()), "it said nothing")[:300]
