"""What a busy machine does to times, and how to wait for what nobody tells of."""

import threading
from pathlib import Path

from hitless.host.inet_diag import read_connections
from tests.system.live_haproxy import await_true

DEADLINE_S = 60.0


def kept_waiting_s(*pids: int) -> float:
    """Return for how long this thread and the first thread of each process were ready to run and did not.

    Less the difference of two of these, a time limit is about the program, and not about who else was on the machine.
    Source: Linux Documentation/scheduler/sched-stats.rst, /proc/PID/schedstat: the second number is nanoseconds.
    """
    own = Path(f"/proc/self/task/{threading.get_native_id()}/schedstat")
    files = [own, *(Path(f"/proc/{pid}/schedstat") for pid in pids)]
    return sum(int(file.read_text().split()[1]) for file in files) / 1e9


def await_read(port: int) -> None:
    """Wait until a connection is accepted there, and all that came through it was read."""
    await_true(
        lambda: any(one.inode and not one.unread_bytes for one in read_connections(port)),
        "the beginning of a request is read",
        DEADLINE_S,
    )
