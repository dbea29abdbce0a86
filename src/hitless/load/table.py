"""The writer of the table of attempts: rows packed into a memory-mapped file that is allocated ahead."""

import mmap
import os
from collections.abc import Callable
from typing import Self

from hitless.attempts import HEADER, HEADER_SIZE, MAGIC, ROW
from hitless.errors import LoadError

__all__ = ["AttemptTable", "attempts_name"]

ROWS_AHEAD = 16 * 1024
"""So many rows get disk blocks at once: a full disk is then an error here and not a SIGBUS in the middle of a row."""


def attempts_name(process: int) -> str:
    """Return the file name of one process's table."""
    return f"attempts-{process}.bin"


class AttemptTable:
    """The table of one process. `add` is the only thing the hot path calls.

    `rows` counts what was written, `lost` what found no room, `failed` the rows whose outcome is not ok. A reader in
    another process sees them as of the last `publish`.
    """

    def __init__(self, directory_fd: int, *, process: int, capacity: int) -> None:
        """Create the file, which must not exist, in a directory that may not be reachable by any path.

        Raises: LoadError if it cannot be made or the disk is full.
        """
        self.rows = 0
        self.lost = 0
        self.failed = 0
        self.process = process
        self._capacity = capacity
        self._room = 0
        size_bytes = HEADER_SIZE + capacity * ROW.size
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            self._fd = os.open(attempts_name(process), flags, 0o600, dir_fd=directory_fd)
            os.ftruncate(self._fd, size_bytes)
            self._allocate(0, HEADER_SIZE)
            self._map = mmap.mmap(self._fd, size_bytes)
        except OSError as error:
            raise LoadError(f"cannot make the table of attempts: {error.strerror}") from error
        self.publish()

    def add(  # noqa: PLR0917 - the hot path: the fields of one row, by position, in the order of ROW
        self,
        stream: int,
        outcome: int,
        flags: int,
        status: int,
        local_port: int,
        errno: int,
        connection: int,
        request_number: int,
        intended_ns: int,
        start_ns: int,
        connected_ns: int,
        first_byte_ns: int,
        end_ns: int,
        opened_ns: int,
        retry_of: int,
        received_bytes: int,
        *,
        _pack_into: Callable[..., None] = ROW.pack_into,  # bound once, for speed
        _row_size: int = ROW.size,
    ) -> int:
        """Write one row and return its index; a full table counts it as lost.

        Raises: LoadError if the disk is full.
        """
        index = self.rows
        if index >= self._room and not self._grow():
            self.lost += 1
            return index
        _pack_into(
            self._map,
            HEADER_SIZE + index * _row_size,
            stream,
            outcome,
            flags,
            status,
            local_port,
            errno,
            self.process,
            connection,
            request_number,
            intended_ns,
            start_ns,
            connected_ns,
            first_byte_ns,
            end_ns,
            opened_ns,
            retry_of,
            received_bytes,
        )
        self.rows = index + 1
        if outcome:
            self.failed += 1
        return index

    def publish(self) -> None:
        """Bring the counters in the header up to date for readers in other processes."""
        HEADER.pack_into(self._map, 0, MAGIC, ROW.size, self.process, self.rows, self.lost, self.failed)

    def close(self) -> None:
        """Publish, cut the file to the rows written, and release it."""
        self.publish()
        self._map.close()
        os.ftruncate(self._fd, HEADER_SIZE + self.rows * ROW.size)
        os.close(self._fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _grow(self) -> bool:
        """Allocate the next rows; return False when the table holds its capacity."""
        rows = min(ROWS_AHEAD, self._capacity - self._room)
        if rows <= 0:
            return False
        try:
            self._allocate(HEADER_SIZE + self._room * ROW.size, rows * ROW.size)
        except OSError as error:
            raise LoadError(
                f"The table of attempts cannot be extended: {error.strerror}.",
                hint="Put the bundle (--output) where there is room: about 1 MB for 10 000 requests.",
            ) from error
        self._room += rows
        return True

    def _allocate(self, offset: int, size_bytes: int) -> None:
        os.posix_fallocate(self._fd, offset, size_bytes)
