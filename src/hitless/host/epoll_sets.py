"""What a process waits for with epoll; and sockets that it has closed and waits for all the same.

Closing a descriptor takes it out of an epoll set only when nobody else has the socket open. A HAProxy that does not
know of that (its sockets were taken, or it is of before 561319bd1) closes its listening sockets at the soft stop and is
woken at each connection that its successor gets. Measured on two processors with one connection that kept the old
process alive: it used as much processor time as the successor, and half to four fifths of the connections per second
were lost, on 2.2 to 3.2; none of it once the sets are cleaned.

Source: epoll(7), question 6; Linux 4.13 fs/eventpoll.c ep_show_fdinfo().
"""

import ctypes
import fcntl
import os
import re
import select
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from hitless.host.descriptors import duplicate_descriptor
from hitless.host.errors import Gone, HostError, translated, translated_of
from hitless.host.process_handle import ProcessHandle
from hitless.host.processes import PROC
from hitless.limits import allow_descriptors

__all__ = ["apply_forget_closed", "read_polled_inodes"]

_CLONE_FILES = 0x400
_TIMEOUT_S = 10.0
_ENTRY = re.compile(rb"tfd:\s+(\d+) events:\s+[0-9a-f]+ data:\s+[0-9a-f]+\s+pos:\d+ ino:([0-9a-f]+) ")
_LIMIT_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Entry:
    """One descriptor in an epoll set: numbers are the process's."""

    epoll: int
    number: int
    inode: int


def read_polled_inodes(pid: int, proc: Path = PROC) -> frozenset[int]:
    """Return the inodes of everything that a process waits for with epoll, sockets among it.

    Raises: Gone, Denied.
    """
    return frozenset(entry.inode for entry in _read_entries(pid, proc))


def _read_entries(pid: int, proc: Path) -> Iterator[_Entry]:
    place = proc / str(pid)
    with translated_of(pid):
        numbers = os.listdir(place / "fd")  # noqa: PTH208 - plain strings: there can be a million
    for number in numbers:
        if _link(pid, number, proc) != "anon_inode:[eventpoll]":
            continue
        try:
            with (
                translated("closed", f"process {pid} does not let us look"),
                (place / "fdinfo" / number).open("rb") as file,
            ):
                data = file.read(_LIMIT_BYTES)
        except Gone:  # closed since it was listed
            continue
        for match in _ENTRY.finditer(data):
            yield _Entry(int(number), int(match[1]), int(match[2], 16))


def _link(pid: int, number: int | str, proc: Path) -> str:
    """Return what a descriptor of a process is, "" if it is not open."""
    try:
        return os.readlink(f"{proc}/{pid}/fd/{number}")  # noqa: PTH115 - as above
    except FileNotFoundError:
        return ""


def apply_forget_closed(pid: int, sockets: Mapping[int, int], proc: Path = PROC) -> int:
    """Take sockets that a process has closed out of its epoll sets; return how many registrations are gone.

    `sockets` are descriptors of ours by inode: of the very sockets that the process had. Those that it has still open
    are left alone, and so is whatever else it has opened under the same number.

    Raises: Gone, Denied, Unsupported, HostError.
    """
    with ProcessHandle(pid) as process:
        stale = [
            entry
            for entry in _read_entries(pid, proc)
            if entry.inode in sockets and _link(pid, entry.number, proc) != f"socket:[{entry.inode}]"
        ]
        if not stale:
            return 0
        sets = {entry.epoll: -1 for entry in stale}
        try:
            for number in sets:
                sets[number] = duplicate_descriptor(process, number)
            return _in_own_table(stale, sets, sockets)
        finally:
            for descriptor in sets.values():
                if descriptor >= 0:
                    os.close(descriptor)


def _in_own_table(stale: list[_Entry], sets: Mapping[int, int], sockets: Mapping[int, int]) -> int:
    """Remove the registrations in a thread with a table of descriptors of its own.

    An entry is found by the socket and its number in the process, so that the socket must have this number here as
    well; in a table of our own every number is ours to give.
    """
    beyond = max(entry.number for entry in stale) + 1
    allow_descriptors(beyond + len(sets) + len(sockets))
    removed: list[bool] = []
    errors: list[OSError] = []

    def work() -> None:
        try:
            _unshare_files()
            epolls = {number: select.epoll.fromfd(_above(beyond, d)) for number, d in sets.items()}
            high = {entry.inode: _above(beyond, sockets[entry.inode]) for entry in stale}
            for entry in stale:
                os.dup2(high[entry.inode], entry.number, inheritable=False)
                removed.append(_remove(epolls[entry.epoll], entry.number))
            for epoll in epolls.values():
                epoll.close()
        except OSError as error:
            errors.append(error)

    thread = threading.Thread(target=work, name="epoll sets", daemon=True)
    thread.start()
    thread.join(_TIMEOUT_S)
    if errors:
        raise HostError(
            f"closed sockets cannot be taken out of an epoll set: {errors[0].strerror}"
        ) from errors[0]
    return sum(removed)


def _unshare_files() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_FILES) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _above(lowest: int, descriptor: int) -> int:
    return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, lowest)


def _remove(epoll: select.epoll, number: int) -> bool:
    try:
        epoll.unregister(number)
    except FileNotFoundError:  # the process has removed it meanwhile
        return False
    return True
