import io
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from hitless.errors import EvidenceError
from hitless.explain.sources.blocks import SkipCount
from hitless.explain.sources.spool import spool, spool_stream


@contextmanager
def pipe(data: bytes, *, close: bool = True) -> Iterator[io.BufferedReader]:
    read, write = os.pipe()

    def feed() -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(write, view) :]
        if close:
            os.close(write)

    feeder = threading.Thread(target=feed)
    feeder.start()
    with os.fdopen(read, "rb") as stream:
        yield stream
        while stream.read(65536) if close else False:
            pass
    feeder.join()
    if not close:
        os.close(write)


def test_a_stream_can_be_read_anywhere() -> None:
    data = b"".join(b"line %d\n" % n for n in range(500_000))
    with pipe(data) as stream:
        file = spool(stream, "stdin", 0)
    assert b"".join(b.data for b in file.blocks(SkipCount(0))) == data
    assert file.read_at(7, 6) == data[7:13]
    assert file.size_bytes == len(data)
    file.close()


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    with pipe(b"hello\n") as stream:
        monkeypatch.setattr(
            sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.FileIO(os.dup(stream.fileno()))))
        )
        file = spool_stream(4)
        sys.stdin.close()
    assert (file.name, file.number, file.size_bytes) == ("stdin", 4, 6)
    file.close()


def test_a_stream_has_a_bound() -> None:
    with pipe(b"x" * 1000) as stream, pytest.raises(EvidenceError, match="longer than"):
        spool(stream, "stdin", 0, limit_bytes=999)


def test_a_stream_has_a_deadline() -> None:
    with pipe(b"x", close=False) as stream, pytest.raises(EvidenceError, match="in time"):
        spool(stream, "the journal", 0, deadline=time.monotonic() + 0.05)


def test_a_directory_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", "/nonexistent")
    with pipe(b"x") as stream, pytest.raises(EvidenceError, match="cannot be kept"):
        spool(stream, "stdin", 0)
