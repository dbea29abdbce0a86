"""The files in which receipts are kept, read from the newest line to the oldest, never as a whole.

`receipts-2026-11.jsonl` holds a month; where that would be too big, `receipts-2026-11.001.jsonl` goes on. A line is
written once and stays. Each line is read for itself: one that is no receipt spoils no other.
"""

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import NamedTuple, Self

from hitless.errors import EvidenceError
from hitless.reload.receipt_line import LINE_LIMIT_BYTES, decode_line
from hitless.reloads import Receipt

__all__ = [
    "MOST_UNREADABLE",
    "FileState",
    "Line",
    "ReceiptFiles",
    "Unreadable",
    "file_name",
    "file_rank",
    "newest_first",
]

_NAME = re.compile(r"receipts-(\d{4})-(\d{2})(?:\.(\d{3}))?\.jsonl", re.ASCII)
_BLOCK_BYTES = 64 * 1024
MOST_UNREADABLE = 100
"""As many are named to a person."""


class Line(NamedTuple):
    """One line: where it begins, its bytes without the end; `whole` is False for the last one of a file without end."""

    offset: int
    data: bytes
    whole: bool


class FileState(NamedTuple):
    """What tells whether a file has changed."""

    inode: int
    size_bytes: int
    changed_ns: int


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A line that is no receipt."""

    file: str
    offset: int
    why: str

    def __str__(self) -> str:
        return f"{self.file}, byte {self.offset}: {self.why}"


def file_name(month: str, part: int) -> str:
    """Return the name of a month's file; part 0 is the first."""
    return f"receipts-{month}.{part:03}.jsonl" if part else f"receipts-{month}.jsonl"


def file_rank(name: str) -> int | None:
    """Return a number that grows from each file to the next, None for a file that is none of receipts."""
    found = _NAME.fullmatch(name)
    return None if found is None else (int(found[1]) * 100 + int(found[2])) * 1000 + int(found[3] or 0)


def newest_first(directory: int) -> list[str]:
    """Return the names of the files of receipts in an open directory. Raises: OSError."""
    ranked = [(rank, name) for name in os.listdir(directory) if (rank := file_rank(name)) is not None]
    return [name for _, name in sorted(ranked, reverse=True)]


class ReceiptFiles:
    """The files of one directory as they are now, open for reading while the `with` lasts; none if it is missing.

    Raises: EvidenceError if the directory, or a file of it, cannot be read.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.directory: int | None = None
        self._open: dict[str, int] = {}
        try:
            self.directory = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError:
            return
        except OSError as error:
            raise _unreadable(path, error) from error
        try:
            self._open_all(self.directory)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all of them."""
        for descriptor in self._open.values():
            os.close(descriptor)
        if self.directory is not None:
            os.close(self.directory)

    @property
    def names(self) -> list[str]:
        """The files, the newest first."""
        return list(self._open)

    def state(self, name: str) -> FileState:
        """Return how a file is now."""
        status = os.fstat(self._open[name])
        return FileState(status.st_ino, status.st_size, status.st_mtime_ns)

    def lines(self, name: str, start: int, end: int) -> Iterator[Line]:
        """Return the lines between two offsets (the first at the beginning of a line), the last one first."""
        position, tail, whole = end, b"", False
        while position > start:
            size = min(_BLOCK_BYTES, position - start)
            position -= size
            first, *others = (self._read(name, size, position) + tail).split(b"\n")
            offset = position + len(first) + 1 + sum(len(other) + 1 for other in others)
            for other in reversed(others):
                offset -= len(other) + 1
                if other:
                    yield Line(offset, other, whole)
                whole = True
            # Of a line without end only as much is kept as shows that it is too long.
            tail = first[: LINE_LIMIT_BYTES + 1]
        if tail:
            yield Line(start, tail, whole)

    def read(self, name: str, line: Line) -> Receipt | Unreadable:
        """Return the receipt of a line."""
        try:
            return decode_line(line.data)
        except ValueError as error:
            why = str(error) if line.whole else "the last line has no end: it was torn, or is being written"
            return Unreadable(name, line.offset, why)

    def receipts(self) -> Iterator[Receipt | Unreadable]:
        """Return all of them, the newest first."""
        for name in self.names:
            for line in self.lines(name, 0, self.state(name).size_bytes):
                yield self.read(name, line)

    def _open_all(self, directory: int) -> None:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            names = newest_first(directory)
        except OSError as error:
            raise _unreadable(self.path, error) from error
        for name in names:
            try:
                self._open[name] = os.open(name, flags, dir_fd=directory)
            except FileNotFoundError:  # too old to be kept, and removed just now
                continue
            except OSError as error:
                raise _unreadable(f"{self.path}/{name}", error) from error
            if not stat.S_ISREG(os.fstat(self._open[name]).st_mode):
                raise EvidenceError(f"{self.path}/{name} is no regular file; it is left alone.")

    def _read(self, name: str, size: int, position: int) -> bytes:
        try:
            return os.pread(self._open[name], size, position)
        except OSError as error:
            raise _unreadable(f"{self.path}/{name}", error) from error


def _unreadable(path: str, error: OSError) -> EvidenceError:
    hint = ""
    if isinstance(error, PermissionError):
        hint = "Receipts are for the user who reloads alone, unless the directory is readable for a group."
    return EvidenceError(f"{path} cannot be read: {error.strerror}.", hint=hint)
