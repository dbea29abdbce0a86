import pickle
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitless.explain.heads.wall_clock import WallClock

BERLIN = WallClock(ZoneInfo("Europe/Berlin"))
SECOND = 10**9
HOUR = 3600 * SECOND


def ns(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> int:
    return int(datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp()) * SECOND


@given(
    st.integers(631152000, 4102444800).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"]),
)
def test_there_and_back(moment: datetime, zone: str) -> None:
    t_ns = int((moment - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(seconds=1)) * SECOND
    local = moment.astimezone(ZoneInfo(zone))
    clock = WallClock(ZoneInfo(zone))
    parts = (local.year, local.month, local.day, local.hour, local.minute, local.second)
    assert clock.to_ns(*parts, near_ns=t_ns) == t_ns
    time = (local.hour, local.minute, local.second)
    assert clock.to_ns_of_year(local.month, local.day, time, near_ns=t_ns + 30 * 86400 * SECOND) == t_ns
    assert clock.to_ns_before(local.month, local.day, time, end_ns=t_ns) == t_ns


def test_the_year_changes_between_two_lines() -> None:
    eve = ns(2026, 12, 31, 23, 59, 59)
    clock = WallClock(UTC)
    assert clock.to_ns_of_year(1, 1, (0, 0, 1), near_ns=eve) == ns(2027, 1, 1, 0, 0, 1)
    assert clock.to_ns_of_year(12, 31, (23, 59, 58), near_ns=ns(2027, 1, 1, 0, 0, 2)) == ns(
        2026, 12, 31, 23, 59, 58
    )


def test_the_last_such_date_before_the_end_of_a_log() -> None:
    clock = WallClock(UTC)
    assert clock.to_ns_before(12, 30, (12, 0, 0), end_ns=ns(2027, 1, 2)) == ns(2026, 12, 30, 12)
    assert clock.to_ns_before(2, 29, (12, 0, 0), end_ns=ns(2027, 1, 2)) == ns(2024, 2, 29, 12)


def test_an_hour_that_comes_twice() -> None:
    parts = (2026, 10, 25, 2, 30, 0)
    first = ns(2026, 10, 25, 0, 30)
    assert BERLIN.to_ns(*parts) == first
    assert BERLIN.to_ns(*parts, near_ns=first - HOUR) == first
    assert BERLIN.to_ns(*parts, near_ns=first + HOUR) == first + HOUR
    assert BERLIN.shifts_near(first)
    assert not BERLIN.shifts_near(first - 48 * HOUR)


@pytest.mark.parametrize(
    "parts",
    [
        (2026, 2, 30, 0, 0, 0),
        (2026, 13, 1, 0, 0, 0),
        (2026, 1, 1, 24, 0, 0),
        (2026, 1, 1, 0, 61, 0),
        (0, 1, 1, 0, 0, 0),
    ],
)
def test_what_is_no_time(parts: tuple[int, int, int, int, int, int]) -> None:
    assert BERLIN.to_ns(*parts) is None


def test_leap_seconds_and_dates_of_no_year() -> None:
    clock = WallClock(UTC)
    assert clock.to_ns(2016, 12, 31, 23, 59, 60) == ns(2017, 1, 1)
    assert clock.to_ns_of_year(2, 30, (0, 0, 0), near_ns=ns(2026, 1, 1)) is None
    assert clock.to_ns_before(2, 30, (0, 0, 0), end_ns=ns(2026, 1, 1)) is None


def test_when_clocks_were_put_forward_and_back() -> None:
    year = ns(2026, 1, 1), ns(2026, 12, 31)
    spring, autumn = ns(2026, 3, 29, 1), ns(2026, 10, 25, 1)
    assert list(BERLIN.changes(*year)) == [(spring, 7200), (autumn, 3600)]
    assert list(BERLIN.changes(spring, autumn)) == [(autumn, 3600)], "the first moment is in the first offset"
    assert list(BERLIN.changes(spring, spring)) == list(WallClock(UTC).changes(*year)) == []
    assert [BERLIN.offset_s(t) for t in (spring - 1, spring, autumn - 1, autumn)] == [3600, 7200, 7200, 3600]


def test_a_stamp_of_another_age_costs_no_time() -> None:
    first, far = ns(2026, 1, 1), ns(9999, 12, 31)
    assert [t < ns(2047, 1, 1) for t, _ in BERLIN.changes(first, far)] == [True] * 40


def test_it_can_be_sent_to_another_process() -> None:
    clock = pickle.loads(pickle.dumps(BERLIN))
    assert clock.name == "Europe/Berlin"
    assert WallClock().name
