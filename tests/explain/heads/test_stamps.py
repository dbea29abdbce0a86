import re
from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitless.explain.heads.stamps import STAMP, StampReader, parse_iso
from hitless.explain.heads.wall_clock import WallClock
from hitless.logged import Moment

PATTERN = re.compile(STAMP)
CLOCK = WallClock(UTC)
SECOND = 10**9
END = int(datetime(2026, 12, 1, tzinfo=UTC).timestamp()) * SECOND


def read(text: str, reader: StampReader | None = None) -> Moment | None:
    match = PATTERN.fullmatch(text)
    assert match is not None, text
    return (reader or StampReader(CLOCK, end_ns=END)).read(match)


@pytest.mark.parametrize(
    ("text", "t_ns", "error_ns"),
    [
        ("Nov 29 02:58:03", 1795921083 * SECOND, SECOND),
        ("Nov 29 02:58:03.367992", 1795921083367992000, 1000),
        ("2026-11-29T02:58:03.367992+00:00", 1795921083367992000, 1000),
        ("2026-11-29T02:58:03.367992Z", 1795921083367992000, 1000),
        ("2026-11-29T03:58:03+0100", 1795921083 * SECOND, SECOND),
        ("2026-11-29T02:58:03.367992123Z", 1795921083367992123, 1),
        ("2026-11-29 02:58:03,367", 1795921083367000000, 1000000),
        ("1795921083.367992", 1795921083367992000, 1000),
        ("Sun 2026-11-29 02:58:03 UTC", 1795921083 * SECOND, SECOND),
        ("Sun 2026-11-29 02:58:03.367992 CET", 1795921083367992000, 1000),
    ],
)
def test_stamps(text: str, t_ns: int, error_ns: int) -> None:
    moment = read(text)
    assert moment is not None
    assert (moment.t_ns, moment.error_ns) == (t_ns, error_ns)


@pytest.mark.parametrize(
    "text", ["Foo 29 02:58:03", "Nov 31 02:58:03", "Nov 29 25:58:03", "2026-02-30T00:00:00Z"]
)
def test_what_is_no_time(text: str) -> None:
    assert read(text) is None


def test_the_year_goes_on_from_line_to_line() -> None:
    reader = StampReader(CLOCK, end_ns=int(datetime(2027, 1, 3, tzinfo=UTC).timestamp()) * SECOND)
    times = [
        read(text, reader)
        for text in ("Dec 31 23:59:59", "Jan  1 00:00:00", "Dec 31 23:59:59", "Jan  2 00:00:00")
    ]
    years = [datetime.fromtimestamp(m.t_ns // SECOND, UTC).year for m in times if m is not None]
    assert years == [2026, 2027, 2026, 2027]


def test_a_date_that_is_known_otherwise_is_the_reference() -> None:
    reader = StampReader(CLOCK, end_ns=END)
    reader.learn(int(datetime(2019, 11, 29, tzinfo=UTC).timestamp()) * SECOND)
    moment = read("Nov 29 02:58:03", reader)
    assert moment is not None
    assert datetime.fromtimestamp(moment.t_ns // SECOND, UTC).year == 2019


def test_clocks_that_are_put_back_go_on() -> None:
    clock = WallClock(ZoneInfo("Europe/Berlin"))
    reader = StampReader(clock, near_ns=int(datetime(2026, 10, 24, 23, 50, tzinfo=UTC).timestamp()) * SECOND)
    stamps = [
        f"Oct 25 {h:02d}:{m:02d}:00"
        for h, m in [(1, 59), *((2, m) for m in range(60)), *((2, m) for m in range(60)), (3, 0)]
    ]
    times = [moment.t_ns for text in stamps if (moment := read(text, reader)) is not None]
    assert all(b - a == 60 * SECOND for a, b in pairwise(times))


def test_stamps_without_a_zone_are_counted() -> None:
    reader = StampReader(CLOCK, end_ns=END)
    read("2026-11-29T02:58:03Z", reader)
    assert reader.without_zone == 0
    read("Nov 29 02:58:03", reader)
    read("2026-11-29T02:58:03", reader)
    assert reader.without_zone == 2


def test_an_iso_date_alone() -> None:
    assert parse_iso("2026-11-29T02:58:03Z", CLOCK) is not None
    assert parse_iso("x", CLOCK) is None


@given(st.from_regex(STAMP, fullmatch=True))
def test_any_digits(text: str) -> None:
    match = PATTERN.fullmatch(text)
    if match is not None:
        StampReader(CLOCK, end_ns=END).read(match)
