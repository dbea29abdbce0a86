import os
import signal
from collections.abc import Iterator

import pytest

from hitless.facts import Process, Role, RunMode
from hitless.host.processes import ProcessStatus
from hitless.reload.preflight.options import PreflightOptions
from hitless.reload.preflight.signals import check_signals, judge_signals
from hitless.reloads import CheckState
from tests.reload.preflight.targets import target

USR2 = frozenset({signal.SIGUSR2})
NONE: frozenset[int] = frozenset()


def status(
    state: str, blocked: frozenset[int], pending: frozenset[int], caught: frozenset[int] = USR2
) -> ProcessStatus:
    return ProcessStatus("haproxy", state, 1, 0, 1, 0, pending, blocked, caught)


@pytest.mark.parametrize(
    ("seen", "has_cli", "state"),
    [
        (status("S", NONE, NONE), False, CheckState.PASSED),
        (status("R", NONE, USR2), False, CheckState.PASSED),
        (status("S", frozenset({10}), NONE), False, CheckState.PASSED),
        (status("S", USR2, NONE), False, CheckState.FAILED),
        (status("S", USR2, USR2), False, CheckState.FAILED),
        (status("S", USR2, USR2), True, CheckState.WARNED),
        (status("T", NONE, USR2), True, CheckState.FAILED),
        (status("t", NONE, NONE), True, CheckState.FAILED),
        (status("S", NONE, NONE, caught=NONE), False, CheckState.FAILED),
        (status("R", NONE, NONE, caught=NONE), True, CheckState.FAILED),
    ],
)
def test_what_the_kernel_says(seen: ProcessStatus, *, has_cli: bool, state: CheckState) -> None:
    check = judge_signals(seen, 7, signal.SIGUSR2, has_cli=has_cli)
    assert check.state is state
    assert "process 7" in check.message
    assert ("pending" in check.message) is (bool(seen.blocked & USR2) and bool(seen.pending))


@pytest.fixture
def handlers() -> Iterator[None]:
    """Let us take what a HAProxy takes."""
    before = [(number, signal.signal(number, lambda *_: None)) for number in (signal.SIGUSR1, signal.SIGUSR2)]
    yield
    for number, handler in before:
        signal.signal(number, handler)


def test_a_signal_without_a_handler_would_be_lost() -> None:
    us = Process(pid=os.getpid(), parent_pid=1, role=Role.MASTER)
    (check,) = check_signals(target(processes=(us,)), PreflightOptions())
    assert check.state is CheckState.FAILED
    assert "does not handle SIGUSR2 yet" in check.message


@pytest.mark.usefixtures("handlers")
def test_each_mode_has_its_process_and_its_signal() -> None:
    us = Process(pid=os.getpid(), parent_pid=1, role=Role.MASTER)
    (master,) = check_signals(target(processes=(us,)), PreflightOptions())
    assert master.message.endswith("handles SIGUSR2")
    served = Process(pid=os.getpid(), parent_pid=1, role=Role.CLASSIC, generation=0)
    (classic,) = check_signals(target(mode=RunMode.CLASSIC, processes=(served,)), PreflightOptions())
    assert classic.message.endswith("handles SIGUSR1")


def test_a_process_that_is_not_there_is_unknown() -> None:
    gone = Process(pid=2**22 + 1, parent_pid=1, role=Role.MASTER)
    for processes in ((), (gone,)):
        (check,) = check_signals(target(processes=processes), PreflightOptions())
        assert check.state is CheckState.UNKNOWN


@pytest.mark.usefixtures("handlers")
def test_a_signal_that_is_blocked_for_a_moment_is_waited_for() -> None:
    us = Process(pid=os.getpid(), parent_pid=1, role=Role.MASTER)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2})
    signal.signal(signal.SIGALRM, lambda *_: signal.pthread_sigmask(signal.SIG_SETMASK, before) and None)
    signal.setitimer(signal.ITIMER_REAL, 0.1)
    try:
        (check,) = check_signals(target(processes=(us,)), PreflightOptions())
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
    assert check.state is CheckState.PASSED
