"""The program of one load process: `python -m hitless.load.process --plan-fd N --directory-fd N --process I`.

It reads the plan as JSON from a descriptor and writes its table into a directory that it knows by descriptor only: it
may run in a mount namespace in which that directory has no path. One JSON line on stdout says that it is ready, another
says what went wrong. It ends on SIGTERM, or when its stdin ends (the parent is gone).
"""

import argparse
import ctypes
import gc
import os
import resource
import signal
import sys

import msgspec

from hitless.clock import now_ns
from hitless.errors import LoadError
from hitless.load.engine import Engine
from hitless.load.table import AttemptTable
from hitless.load.workloads import PreparedStream
from hitless.records import LoadPlan

__all__ = ["main"]

MAX_PLAN_BYTES = 16 * 1024 * 1024
PR_SET_PDEATHSIG = 1
PR_SET_TIMERSLACK = 29
"""Source: Linux include/uapi/linux/prctl.h."""
TIMERSLACK_NS = 1_000
"""The default of 50 us would make every send of an open loop that late."""


def main(arguments: list[str]) -> int:
    """Run one process of a plan and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m hitless.load.process")
    parser.add_argument("--plan-fd", type=int, required=True)
    parser.add_argument("--directory-fd", type=int, required=True)
    parser.add_argument("--process", type=int, required=True)
    options = parser.parse_args(arguments)
    try:
        plan = read_plan(options.plan_fd)
        with AttemptTable(options.directory_fd, process=options.process, capacity=plan.capacity) as table:
            run(plan, options.process, table)
    except LoadError as error:
        say(error=error.message, hint=error.hint)
        return int(error.exit_code)
    return 0


def read_plan(plan_fd: int) -> LoadPlan:
    """Return the plan that the parent wrote. Raises: LoadError if it is none."""
    with os.fdopen(plan_fd, "rb") as file:
        text = file.read(MAX_PLAN_BYTES + 1)
    if len(text) > MAX_PLAN_BYTES:
        raise LoadError(f"the plan has more than {MAX_PLAN_BYTES} bytes")
    try:
        return msgspec.json.decode(text, type=LoadPlan)
    except msgspec.DecodeError as error:
        raise LoadError(f"not a plan: {error}") from error


def run(plan: LoadPlan, process: int, table: AttemptTable) -> None:
    """Run this process's share of the plan until told to stop."""
    engine = Engine(table)
    signal.signal(signal.SIGTERM, lambda _number, _frame: engine.request_stop())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    _prepare_process()
    _watch_parent(engine)
    streams = [PreparedStream(engine, stream) for stream in plan.streams]
    start_ns = now_ns()
    for stream in streams:
        engine.add(stream.make_clients(start_ns, process=process, processes=plan.processes))
    # What lives by now lives to the end, and what comes later dies by its reference count: nothing to collect.
    gc.disable()
    gc.freeze()
    engine.run(ready=lambda: say(ready=True, t_ns=now_ns()))


def say(**values: object) -> None:
    """Tell the parent one thing."""
    sys.stdout.write(msgspec.json.encode(values).decode() + "\n")
    sys.stdout.flush()


def _prepare_process() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    libc = ctypes.CDLL(None, use_errno=True)
    for option, value in ((PR_SET_PDEATHSIG, signal.SIGKILL), (PR_SET_TIMERSLACK, TIMERSLACK_NS)):
        if libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0) != 0:
            raise LoadError(f"prctl({option}): {os.strerror(ctypes.get_errno())}")


def _watch_parent(engine: Engine) -> None:
    """Stop at the end of stdin: also where the parent died before the death signal was asked for."""
    stdin = sys.stdin.fileno()

    def on_readable(_mask: int) -> None:
        if not os.read(stdin, 4096):
            engine.forget_fd(stdin)
            engine.request_stop()

    try:
        engine.watch_fd(stdin, on_readable)
    except PermissionError as error:  # epoll takes no regular file
        raise LoadError("stdin must be a pipe that the parent holds open") from error


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
