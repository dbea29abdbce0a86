"""A log that is written to, followed: also when it is renamed and made anew, or truncated where it is.

Source: logrotate(8) 3.21 (`create`, `copytruncate`).
"""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from typing import IO

from hitless.errors import EvidenceError
from hitless.explain.entries import EntryReader, ReadOptions
from hitless.explain.sources.blocks import LONGEST_LINE_BYTES
from hitless.explain.sources.files import CHUNK_BYTES
from hitless.explain.sources.journal_tail import JournalTail
from hitless.logged import Entry, SkipReason

__all__ = ["Tail", "follow"]

_INTERVAL_S = 0.25


class Tail:
    """What is appended to a path, by lines; from its end on, or from its start."""

    def __init__(self, path: str, *, from_start: bool = False) -> None:
        self.path = path
        self._file: IO[bytes] | None = None
        self._at = 0
        self._rest = b""
        self._from_start = from_start
        self.truncations = 0
        """How often it got shorter: what was written in between may be lost."""

    def read_new(self) -> Iterator[tuple[int, bytes]]:
        """Yield offset and bytes of each line that has become complete; of a log that was renamed first its rest."""
        if self._file is None and not self._open():
            return
        yield from self._read()
        if self._is_replaced():
            yield from self._read()  # what was written between the last look and the rename
            if self._rest:
                yield self._at - len(self._rest), self._rest
            self.close()
            self._from_start = True
            if self._open():
                yield from self._read()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
        self._file, self._rest, self._at = None, b"", 0

    def _open(self) -> bool:
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            self._from_start = True
            return False
        except OSError as error:
            raise EvidenceError(f"{self.path} cannot be followed: {error.strerror}.") from error
        self._file = os.fdopen(descriptor, "rb", buffering=0)
        self._at = 0 if self._from_start else self._file.seek(0, os.SEEK_END)
        return True

    def _read(self) -> Iterator[tuple[int, bytes]]:
        assert self._file is not None, "the caller opened it"
        if os.fstat(self._file.fileno()).st_size < self._at:
            self.truncations += 1
            self._at, self._rest = 0, b""
        while data := os.pread(self._file.fileno(), CHUNK_BYTES, self._at):
            begin = self._at - len(self._rest)
            self._at += len(data)
            *lines, self._rest = (self._rest + data).split(b"\n")
            for raw in lines:
                yield begin, raw.strip(b"\0\r")
                begin += len(raw) + 1
            if len(self._rest) > LONGEST_LINE_BYTES:
                yield begin, self._rest[:LONGEST_LINE_BYTES]
                self._rest = b""

    def _is_replaced(self) -> bool:
        assert self._file is not None, "the caller opened it"
        try:
            named = os.stat(self.path)  # noqa: PTH116 - beside fstat
        except OSError:
            return False  # renamed, and not made anew yet: lines still go to what we have open
        held = os.fstat(self._file.fileno())
        return (named.st_dev, named.st_ino) != (held.st_dev, held.st_ino)


def follow(
    paths: Sequence[str],
    options: ReadOptions,
    *,
    units: Sequence[str] = (),
    goes_on: Callable[[], bool] = lambda: True,
    interval_s: float = _INTERVAL_S,
) -> Iterator[Entry | None]:
    """Yield what is logged from now on, by log in its order; None when there was nothing for an interval.

    `units`: the journal of these too.

    Raises: EvidenceError if a log may not be read, or the journal cannot be followed.
    """
    tails: list[Tail | JournalTail] = [Tail(path) for path in paths]
    if units:
        tails.append(JournalTail(units))
    readers = [EntryReader(number, options, end_ns=time.time_ns()) for number in range(len(tails))]
    try:
        while goes_on():
            silent = True
            for tail, reader in zip(tails, readers, strict=True):
                for offset, raw in tail.read_new():
                    entry = reader.read(raw, offset)
                    if entry is not None and not isinstance(entry, SkipReason):
                        silent = False
                        yield entry
            if silent:
                yield None
                time.sleep(interval_s)
    finally:
        for tail in tails:
            tail.close()
