"""The one who outlives us: removes the trace instance when hitless was killed and cannot.

Runs as a program of its own, in a session of its own, with three descriptors: a pipe whose other end hitless
holds (and, until they die, whatever it forked), a pidfd of hitless, and tracefs. It imports nothing of
hitless, to stay small.
"""

import os
import select
import signal
import sys
import time

_PATIENCE_S = 10.0
_RETRY_S = 0.05


def remove(tracefs: int, name: str) -> bool:
    """Remove an instance; wait for the dying process's descriptors, which keep it busy. Return success."""
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        try:
            os.rmdir(f"instances/{name}", dir_fd=tracefs)
        except FileNotFoundError:
            return True
        except OSError:
            if time.monotonic() > deadline:
                return False
            time.sleep(_RETRY_S)  # the kernel says EBUSY and offers nothing to wait for
        else:
            return True


def main(arguments: list[str]) -> int:
    """Wait for hitless's end, then remove its instance. Arguments: pipe, pidfd, tracefs, instance name."""
    pipe, process, tracefs, name = *map(int, arguments[:3]), arguments[3]
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # it ends when hitless has ended, and not before
    poller = select.poll()
    poller.register(pipe, select.POLLIN)
    poller.register(process, select.POLLIN)
    poller.poll()
    return 0 if remove(tracefs, name) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
