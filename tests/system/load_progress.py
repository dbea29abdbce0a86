"""How far a load has come, told from the rows that it has written so far: what a test waits for instead of a time."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from hitless.attempts import dtype, read_attempts
from hitless.load.runner import LoadProcesses
from tests.system.load_bed import Rows

DEADLINE_S = 60.0


def rows_so_far(directory: Path) -> Rows:
    """Return what the first process has published."""
    try:
        return read_attempts(directory / "attempts-0.bin")
    except (FileNotFoundError, ValueError):  # it has only begun
        return np.empty(0, dtype())


def until(
    directory: Path, attempts: int, *, connections: int = 0, processes: int = 1
) -> Callable[[LoadProcesses], None]:
    """Return a `during` that waits until so many attempts have ended, on so many connections of the first process."""

    def wait(load: LoadProcesses) -> None:
        deadline_s = time.monotonic() + DEADLINE_S
        while True:
            rows = rows_so_far(directory)
            ended = load.counters()[0] if processes > 1 else len(rows)
            used = len(np.unique(rows["connection"]))
            if ended >= attempts and used >= connections:
                return
            assert time.monotonic() < deadline_s, f"{ended} attempts ended, on {used} connections"
            load.check()
            time.sleep(0.02)

    return wait
