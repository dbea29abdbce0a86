from datetime import UTC
from zoneinfo import ZoneInfo

import pytest

from hitless.explain.formats.dates import parse_accepted
from hitless.explain.heads.wall_clock import WallClock
from hitless.logged import Clock

UTC_CLOCK = WallClock(UTC)
BERLIN = WallClock(ZoneInfo("Europe/Berlin"))


@pytest.mark.parametrize(
    ("values", "t_ms", "error_ms"),
    [
        ({"date": "29/Nov/2026:02:58:03.315"}, 1795921083315, 1),
        ({"date": "29/Nov/2026:02:58:03 +0000"}, 1795921083000, 1000),
        ({"date": "29/Nov/2026:04:28:03 +0130", "milliseconds": "315"}, 1795921083315, 1),
        ({"date": "28/Nov/2026:21:58:03 -0500"}, 1795921083000, 1000),
        ({"unix_time": "1795921083"}, 1795921083000, 1000),
        ({"unix_time": "1795921083", "milliseconds": "007"}, 1795921083007, 1),
    ],
)
def test_dates(values: dict[str, str], t_ms: int, error_ms: int) -> None:
    moment = parse_accepted(values, UTC_CLOCK)
    assert moment is not None
    assert (moment.t_ns, moment.error_ns, moment.clock) == (t_ms * 10**6, error_ms * 10**6, Clock.HAPROXY)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"date": ""},
        {"date": "29/Nov/2026:02:58:03"},
        {"date": "31/Feb/2026:02:58:03.315"},
        {"date": "29/Foo/2026:02:58:03.315"},
        {"date": "29/Nov/2026:25:58:03.315"},
        {"date": "29/Nov/2026:02:60:03.315"},
        {"unix_time": "9" * 30},
        {"unix_time": "x"},
        {"milliseconds": "315"},
    ],
)
def test_what_is_no_date(values: dict[str, str]) -> None:
    assert parse_accepted(values, UTC_CLOCK) is None


def test_a_local_date_is_of_the_clocks_zone() -> None:
    moment = parse_accepted({"date": "29/Nov/2026:03:58:03.315"}, BERLIN)
    assert moment is not None
    assert moment.t_ns == 1795921083315 * 10**6


def test_an_hour_that_comes_twice_is_told_apart_by_what_is_near() -> None:
    first = parse_accepted({"date": "25/Oct/2026:02:30:00.000"}, BERLIN, near_ns=1792887000 * 10**9)
    second = parse_accepted({"date": "25/Oct/2026:02:30:00.000"}, BERLIN, near_ns=1792893600 * 10**9)
    assert first is not None
    assert second is not None
    assert second.t_ns - first.t_ns == 3600 * 10**9
