import os
import signal
from collections.abc import Callable

from hitless.sandbox.init import shell_status, wait_forwarding_signals


def _child(status: int) -> int:
    pid = os.fork()
    if pid == 0:
        os._exit(status)
    return pid


def _in_child(action: Callable[[], int]) -> int:
    """Run the action in a process of its own, since it waits for all children; return its exit status."""
    pid = os.fork()
    if pid == 0:
        os._exit(action())
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_statuses_are_those_of_a_shell() -> None:
    assert shell_status(3 << 8) == 3
    assert shell_status(int(signal.SIGKILL)) == 137


def test_other_children_do_not_end_the_wait() -> None:
    def parent() -> int:
        other = _child(1)
        os.waitid(os.P_PID, other, os.WEXITED | os.WNOWAIT)  # ended, and not yet reaped
        return wait_forwarding_signals(_child(7))

    assert _in_child(parent) == 7


def test_passes_a_signal_on() -> None:
    def parent() -> int:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        child = os.fork()
        if child == 0:
            signal.sigwait({signal.SIGTERM})
            os._exit(42)
        os.kill(os.getpid(), signal.SIGTERM)
        return wait_forwarding_signals(child)

    assert _in_child(parent) == 42
