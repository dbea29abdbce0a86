"""Whether the process that serves would hand its sockets over in time: it has one second to answer.

A process that is stopped, or that a starved processor keeps from answering, is taken for one without sockets: in
master-worker mode the new one then opens its own ("Failed to get the sockets from the old process!", then "Loading
success."), and resets what waits; in classic mode it ends. Source: HAProxy src/sock.c sock_get_old_sockets(),
SO_RCVTIMEO 1 s; seen on 3.2.26 with busy processors.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from hitless.control.errors import CouldNotAsk
from hitless.findings import Evidence
from hitless.host.errors import HostError
from hitless.host.processes import read_status
from hitless.reload.preflight.answers import Answers
from hitless.reload.preflight.asking import reach_current
from hitless.units import format_duration

if TYPE_CHECKING:
    from hitless.reload.preflight.options import PreflightOptions
    from hitless.reload.target import Target
    from hitless.reloads import PreflightCheck

__all__ = ["check_hand_over", "judge_hand_over"]

_ANSWER = Answers("hand-over")
_STOPPED = frozenset("Tt")
_LIMIT_S = 1.0
_NEAR_S = 0.3


def check_hand_over(target: Target, options: PreflightOptions) -> tuple[PreflightCheck, ...]:
    """Measure how long the process takes for a small question."""
    del options
    current = target.current
    if current is None:
        return (_ANSWER.unknown("no process serves that could hand anything over"),)
    if not (target.master_address or target.stats_addresses):
        return (_ANSWER.unknown(f"process {current.pid} has no socket over which it could be asked"),)
    try:
        stopped = read_status(current.pid).state in _STOPPED
    except HostError as error:
        return (_ANSWER.unknown(error.message),)
    started_s = time.monotonic()
    why, took_s = "", 0.0
    try:
        if not stopped:
            reach_current(target, timeout_s=_LIMIT_S)
            took_s = time.monotonic() - started_s
    except CouldNotAsk as error:
        why = error.message
    return (judge_hand_over(current.pid, took_s, stopped=stopped, why_silent=why),)


def judge_hand_over(
    pid: int, took_s: float, *, stopped: bool = False, why_silent: str = ""
) -> PreflightCheck:
    """Judge a process by how long (s) it took to answer; `why_silent`: it did not within a second."""
    outcome = "it would not hand its sockets over, and connections that wait would be reset"
    if stopped:
        message = f"process {pid}, which serves, is stopped: {outcome}"
        return _ANSWER.failed(message, hint=f"kill -CONT {pid}, if nobody traces it")
    if why_silent:
        message = (
            f"process {pid}, which serves, does not answer within {format_duration(_LIMIT_S)}: {outcome}"
        )
        evidence = (Evidence(text=why_silent, source="show info"),)
        return _ANSWER.failed(
            message, evidence, hint="Look at its load (`top`, `show activity`), and try again."
        )
    evidence = (Evidence(text=f"answered after {format_duration(took_s)}", source="show info"),)
    if took_s > _NEAR_S:
        message = (
            f"process {pid} takes {format_duration(took_s)} to answer, and has {format_duration(_LIMIT_S)}"
        )
        return _ANSWER.warned(message, evidence, hint="Its processor is busy: reload at a quieter time.")
    return _ANSWER.passed(f"process {pid} answers within {format_duration(took_s)}", evidence)
