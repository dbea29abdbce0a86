"""Whether the process to reload is still the one that was looked at, is not reloading already, and answers.

A master whose re-execution failed (its program was away for a moment) serves on without its CLI, turning in circles; a
signal reloads it (tried on 2.2, 2.6, 3.0, 3.2). One that accepts and says nothing is another matter.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hitless.control.errors import CouldNotAsk
from hitless.control.runtime_api import MasterCli
from hitless.errors import ControlError
from hitless.facts import RunMode
from hitless.findings import Evidence
from hitless.host.errors import Gone, HostError
from hitless.host.haproxy_processes import systemd_group
from hitless.host.haproxy_roles import unit_of_control_group
from hitless.host.processes import read_times
from hitless.reload.preflight.answers import Answers

if TYPE_CHECKING:
    from hitless.facts import Process
    from hitless.reload.preflight.options import PreflightOptions
    from hitless.reload.target import Target
    from hitless.reloads import PreflightCheck

__all__ = ["CliAnswer", "ask_master", "check_master", "judge_master"]

_ANSWER = Answers("master")
_SLACK_S = 2.0
"""Ages are of two moments, and the kernel's clock ticks are coarse."""


@dataclass(frozen=True, slots=True)
class CliAnswer:
    """What the master's CLI said. `pid` is 0 where it did not answer; `problem` says why."""

    pid: int = 0
    problem: str = ""
    nobody_listens: bool = False
    """There is no listener: not even a connection, so a signal is the way."""


def check_master(target: Target, options: PreflightOptions) -> tuple[PreflightCheck, ...]:
    """Look at the process again, and ask the master."""
    process = target.master if target.mode is RunMode.MASTER_WORKER else target.current
    if process is None:
        message = "no master was found" if target.mode is RunMode.MASTER_WORKER else "no process serves"
        hint = "systemctl status; is HAProxy running?"
        return (_ANSWER.failed(f"{message}: there is nothing to reload", hint=hint),)
    try:
        gone = _is_another(process)
    except HostError as error:
        return (_ANSWER.unknown(error.message, required=True),)
    answer = (
        ask_master(target, timeout_s=options.ask_timeout_s) if target.master_address and not gone else None
    )
    return (judge_master(process.pid, answer, gone=gone, reloading=_reloading(target)),)


def ask_master(target: Target, *, timeout_s: float) -> CliAnswer:
    """Ask the master's CLI who its master is; patiently, since it is closed for a moment around a reload."""
    try:
        processes = MasterCli(target.master_address).ask_processes(timeout_s=timeout_s, patient=True)
    except CouldNotAsk as error:
        return CliAnswer(problem=error.message, nobody_listens=error.transient)
    except ControlError as error:
        return CliAnswer(problem=error.message)
    return CliAnswer(pid=processes.master.pid)


def judge_master(pid: int, answer: CliAnswer | None, *, gone: bool, reloading: str) -> PreflightCheck:
    """Judge the process, and what its CLI said (None: it has none)."""
    if gone:
        return _ANSWER.failed(f"process {pid} has ended since it was looked at", hint="Run hitless again.")
    if reloading:
        hint = "Wait until it is done (`hitless ready`), and try again."
        return _ANSWER.failed(f"a reload is under way: {reloading}", hint=hint)
    if answer is None:
        return _ANSWER.passed(f"process {pid} is there")
    return _judge_answer(pid, answer)


def _judge_answer(pid: int, answer: CliAnswer) -> PreflightCheck:
    evidence = (
        Evidence(text=answer.problem or f"master {answer.pid}", source="show proc on the master's CLI"),
    )
    if answer.pid == pid:
        return _ANSWER.passed(f"master {pid} answers and is not reloading", evidence)
    if answer.pid:
        return _ANSWER.failed(
            f"another master ({answer.pid}) answers on the CLI of master {pid}: a reload there reloads the wrong one",
            evidence,
            hint="Two instances share the path of -S: give each its own, then restart one.",
        )
    if answer.nobody_listens:
        return _ANSWER.warned(
            f"nobody listens on the CLI of master {pid} ({answer.problem}): only a signal can reload it",
            evidence,
            hint="Its last re-execution failed, or somebody removed the socket; a reload by signal opens it again.",
        )
    return _ANSWER.failed(
        f"master {pid} does not answer on its CLI: {answer.problem}",
        evidence,
        hint="Is it stopped (kill -CONT), or are all its connections taken by clients that hang?",
    )


def _is_another(process: Process) -> bool:
    """Return whether the process has ended, also where its number means another one by now.

    Raises: HostError if it cannot be looked at.
    """
    try:
        start_ticks = read_times(process.pid).start_ticks
    except Gone:
        return True
    age_s = time.clock_gettime(time.CLOCK_BOOTTIME) - start_ticks / os.sysconf("SC_CLK_TCK")
    return age_s + _SLACK_S < process.age_s


def _reloading(target: Target) -> str:
    """Return what shows that a reload is under way, "" if nothing does."""
    starting = [str(process.pid) for process in target.carriers if process.generation is None]
    if starting:
        return f"process {', '.join(starting)} is starting"
    unit = target.subject.unit
    if unit is not None and unit.active_state == "reloading" and not _are_in(unit.name):
        return f"{unit.name} is {unit.active_state}"
    return ""


def _are_in(unit: str) -> bool:
    """Return whether we are a process of this unit: then its reload is the one that we are asked for (ExecReload=)."""
    return unit_of_control_group(systemd_group(os.getpid())) == unit
