"""The first process of the private PID namespace: starts the program, reaps orphans, ends with the program.

When this process ends the kernel kills everything in its PID namespace (Linux v6.12 kernel/pid_namespace.c
zap_pid_ns_processes()), so the program needs no parent-death signal of its own; and with the last process go
the network, the mounts and the files.
"""

import os
import signal
import sys
from typing import NoReturn

from hitless.sandbox.syscalls import drop_descriptors

__all__ = ["CANNOT_START_STATUS", "run_init", "shell_status", "wait_forwarding_signals"]

CANNOT_START_STATUS = 127
_FORWARDED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_PYTHON_IGNORES = (signal.SIGPIPE, signal.SIGXFSZ)


def run_init(program: tuple[str, ...], keep_fds: frozenset[int]) -> NoReturn:
    """Start the program with the descriptors in `keep_fds` (and 0, 1, 2) and exit with its status."""
    child = os.fork()
    if child == 0:
        _start(program, keep_fds)
    # ours would keep the other ends of the program's pipes from seeing it close them
    drop_descriptors(frozenset())
    os._exit(wait_forwarding_signals(child))


def _start(program: tuple[str, ...], keep_fds: frozenset[int]) -> NoReturn:
    for number in keep_fds:
        os.set_inheritable(number, True)  # noqa: FBT003 - the function's only form
    for ignored in _PYTHON_IGNORES:
        signal.signal(ignored, signal.SIG_DFL)
    try:
        os.execvp(program[0], program)  # noqa: S606 - an argument list, no shell
    except OSError as error:
        os.write(2, f"hitless: cannot start {program[0]} in the sandbox: {error.strerror}\n".encode())
    sys.stderr.flush()
    os._exit(CANNOT_START_STATUS)


def wait_forwarding_signals(child: int) -> int:
    """Wait for a child, passing signals on to it and reaping all others; return its exit status."""
    watched = {signal.SIGCHLD, *_FORWARDED}
    signal.pthread_sigmask(signal.SIG_BLOCK, watched)
    while True:
        status = _reap(child)
        if status is not None:
            return shell_status(status)
        received = signal.sigwait(watched)
        if received != signal.SIGCHLD:
            os.kill(child, received)


def _reap(child: int) -> int | None:
    """Collect every child that has ended; return the wait status of `child` if it is among them."""
    found = None
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return found
        if pid == 0:
            return found
        if pid == child:
            found = status


def shell_status(wait_status: int) -> int:
    """Return the exit status that a shell would show: 128 + N for a death by signal N."""
    code = os.waitstatus_to_exitcode(wait_status)
    return code if code >= 0 else 128 - code
