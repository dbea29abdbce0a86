from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from hitless.explain.heads.stamps import StampReader
from hitless.explain.heads.wall_clock import WallClock
from hitless.explain.scan.head_shape import HeadShape
from hitless.explain.scan.stamp_columns import read_seconds
from hitless.explain.scan.words import find_words
from tests.explain.made import START, START_S, bsd, iso

BSD = HeadShape("bsd", 0, 2)
ISO = HeadShape("iso", 0, 2)
CLOCK = WallClock(UTC)


def seconds(lines: list[str], shape: HeadShape, clock: WallClock = CLOCK, near_s: int = START_S) -> list[int]:
    words = find_words(("\n".join(lines) + "\n").encode())
    found, gap, good = read_seconds(words, shape, StampReader(clock, near_ns=near_s * 10**9))
    assert all(words.data[words.gaps[g]] == 32 for g, ok in zip(gap, good, strict=True) if ok)
    return [int(s) if ok else -1 for s, ok in zip(found, good, strict=True)]


@pytest.mark.parametrize(("shape", "write"), [(BSD, bsd), (ISO, iso)])
def test_every_second_over_minutes_days_and_the_year(shape: HeadShape, write: object) -> None:
    moments = [START + timedelta(hours=7 * n, seconds=11 * n) for n in range(150)]
    lines = [f"{write(m)} vm haproxy[1]: x" for m in moments]  # type: ignore[operator]
    assert seconds(lines, shape) == [int(m.timestamp()) for m in moments]


def test_a_day_of_one_digit() -> None:
    assert seconds(["Dec  1 00:00:07 vm haproxy[1]: x"], BSD) == [
        int(datetime(2026, 12, 1, 0, 0, 7, tzinfo=UTC).timestamp())
    ]


def test_zones_and_fractions_of_iso_stamps() -> None:
    lines = [
        "2026-11-29T02:00:05Z a b: x",
        "2026-11-29T02:00:05.123456789Z a b: x",
        "2026-11-29T02:00:05.1+00:00 a b: x",
        "2026-11-29T03:00:05.12+01:00 a b: x",
        "2026-11-29T01:00:05.12-01:00 a b: x",
        "2026-11-29T02:00:05 a b: x",
    ]
    assert seconds(lines, ISO) == [START_S + 5] * 6


def test_a_stamp_in_the_second_word() -> None:
    line = "<134>1 2026-11-29T02:00:05Z lb1 haproxy 8 - - x"
    assert seconds([line], HeadShape("iso", 1, 5, modern=True)) == [START_S + 5]


@pytest.mark.parametrize("shape", [BSD, ISO])
def test_lines_without_such_a_stamp(shape: HeadShape) -> None:
    lines = [
        "",
        "x",
        "Nov 29 02",
        "Nov 29 02:00:0x vm a: x",
        "Nov 99 02:00:00 vm a: x",
        "2026-11-29T02:00",
        "a b c d e f",
        " " * 40,
    ]
    assert seconds(lines, shape) == [-1] * len(lines)


def test_the_hour_that_comes_twice() -> None:
    zone = ZoneInfo("Europe/Berlin")
    start = datetime(2026, 10, 24, 23, 55, tzinfo=UTC)
    moments = [start + timedelta(minutes=n) for n in range(190)]
    lines = [f"{bsd(m.astimezone(zone))} vm haproxy[1]: x" for m in moments]
    assert seconds(lines, BSD, WallClock(zone), int(start.timestamp())) == [
        int(m.timestamp()) for m in moments
    ]
