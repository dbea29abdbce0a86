from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from hitless.explain.inputs.times import parse_time

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("03:00", "2026-11-29T02:00:00+00:00"),
        ("23:30:15", "2026-11-28T22:30:15+00:00"),
        ("2h", "2026-11-29T10:00:00+00:00"),
        ("2026-11-29", "2026-11-28T23:00:00+00:00"),
        ("2026-11-29 03:00", "2026-11-29T02:00:00+00:00"),
        ("2026-11-29T03:00:00.5Z", "2026-11-29T03:00:00.500000+00:00"),
    ],
)
def test_times_are_of_the_logs_zone(text: str, meant: str) -> None:
    assert parse_time(text, NOW, BERLIN) == round(datetime.fromisoformat(meant).timestamp() * 1e9)


def test_a_day_ends_with_the_next() -> None:
    assert parse_time("2026-11-29", NOW, UTC, end=True) - parse_time("2026-11-29", NOW, UTC) == 86_400 * 10**9


@pytest.mark.parametrize("text", ["", "soon", "25:00", "3:61", "2026-13-01", "99"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_time(text, NOW, None)
