"""One log as it is stored: opened once, read in blocks from any place of a plain file, from the start of others."""

import errno
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from hitless.errors import EvidenceError
from hitless.explain.sources.blocks import Block, Hole, SkipCount, cut_blocks
from hitless.explain.sources.decompress import BrokenCompression, compression_of, decompress
from hitless.logged import SkipReason

__all__ = ["CHUNK_BYTES", "LogFile", "open_descriptor", "open_log"]

CHUNK_BYTES = 1024 * 1024
"""So much is read at once: a processor's cache holds it."""
_MAGIC_BYTES = 6
_END_OF_LINE = re.compile(rb"[\n\x00]")


@dataclass(slots=True)
class LogFile:
    """An open log. `is_plain`: every place of it can be read at once."""

    name: str
    number: int
    file: IO[bytes]
    compression: str
    size_bytes: int
    """As stored."""
    written_ns: int
    """When it was last written, CLOCK_REALTIME."""

    @property
    def is_plain(self) -> bool:
        """Whether it is stored as it is."""
        return not self.compression

    def blocks(self, skips: SkipCount, *, start: int = 0, end: int | None = None) -> Iterator[Block]:
        """Yield the lines that begin in [start, end) of a plain file; of a compressed one all, whatever these say.

        A `start` within a line begins at the next one.
        """
        if self.is_plain:
            end = self.size_bytes if end is None else end
            yield from cut_blocks(self._chunks(start, end), skips, offset=self.line_start(start))
            return
        self.file.seek(0)
        yield from cut_blocks(self._unpacked(skips), skips)

    def line_start(self, offset: int) -> int:
        """Return where the first line begins that begins at or after a place of a plain file."""
        if offset <= 0:
            return 0
        at = offset - 1
        while at < self.size_bytes:
            data = self.read_at(at, 4096)
            found = _END_OF_LINE.search(data)
            if found is not None:
                return at + found.end()
            if not data:
                break
            at += len(data)
        return self.size_bytes

    def read_at(self, offset: int, size_bytes: int) -> bytes:
        """Return bytes of a plain file.

        Raises: EvidenceError if it cannot be read.
        """
        try:
            return os.pread(self.file.fileno(), size_bytes, offset)
        except OSError as error:
            raise _unreadable(self.name, error) from error

    def data_at(self, offset: int) -> int:
        """Return where the next stored bytes begin: a file that was truncated while it was written has holes."""
        try:
            return os.lseek(self.file.fileno(), offset, os.SEEK_DATA)
        except OSError as error:
            # ENXIO: nothing is stored from here on. Others: a file system that does not know.
            return max(offset, self.size_bytes) if error.errno == errno.ENXIO else offset

    def close(self) -> None:
        """Close it."""
        self.file.close()

    def _chunks(self, start: int, end: int) -> Iterator[bytes | Hole]:
        """Yield what lines that begin in [start, end) are made of: the last one may go on behind the end."""
        at = self.line_start(start)
        while at < end:
            data_at = self.data_at(at)
            if data_at > at:
                yield Hole(min(data_at, self.size_bytes) - at)
                at = data_at
                continue
            data = self.read_at(at, min(CHUNK_BYTES, end - at))
            if not data:
                return
            # What ends with a line need not be put together with what follows: less is copied.
            data = data[: data.rfind(b"\n") + 1] or data
            at += len(data)
            yield data
        if at >= self.size_bytes or self.read_at(at - 1, 1) in {b"\n", b"\0", b""}:
            return
        yield self.read_at(at, self.line_start(at) - at)

    def _unpacked(self, skips: SkipCount) -> Iterator[bytes]:
        size = 0
        try:
            for data in decompress(self.file, self.compression):
                size += len(data)
                yield data
        except BrokenCompression as error:
            skips.add(SkipReason.BROKEN_COMPRESSION, 0, size, lines=0, detail=str(error))


def open_log(path: str, number: int) -> LogFile:
    """Open a log.

    Raises: EvidenceError if it is missing, unreadable, or no regular file.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        file = os.fdopen(descriptor, "rb", buffering=0)
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    try:
        return open_descriptor(file, path, number)
    except BaseException:
        file.close()
        raise


def open_descriptor(file: IO[bytes], name: str, number: int) -> LogFile:
    """Return an open file as a log.

    Raises: EvidenceError if it is no regular file.
    """
    status = os.fstat(file.fileno())
    if not stat.S_ISREG(status.st_mode):
        raise EvidenceError(f"{name} is no file.", hint="Pipe it: hitless explain - < FILE")
    compression = compression_of(os.pread(file.fileno(), _MAGIC_BYTES, 0))
    return LogFile(name, number, file, compression, status.st_size, status.st_mtime_ns)


def _unreadable(path: str, error: OSError | ValueError) -> EvidenceError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return EvidenceError(f"The log {path} cannot be read: {reason}.", hint="Read it as a user who may.")
