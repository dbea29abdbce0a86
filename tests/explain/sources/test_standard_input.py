import errno
import io
import os
from pathlib import Path

import pytest

from hitless.errors import EvidenceError
from hitless.explain.sources.standard_input import peek_start, standard_input
from tests.explain.standard_inputs import stdin_with


def test_what_was_looked_at_is_still_there(tmp_path: Path) -> None:
    data = bytes(range(256)) * 1000
    with stdin_with(data, tmp_path):
        start = peek_start()
        assert start == data[: len(start)] != b""
        assert standard_input().read() == data
        assert peek_start() == b""


def test_a_pipe_is_not_waited_for_to_be_full(monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()
    with os.fdopen(write, "wb") as writing, io.TextIOWrapper(os.fdopen(read, "rb")) as reading:
        monkeypatch.setattr("sys.stdin", reading)
        writing.write(b"a line\n")
        writing.flush()
        assert peek_start() == b"a line\n"


def test_none_that_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(EvidenceError, match="closed"):
        standard_input()
    main, terminal = os.openpty()
    with os.fdopen(main, "rb"), io.TextIOWrapper(os.fdopen(terminal, "rb")) as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        with pytest.raises(EvidenceError, match="terminal"):
            standard_input()


class Broken(io.RawIOBase):
    def readable(self) -> bool:
        return True

    def readinto(self, _buffer: object) -> int:
        raise OSError(errno.EIO, "Input/output error")


def test_one_that_breaks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BufferedReader(Broken())))
    with pytest.raises(EvidenceError, match="Input/output error"):
        peek_start()
