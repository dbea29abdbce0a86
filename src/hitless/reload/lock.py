"""One reload at a time per instance, across processes; who waited meanwhile is answered by the next one, together.

The lock is flock(2) on a file: the kernel lets go of it when its holder dies, however that happens. A caller who gets
it looks at the reload before: if that one began after the caller had asked, it has loaded what the caller wanted
loaded, and its answer is the caller's too. So fifty calls at once become two reloads, and never fifty.
"""

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from hitless.errors import ReloadError
from hitless.host.errors import HostError
from hitless.host.processes import read_start_ticks
from hitless.records import Record
from hitless.reload.instance_files import InstanceFiles
from hitless.reloads import Receipt

__all__ = ["LastReload", "count_waiting", "covering", "hold_lock", "read_boot_id", "remember"]

_LAST = "last.json"
_WAITING = "waiting-"
_PERIOD_S = 0.02


class LastReload(Record, frozen=True):
    """The reload before, for those who waited while it ran."""

    boot_id: str
    began_ns: int
    """CLOCK_MONOTONIC, when it began to read the configuration."""
    what: str
    """What was asked for: only who asked for the same is answered by it."""
    receipt: Receipt


@contextlib.contextmanager
def hold_lock(
    files: InstanceFiles, *, timeout_s: float, waiting: Callable[[], None] = lambda: None
) -> Iterator[None]:
    """Hold the instance's lock within the block; `waiting` is called once if somebody else has it.

    Raises: ReloadError if it was not to be had in time; ChangeError if its file cannot be used.
    """
    descriptor = files.open_lock()
    try:
        if not _try_lock(descriptor):
            waiting()
            with _announced(files):
                _await_lock(descriptor, time.monotonic() + timeout_s, files)
        yield
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _await_lock(descriptor: int, deadline: float, files: InstanceFiles) -> None:
    while not _try_lock(descriptor):
        if time.monotonic() >= deadline:
            raise ReloadError(
                "Another hitless is reloading this HAProxy and did not end in time.",
                hint=f"`hitless history --last` says how the last one went; the lock is {files.path}/lock.",
            )
        time.sleep(_PERIOD_S)  # a blocking flock() would know no deadline


@contextlib.contextmanager
def _announced(files: InstanceFiles) -> Iterator[None]:
    """Let the holder of the lock know that we wait: a file with our name, which who waits removes."""
    name = f"{_WAITING}{os.getpid()}-{read_start_ticks(os.getpid())}"
    files.write_bytes(name, b"")
    try:
        yield
    finally:
        files.remove(name)


def count_waiting(files: InstanceFiles) -> int:
    """Return how many other calls wait now; what those that were killed have left is removed."""
    count = 0
    for name in files.names():
        pid, _, ticks = name.removeprefix(_WAITING).partition("-")
        if not name.startswith(_WAITING) or not (pid.isdigit() and ticks.isdigit()):
            continue
        if _lives(int(pid), int(ticks)):
            count += 1
        else:
            files.remove(name)
    return count


def _lives(pid: int, start_ticks: int) -> bool:
    try:
        return read_start_ticks(pid) == start_ticks
    except HostError:
        return False


def covering(files: InstanceFiles, *, asked_ns: int, what: str) -> Receipt | None:
    """Return the receipt of a reload that began after this was asked for, and did the same; None without one."""
    last = files.read(_LAST, LastReload)
    if last is None or last.boot_id != read_boot_id() or last.what != what or last.began_ns < asked_ns:
        return None
    return last.receipt


def remember(files: InstanceFiles, *, began_ns: int, what: str, receipt: Receipt) -> None:
    """Leave the answer for those who wait. Raises: ChangeError."""
    files.write(_LAST, LastReload(boot_id=read_boot_id(), began_ns=began_ns, what=what, receipt=receipt))


def read_boot_id(path: Path = Path("/proc/sys/kernel/random/boot_id")) -> str:
    """Return what tells this boot from others: CLOCK_MONOTONIC begins anew with each."""
    return path.read_text().strip()
