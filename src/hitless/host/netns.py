"""Doing something in the network namespace of another process, in a thread that ends with it.

A namespace belongs to a thread, so that the rest of this process stays where it is. Sockets made there keep asking
about that namespace; `/proc/sys/net` shows the reading thread's.

Source: setns(2); Linux v6.18 net/sysctl_net.c net_ctl_header_lookup().
"""

import ctypes
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from hitless.errors import HitlessError
from hitless.host.errors import HostError, translated
from hitless.host.processes import PROC

__all__ = ["in_named_network_namespace", "in_network_namespace"]

_CLONE_NEWNET = 0x4000_0000
_T = TypeVar("_T")


def in_network_namespace(
    pid: int | None, act: Callable[[], _T], *, timeout_s: float = 30.0, proc: Path = PROC
) -> _T:
    """Return what `act` returns in the network namespace of a process; None is our own.

    Raises: Gone, Denied (without CAP_SYS_ADMIN), HostError if it takes too long, and whatever `act` raises of ours.
    """
    if pid is None:
        return act()
    file = proc / str(pid) / "ns" / "net"
    return _in_namespace(
        file, act, f"process {pid} is gone", f"the network namespace of process {pid}", timeout_s
    )


def in_named_network_namespace(file: Path, act: Callable[[], _T], *, timeout_s: float = 30.0) -> _T:
    """Return what `act` returns in a network namespace that a file stands for (`ip netns add`: /run/netns/NAME).

    Raises: as `in_network_namespace`.
    """
    what = f"the network namespace {file}"
    return _in_namespace(file, act, f"{what} is not there", what, timeout_s)


def _in_namespace(file: Path, act: Callable[[], _T], gone: str, what: str, timeout_s: float) -> _T:
    with translated(gone, f"{what} cannot be entered"):
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        if os.path.samestat(os.fstat(descriptor), os.stat("/proc/thread-self/ns/net")):  # noqa: PTH116
            return act()
        return _in_thread(descriptor, act, gone, what, timeout_s)
    finally:
        os.close(descriptor)


def _in_thread(descriptor: int, act: Callable[[], _T], gone: str, what: str, timeout_s: float) -> _T:
    results: list[_T] = []
    errors: list[HitlessError] = []
    own = os.dup(descriptor)  # the thread may outlive our patience

    def enter_and_act() -> None:
        try:
            try:
                with translated(gone, f"{what} cannot be entered"):
                    _setns(own)
            finally:
                os.close(own)
            results.append(act())
        except HitlessError as error:
            errors.append(error)

    thread = threading.Thread(target=enter_and_act, name=what, daemon=True)
    thread.start()
    thread.join(timeout_s)
    if errors:
        raise errors[0]
    if not results:
        raise HostError(f"{what} did not answer within {timeout_s:g} s")
    return results[0]


def _setns(descriptor: int) -> None:
    """Move this thread; `os.setns` is of Python 3.12."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, _CLONE_NEWNET) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
