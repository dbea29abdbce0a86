"""Whether the signals that a reload sends would be handled.

In 3.1 to 3.3 a failed reload can leave all signals of the master blocked for ever (HAProxy issue 3229): SIGUSR2 is then
pending, and nothing happens; `reload` on the master's CLI still works. A stopped process handles none at all.

A process that starts has no handler yet. HAProxy ignores SIGUSR2 from the time it has read its configuration until its
master waits for signals (2.2 to 3.2, src/haproxy.c: signal_register_fct(SIGUSR2, NULL, 0) in main()), also one that is
blocked and pending then: such a reload is lost. Before that the signal would end it.
"""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

from hitless.facts import RunMode
from hitless.findings import Evidence
from hitless.host.errors import HostError
from hitless.host.processes import ProcessStatus, read_status
from hitless.reload.preflight.answers import Answers

if TYPE_CHECKING:
    from hitless.reload.preflight.options import PreflightOptions
    from hitless.reload.target import Target
    from hitless.reloads import PreflightCheck

__all__ = ["check_signals", "judge_signals"]

_ANSWER = Answers("signals")
_STOPPED = frozenset("Tt")
_SETTLE_S = 2.0
"""A master takes its signals when it has loaded; up to 3.0 it blocks them meanwhile."""
_PERIOD_S = 0.05


def check_signals(target: Target, options: PreflightOptions) -> tuple[PreflightCheck, ...]:
    """Look at the process that gets the signal: the master, or the classic process that is to leave."""
    del options
    process = target.master if target.mode is RunMode.MASTER_WORKER else target.current
    if process is None:
        return (_ANSWER.unknown("no process was found that would get the signal"),)
    number = signal.SIGUSR2 if target.mode is RunMode.MASTER_WORKER else signal.SIGUSR1
    try:
        status = _settled(process.pid, number)
    except HostError as error:
        return (_ANSWER.unknown(error.message),)
    return (judge_signals(status, process.pid, number, has_cli=bool(target.master_address)),)


def judge_signals(
    status: ProcessStatus, pid: int, number: signal.Signals, *, has_cli: bool
) -> PreflightCheck:
    """Judge what the kernel says of the process; `has_cli`: it can be reloaded without a signal."""
    source = f"/proc/{pid}/status"
    if status.state in _STOPPED:
        return _ANSWER.failed(
            f"process {pid} is stopped (state {status.state}): it handles no signal and answers nobody",
            (Evidence(text=f"State {status.state}", source=source),),
            hint=f"kill -CONT {pid}, if nobody traces it",
        )
    if status.takes(number):
        return _ANSWER.passed(f"process {pid} handles {number.name}")
    if number not in status.blocked:
        return _ANSWER.failed(
            f"process {pid} does not handle {number.name} yet: it would be lost, or end it",
            (Evidence(text=f"SigCgt lacks {number.name}", source=source),),
            hint="It is still starting: reload once it serves.",
        )
    pending = " and one is pending since an earlier reload" if number in status.pending else ""
    evidence = (Evidence(text=f"SigBlk has {number.name}{pending}", source=source),)
    if has_cli:
        return _ANSWER.warned(
            f"process {pid} blocks {number.name}{pending}: only its CLI can reload it",
            evidence,
            hint="Upgrade HAProxy to a release with the fix of issue 3229.",
        )
    return _ANSWER.failed(
        f"process {pid} blocks {number.name}{pending}: a reload by signal would never happen",
        evidence,
        hint="Only a restart helps: start it with -S then, and upgrade to a release with the fix of issue 3229.",
    )


def _settled(pid: int, number: signal.Signals) -> ProcessStatus:
    """Return the status once the signal would be handled, or after a while as it is.

    Raises: Gone, Denied.
    """
    deadline_s = time.monotonic() + _SETTLE_S
    status = read_status(pid)
    while not status.takes(number) and time.monotonic() < deadline_s:
        time.sleep(_PERIOD_S)
        status = read_status(pid)
    return status
