"""The store of receipts: what is appended is whole and on disk, or not there; the oldest goes when there is too much.

Writers take a lock, so lines never mix. A crash (or a full disk) in the middle of a write leaves at most one torn last
line: readers skip it and say so, the next writer ends it.
"""

import contextlib
import fcntl
import os
import stat
import time
from collections.abc import Generator

from hitless.reload.receipt_files import ReceiptFiles, Unreadable, file_name, file_rank, newest_first
from hitless.reload.receipt_line import encode_line, moment
from hitless.reloads import Receipt
from hitless.state import open_private_directory, state_directory
from hitless.store import ChangeError

__all__ = ["KEEP_BYTES", "KEEP_MONTHS", "append_receipt", "read_receipts", "receipts_directory"]

KEEP_MONTHS = 24
"""Months with reloads in them. Counted, not computed from today: a clock that is wrong once removes no history."""
KEEP_BYTES = 1024 * 1024 * 1024
PART_BYTES = 64 * 1024 * 1024
"""A month's file that is longer is continued in another, so that old receipts of a busy month can go."""
_LOCK_DEADLINE_S = 10.0
_LOCK_RETRY_S = 0.002


def receipts_directory(state: str = "") -> str:
    """Return where receipts are kept: below the state directory given, or the usual one."""
    return f"{state or state_directory()}/receipts"


def append_receipt(
    directory: str, receipt: Receipt, *, keep_months: int = KEEP_MONTHS, keep_bytes: int = KEEP_BYTES
) -> str:
    """Write a receipt to disk, synced, and return the path of its file. The oldest files beyond the bounds go.

    Raises: ChangeError if it is not kept (or, as its message then says, if only an old file could not be removed);
    ValueError if `started_at` is no time.
    """
    line = encode_line(receipt)
    month = f"{moment(receipt.started_at):%Y-%m}"
    place = open_private_directory(directory)
    try:
        try:
            name = _file_to_append_to(place, month)
            created = _append(place, name, line)
        except OSError as error:
            raise ChangeError(f"The receipt cannot be kept in {directory}: {error.strerror}.") from error
        if created:
            _prune(place, name, keep_months, keep_bytes)
        return f"{directory}/{name}"
    finally:
        os.close(place)


def read_receipts(directory: str) -> Generator[Receipt | Unreadable, None, None]:
    """Return the receipts, the newest first, read as they are asked for; none where there is no such directory.

    Raises: EvidenceError if the directory or a file cannot be read.
    """
    with ReceiptFiles(directory) as files:
        yield from files.receipts()


def _file_to_append_to(place: int, month: str) -> str:
    """Return the newest file of the month, or the next one where that is long enough."""
    prefix = file_name(month, 0).removesuffix(".jsonl")
    name = next((name for name in newest_first(place) if name.startswith(prefix)), None)
    if name is None:
        return file_name(month, 0)
    part = (file_rank(name) or 0) % 1000
    full = os.stat(name, dir_fd=place, follow_symlinks=False).st_size > PART_BYTES
    return file_name(month, part + 1) if full and part < 999 else name


def _append(place: int, name: str, line: bytes) -> bool:
    """Write the line at the end of the file; return whether that is its first. Raises: OSError."""
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    # Who lets a group read the directory lets it read what is in it.
    mode = 0o600 | (os.fstat(place).st_mode & stat.S_IRGRP)
    descriptor = os.open(name, flags, mode, dir_fd=place)
    try:
        _lock(descriptor)
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or not status.st_nlink:
            raise OSError(0, f"{name} is no regular file, or was removed")
        size = status.st_size
        _write_whole(descriptor, size, line)
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.fsync(descriptor)
        if not size:
            os.fsync(place)
        return not size
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> None:
    """Take the lock on the file, which a process that ends gives back. Raises: OSError after a deadline."""
    deadline = time.monotonic() + _LOCK_DEADLINE_S
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise TimeoutError(
                    0, f"another process holds its lock for {_LOCK_DEADLINE_S:.0f} s"
                ) from None
            time.sleep(_LOCK_RETRY_S)
        else:
            return


def _write_whole(descriptor: int, size: int, line: bytes) -> None:
    torn = size and os.pread(descriptor, 1, size - 1) != b"\n"
    left = b"\n" + line if torn else line
    try:
        while left:
            left = left[os.write(descriptor, left) :]
    except BaseException:
        with contextlib.suppress(OSError):  # then it stays torn, which the next one repairs
            os.ftruncate(descriptor, size)
        raise


def _prune(place: int, newest: str, keep_months: int, keep_bytes: int) -> None:
    """Remove the oldest files, never the one just begun. Raises: ChangeError."""
    months: set[int] = set()
    total = 0
    try:
        for name in newest_first(place):
            months.add((file_rank(name) or 0) // 1000)
            total += os.stat(name, dir_fd=place, follow_symlinks=False).st_size
            if name != newest and (len(months) > keep_months or total > keep_bytes):
                with contextlib.suppress(FileNotFoundError):  # another process begins a month, too
                    os.unlink(name, dir_fd=place)
    except OSError as error:
        message = f"The receipt is kept, but receipts that are too old cannot be removed: {error.strerror}."
        raise ChangeError(message) from error
