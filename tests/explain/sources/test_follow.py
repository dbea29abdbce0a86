import os
from datetime import UTC
from pathlib import Path

import pytest

from hitless.errors import EvidenceError
from hitless.explain.entries import ReadOptions
from hitless.explain.heads.wall_clock import WallClock
from hitless.explain.sources.follow import Tail, follow
from hitless.logged import OwnMessage

LINE = (
    "2026-11-29T02:57:57.367992+00:00 vm haproxy[7486]: Proxy web stopped (cumulated conns: FE: 1, BE: 0).\n"
)


def append(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


def read(tail: Tail) -> list[bytes]:
    return [raw for _, raw in tail.read_new()]


def test_what_is_appended(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text("old\n")
    tail = Tail(str(path))
    assert read(tail) == []
    append(path, "one\ntw")
    assert list(tail.read_new()) == [(4, b"one")]
    append(path, "o\n")
    assert list(tail.read_new()) == [(8, b"two")]
    tail.close()


def test_from_the_start(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text("old\n")
    tail = Tail(str(path), from_start=True)
    assert read(tail) == [b"old"]
    tail.close()


def test_a_log_that_is_renamed_and_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text("")
    tail = Tail(str(path))
    assert read(tail) == []
    append(path, "one\n")
    path.rename(tmp_path / "a.log.1")
    append(tmp_path / "a.log.1", "two\n")  # the daemon still has it open
    assert read(tail) == [b"one", b"two"]
    append(tmp_path / "a.log.1", "three\nfour")
    path.write_text("five\n")
    assert read(tail) == [b"three", b"four", b"five"]
    append(path, "six\n")
    assert read(tail) == [b"six"]
    tail.close()


def test_a_log_that_is_truncated(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text("a long old line\n")
    tail = Tail(str(path))
    assert read(tail) == []
    os.truncate(path, 0)
    append(path, "new\n")
    assert read(tail) == [b"new"]
    assert tail.truncations == 1
    tail.close()


def test_a_log_that_is_not_there_yet(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    tail = Tail(str(path))
    assert read(tail) == []
    path.write_text("one\n")
    assert read(tail) == [b"one"]
    tail.close()


def test_a_line_without_end_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"a" * 5_000_000 + b"\nb\n")
    tail = Tail(str(path), from_start=True)
    found = read(tail)
    tail.close()
    assert found[-1] == b"b"
    assert max(len(raw) for raw in found) <= 1024 * 1024 + 65536


def test_a_log_that_may_not_be_read(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(EvidenceError):
        read(Tail(str(tmp_path / "loop")))


def test_entries_of_several_logs(tmp_path: Path) -> None:
    paths = [tmp_path / "a.log", tmp_path / "b.log"]
    looks = iter(range(4))

    def goes_on() -> bool:
        look = next(looks, None)
        if look == 1:
            for path in paths:
                append(path, LINE + "garbage\n")
        return look is not None

    found = list(
        follow([str(p) for p in paths], ReadOptions(clock=WallClock(UTC)), goes_on=goes_on, interval_s=0.001)
    )
    messages = [entry for entry in found if isinstance(entry, OwnMessage)]
    assert [m.place.source for m in messages] == [0, 1]
    assert found[0] is None
