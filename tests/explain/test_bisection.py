import gzip
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from hitless.explain.bisection import find_range, look
from hitless.explain.entries import ReadOptions
from hitless.explain.heads.wall_clock import WallClock
from hitless.explain.sources.log_set import open_logs
from hitless.explain.window import Window, read_entries
from tests.explain.made import OPTIONS, SECOND, START_S, bsd, lines, message

COUNT = 7000


@pytest.fixture(params=["bsd", "iso"])
def large(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "a.log"
    path.write_bytes(b"".join(lines(COUNT, stamp=request.param)))
    os.utime(path, (START_S + 700, START_S + 700))
    return path


def test_a_window_is_found_without_reading_the_rest(large: Path) -> None:
    since, until = (START_S + 300) * SECOND, (START_S + 310) * SECOND
    with open_logs([str(large)], OPTIONS) as logs:
        found = find_range(logs, logs.files[0], since, until)
        assert found.bisected
        assert 0 < found.start < found.end < logs.files[0].size_bytes
        assert found.end - found.start < 600_000
        entries = list(read_entries(logs, Window(since, until)))
        assert {e.at.t_ns // SECOND for e in entries} <= set(range(START_S + 299, START_S + 310))
        assert sum(e.at.t_ns // SECOND >= START_S + 300 for e in entries) == 100


@pytest.mark.parametrize(
    ("since", "until"), [(None, 100), (650, None), (-500, -100), (5000, 6000), (None, None)]
)
def test_bounds_that_are_open_or_outside(large: Path, since: int | None, until: int | None) -> None:
    window = Window(
        None if since is None else (START_S + since) * SECOND,
        None if until is None else (START_S + until) * SECOND,
    )
    with open_logs([str(large)], OPTIONS) as logs:
        found = list(read_entries(logs, window))
        every = [e for e in read_entries(logs) if window.has(e.at)]
        assert found == every


def test_small_compressed_and_unordered_logs_are_read_whole(tmp_path: Path) -> None:
    ordered = list(lines(COUNT))
    (tmp_path / "small.log").write_bytes(b"".join(ordered[:10]))
    (tmp_path / "a.gz").write_bytes(gzip.compress(b"".join(ordered)))
    reversed_days = list(lines(COUNT // 2, start=datetime(2026, 11, 30, tzinfo=UTC))) + ordered[: COUNT // 2]
    (tmp_path / "odd.log").write_bytes(b"".join(reversed_days))
    for name in ("small.log", "a.gz", "odd.log"):
        with open_logs([str(tmp_path / name)], OPTIONS) as logs:
            found = find_range(logs, logs.files[0], START_S * SECOND, (START_S + 10) * SECOND)
            assert (found.start, found.end, found.bisected) == (0, logs.files[0].size_bytes, False)


def test_a_hole_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    half = list(lines(COUNT))
    with path.open("wb") as file:
        file.write(b"".join(half[: COUNT // 2]))
        file.seek(3 * 10**9)
        file.write(b"".join(half[COUNT // 2 :]))
    with open_logs([str(path)], OPTIONS) as logs:
        for seconds in (200, 500):
            window = Window((START_S + seconds) * SECOND, (START_S + seconds + 2) * SECOND)
            assert sum(e.at.t_ns >= window.since_ns for e in read_entries(logs, window)) == 20  # type: ignore[operator]


def test_the_hour_that_comes_twice(tmp_path: Path) -> None:
    zone = ZoneInfo("Europe/Berlin")
    start = datetime(2026, 10, 24, 23, 0, tzinfo=UTC)
    text = b"".join(
        f"{bsd(m.astimezone(zone))} lb1 haproxy[1]: {message(n, m.astimezone(zone))}\n".encode()
        for n in range(COUNT)
        for m in [start + timedelta(seconds=2 * n)]
    )
    path = tmp_path / "a.log"
    path.write_bytes(text)
    options = ReadOptions(clock=WallClock(zone))
    begin = int(start.timestamp())
    with open_logs([str(path)], options) as logs:
        for seconds in (3600 + 1800, 2 * 3600 + 1800):  # 02:30, and 02:30 again
            window = Window((begin + seconds) * SECOND, (begin + seconds + 10) * SECOND)
            found = [e.at.t_ns // SECOND - begin for e in read_entries(logs, window)]
            assert set(found) >= set(range(seconds, seconds + 10, 2))
            assert len(found) <= 6


def test_a_look_at_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"x\n" * 1000)
    with open_logs([str(path)], OPTIONS) as logs:
        assert look(logs, logs.files[0], 0) is None
        assert look(logs, logs.files[0], 10**9) is None
