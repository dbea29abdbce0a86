"""How many old processes are alive, why, and whom this reload would end by `mworker-max-reloads`.

Counted by /proc: `show proc` ends after about 202 rows up to 3.3 (HAProxy issue 3204).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hitless.facts import RunMode
from hitless.findings import Evidence
from hitless.reload.preflight.answers import Answers
from hitless.subject.lifetimes import hard_stop

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hitless.facts import MasterProcess, Process
    from hitless.reload.preflight.options import PreflightOptions
    from hitless.reload.target import Target
    from hitless.reloads import PreflightCheck

__all__ = ["OldProcess", "check_generations", "ended_by_max_reloads", "judge_generations", "max_reloads"]

_ANSWER = Answers("generations")
_LISTED = 20
_FIRST_WITH_DEFAULT = (3, 3)
_DEFAULT_MAX_RELOADS = 50
"""Source: HAProxy 3.3-dev14 src/mworker.c; before, there is no bound without the line."""


@dataclass(frozen=True, slots=True)
class OldProcess:
    """A process of an earlier generation. `why`: what it still has, "" if nobody could say."""

    pid: int
    age_s: float
    why: str = ""


def check_generations(target: Target, options: PreflightOptions) -> tuple[PreflightCheck, ...]:
    """Count them as the target has them."""
    if target.instance.processes is None:
        message = "the processes of this host could not be seen"
        return (_ANSWER.unknown(message),)
    old = [OldProcess(process.pid, process.age_s, _why(target, process)) for process in target.old]
    rows = target.master_view.processes if target.master_view else ()
    ended = ended_by_max_reloads(rows, max_reloads(target))
    return (
        judge_generations(
            old, options.max_generations, ended=ended, bounded=hard_stop(target.subject) is not None
        ),
    )


def max_reloads(target: Target) -> int | None:
    """Return how many reloads a worker survives; None for any number."""
    if target.mode is not RunMode.MASTER_WORKER:
        return None
    lines = [d.words[1] for d in target.subject.in_global("mworker-max-reloads") if len(d.words) > 1]
    if lines:
        return int(lines[-1]) if lines[-1].isascii() and lines[-1].isdigit() and len(lines[-1]) < 10 else None
    return _DEFAULT_MAX_RELOADS if target.version >= _FIRST_WITH_DEFAULT else None


def ended_by_max_reloads(rows: Sequence[MasterProcess], limit: int | None) -> tuple[int, ...]:
    """Return the workers that get SIGTERM at the next reload: it takes their count of reloads above the limit.

    Source: HAProxy 2.8 src/mworker.c mworker_kill_max_reloads().
    """
    if limit is None:
        return ()
    return tuple(row.pid for row in rows if row.kind == "worker" and row.reloads + 1 > limit)


def judge_generations(
    old: Sequence[OldProcess], limit: int, *, ended: Sequence[int] = (), bounded: bool
) -> PreflightCheck:
    """Judge the old processes against the limit (0: none); `bounded`: hard-stop-after ends them some day."""
    evidence = tuple(
        Evidence(text=f"{p.age_s:.0f} s old{': ' if p.why else ''}{p.why}", source=f"process {p.pid}")
        for p in sorted(old, key=lambda p: -p.age_s)[:_LISTED]
    )
    many = f"{len(old)} old process{'es are' if len(old) != 1 else ' is'} still alive"
    if limit and len(old) >= limit:
        named = ", ".join(_described(p) for p in sorted(old, key=lambda p: -p.age_s)[:_LISTED])
        return _ANSWER.failed(
            f"{many}, and {limit} are allowed: {named}",
            evidence,
            hint="`hitless drain` says what holds them and ends it in waves"
            + ("." if bounded else "; nothing else does: `hard-stop-after` is not set."),
        )
    if ended:
        pids = ", ".join(map(str, ended[:_LISTED]))
        return _ANSWER.warned(
            f"`mworker-max-reloads` makes this reload end process {pids} with all its connections",
            evidence,
            hint="`hitless drain` closes them over a time that you choose.",
        )
    return _ANSWER.passed(
        many if old else "no old process is alive",
        evidence,
    )


def _described(process: OldProcess) -> str:
    return f"{process.pid} ({process.age_s:.0f} s{', ' if process.why else ''}{process.why})"


def _why(target: Target, process: Process) -> str:
    view = target.worker_view(process.pid)
    if view is not None and view.current_connections is not None:
        oldest = f", the oldest {view.sessions[0]}" if view.sessions else ""
        return f"{view.current_connections} connections{oldest}"
    return "" if process.connections is None else f"{process.connections} connections"
