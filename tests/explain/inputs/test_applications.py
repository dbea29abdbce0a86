import gzip
from collections import Counter
from datetime import UTC
from pathlib import Path

import pytest

from hitless.errors import UsageError
from hitless.explain.entries import ReadOptions
from hitless.explain.heads.wall_clock import WallClock
from hitless.explain.inputs.applications import ApplicationEvidence, read_applications
from hitless.explain.window import ALWAYS, Window

TEXT = b"""\
2026-11-22 14:32:01,100 INFO shop: fine
2026-11-22 14:32:02,250 ERROR shop: request_id=AB:1_2:3_42 failed
ConnectionResetError: [Errno 104] Connection reset by peer
2026-11-22 14:32:02,300 ERROR shop: write: broken pipe
2026-11-22 14:32:09,000 INFO shop: gone away
"""
BASE_S = 1_795_357_920


def read(
    *paths: Path, patterns: tuple[str, ...] = (), window: Window = ALWAYS, ids: tuple[str, ...] = ()
) -> ApplicationEvidence:
    options = ReadOptions(clock=WallClock(UTC))
    return read_applications([str(path) for path in paths], patterns, options, window, ids)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "app.log"
    path.write_bytes(TEXT)
    return path


def test_lines_by_second_and_pattern(log: Path) -> None:
    evidence = read(log)
    assert evidence.by_second == {BASE_S + 2: Counter({"connection reset": 1, "broken pipe": 1})}
    assert (evidence.lines, evidence.without_time) == (5, 0)
    assert (evidence.first_s - BASE_S, evidence.last_s - BASE_S) == (1, 9)


def test_a_users_pattern_and_one_that_is_none(log: Path) -> None:
    assert read(log, patterns=("gone away",)).by_second[BASE_S + 9] == {"gone away": 1}
    with pytest.raises(UsageError):
        read(log, patterns=("(",))


def test_lines_that_name_a_request(log: Path) -> None:
    evidence = read(log, ids=("AB:1_2:3_42", "AB:1_2:3_4", ""))
    assert evidence.joined == {"AB:1_2:3_42": TEXT.splitlines()[1].decode()}


def test_a_window_bounds_what_counts_and_the_time_it_is_compared_with(log: Path) -> None:
    evidence = read(log, window=Window((BASE_S + 3) * 10**9, (BASE_S + 8) * 10**9))
    assert evidence.by_second == {}
    assert (evidence.first_s - BASE_S, evidence.last_s - BASE_S) == (3, 8)


def test_several_logs_also_compressed_and_one_without_times(log: Path, tmp_path: Path) -> None:
    (tmp_path / "old.gz").write_bytes(gzip.compress(TEXT.replace(b"14:32", b"14:31")))
    (tmp_path / "plain").write_bytes(b"connection reset\n" * 3)
    evidence = read(log, tmp_path / "old.gz", tmp_path / "plain")
    assert (evidence.lines, evidence.without_time) == (13, 3)
    assert evidence.first_s - BASE_S == -59
    assert sum(counts.total() for counts in evidence.by_second.values()) == 4
