"""How reloads follow each other in scripts: loops, crontab lines, what waits between two of them."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from hitless.audit.scripts import Act, Action, actions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.facts import Script

__all__ = [
    "SPACING_S",
    "crontab_reloads",
    "is_crontab",
    "is_shell",
    "looped_reloads",
    "reloads",
    "timer_period_s",
    "unspaced_reloads",
]

SPACING_S = 10.0
"""Reloads nearer to each other than this are too close: the sum of HAProxy's own waits (1 s and 2 s), and a load."""

_SHELL_KINDS = frozenset(
    {"cron", "certbot", "acme", "keepalived", "network", "script", "logrotate", "container"}
)
_BRANCH = re.compile(
    r"(?:^|[;\s])(?:else|elif|fi|esac|exit|return|function)\b|;;|^\s*\}|\(\)\s*\{|\|\||^\s*endscript"
)
_WAIT = re.compile(
    r"\b(?:sleep|usleep|wait|until|while|inotifywait|flock|read|timeout|hitless\s+(?:reload|ready))\b"
)
_SLEEP = re.compile(r"\bsleep\s+(\d{1,6}(?:\.\d{1,6})?)(m|h|s)?")
_LOOP = re.compile(r"^\s*(?:while|until|for)\b")
_DONE = re.compile(r"(?:^|[;\s])done\b")
_LEAVES = re.compile(
    r"\b(?:break|exit|return|inotifywait|read|wait|fswatch|entr|flock|hitless|nc|ssh|kubectl|docker)\b"
)
_CRON_LINE = re.compile(r"^\s*(@\w+|[\d*][\d*,/-]*(?:\s+[\w*,/-]+){4})\s+\S")
_TIMER = re.compile(
    r"^[ \t]*OnUnit(?:Active|Inactive)Sec[ \t]*=[ \t]*(\d{1,6}(?:\.\d{1,3})?)[ \t]*(ms|s|sec|second|seconds)?[ \t]*$",
    re.MULTILINE,
)
_UNIT_S = {"m": 60.0, "h": 3600.0}
_AT = {"@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0"}
_CRON_FIELDS = 5
_LONG_LOOP_LINES = 200


def is_shell(script: Script) -> bool:
    """Return whether the script runs its lines in order (a service manager's or a package's files do not)."""
    return script.kind in _SHELL_KINDS


def is_crontab(script: Script) -> bool:
    """Return whether each line of the script is an entry of its own."""
    return script.kind == "cron" and bool(
        re.search(r"/(?:crontab|cron\.d/[^/]+|crontabs/[^/]+)$", script.path)
    )


def reloads(script: Script) -> Iterator[Act]:
    """Yield what triggers a reload: of the service, by a signal, over the master's CLI, or by a new process."""
    for act in actions(script):
        if (
            act.action in {Action.RELOAD, Action.MASTER_CLI}
            or (act.action is Action.SIGNAL and act.detail in {"HUP", "USR2"})
            or (act.action is Action.SPAWN and re.search(r"\s-s[ft]\b", act.detail))
        ):
            yield act


def unspaced_reloads(script: Script) -> Iterator[tuple[Act, Act]]:
    """Yield pairs of reloads that certainly follow each other without a wait.

    Only where nothing between them branches: the two sides of an `if` are no pair.
    """
    if not is_shell(script) or is_crontab(script):
        return
    lines = script.text.splitlines()
    for first, second in pairwise(_one_per_line(script)):
        between = lines[first.line - 1 : second.line]
        if any(_BRANCH.search(line) for line in between) or _elsewhere(first, second):
            continue
        if not any(_waits(line) for line in between):
            yield first, second


def looped_reloads(script: Script) -> Iterator[tuple[Act, float]]:
    """Yield reloads in loops that come round in less than SPACING_S, with the seconds that the loop sleeps."""
    if not is_shell(script) or is_crontab(script):
        return
    lines = script.text.splitlines()
    acts = {act.line: act for act in reloads(script)}
    for start, stop in _loops(lines):
        if stop - start > _LONG_LOOP_LINES:
            continue
        body = lines[start:stop]
        inside = [acts[n] for n in range(start + 1, stop + 1) if n in acts]
        if not inside or any(_LEAVES.search(line) for line in body) or inside[0].line == start + 1:
            continue
        slept = sum(_slept_s(line) for line in body)
        if slept < SPACING_S:
            yield inside[0], slept


def crontab_reloads(script: Script) -> Iterator[tuple[Act, str]]:
    """Yield the reloads of a crontab, each with the five fields that say when."""
    if not is_crontab(script):
        return
    lines = script.text.splitlines()
    for act in _one_per_line(script):
        match = _CRON_LINE.match(lines[act.line - 1])
        when = _AT.get(match[1], match[1]) if match else ""
        if len(when.split()) == _CRON_FIELDS:
            yield act, " ".join(when.split())


def timer_period_s(script: Script) -> float | None:
    """Return the shortest period that a systemd timer in this text has in seconds, None without one."""
    periods = [float(m[1]) / (1000.0 if m[2] == "ms" else 1.0) for m in _TIMER.finditer(script.text)]
    return min(periods, default=None)


def _one_per_line(script: Script) -> list[Act]:
    seen: dict[int, Act] = {}
    for act in reloads(script):
        seen.setdefault(act.line, act)
    return list(seen.values())


def _elsewhere(first: Act, second: Act) -> bool:
    """Return whether the two may be for different hosts or services."""
    far = re.compile(r"\b(?:ssh|kubectl|docker|podman|ansible|salt|lxc|nsenter|ip\s+netns)\b|@")
    return bool(far.search(first.text) or far.search(second.text))


def _waits(line: str) -> bool:
    sleeps = _SLEEP.search(line)
    if sleeps is not None:
        return _slept_s(line) >= SPACING_S or _other_wait(line)
    return _other_wait(line)


def _other_wait(line: str) -> bool:
    return any(match[0] != "sleep" for match in _WAIT.finditer(line)) or "sleep $" in line


def _slept_s(line: str) -> float:
    if re.search(r"\bsleep\s+[\"']?[$]", line):
        return SPACING_S
    return sum(float(m[1]) * _UNIT_S.get(m[2] or "", 1.0) for m in _SLEEP.finditer(line))


def _loops(lines: list[str]) -> Iterator[tuple[int, int]]:
    """Yield the loops as indices of their first line and after their last."""
    open_at: list[int] = []
    for index, line in enumerate(lines):
        if _LOOP.match(line):
            open_at.append(index)
        if _DONE.search(line) and open_at:
            yield open_at.pop(), index + 1
