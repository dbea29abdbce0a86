from datetime import UTC, datetime

import pytest

from hitless.reload.history_query import Query, matches, parse_moment, traits
from hitless.reloads import ReloadOutcome
from tests.reload.made_receipts import START, make_full, make_receipt

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "query",
    [
        Query(),
        Query(limit=3),
        Query(since_s=START.timestamp(), until_s=START.timestamp()),
        Query(instance="haproxy.service"),
        Query(instance="haproxy"),
        Query(outcomes=(ReloadOutcome.TAKEN_OVER, ReloadOutcome.DEGRADED)),
        Query(user="alice"),
        Query(user="root"),
        Query(pid=4711),
        Query(pid=4700),
        Query(pid=4790),
        Query(text="SERVES"),
        Query(id_begins="r0000"),
    ],
)
def test_it_is_asked_for(query: Query) -> None:
    assert matches(query, traits(make_full()))


@pytest.mark.parametrize(
    "query",
    [
        Query(since_s=START.timestamp() + 1),
        Query(until_s=START.timestamp() - 1),
        Query(instance="hapro"),
        Query(outcomes=(ReloadOutcome.DEGRADED,)),
        Query(user="bob"),
        Query(user="ali"),
        Query(pid=471),
        Query(text="died"),
        Query(id_begins="0"),
    ],
)
def test_it_is_not_asked_for(query: Query) -> None:
    assert not matches(query, traits(make_full()))


def test_a_limit_alone_selects_nothing() -> None:
    assert not Query(limit=5).selects
    assert Query(limit=5, pid=1).selects


def test_capitals_of_any_alphabet_do_not_matter() -> None:
    assert matches(Query(text="straße ΤΈΛΟΣ"), traits(make_receipt(reason="STRASSE τέλος")))


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2h", datetime(2026, 11, 29, 10, tzinfo=UTC)),
        ("90s", datetime(2026, 11, 29, 11, 58, 30, tzinfo=UTC)),
        ("7d", datetime(2026, 11, 22, 12, tzinfo=UTC)),
        ("2026-11-28", datetime(2026, 11, 28, tzinfo=UTC)),
        ("2026-11-28T03:00", datetime(2026, 11, 28, 3, tzinfo=UTC)),
        ("2026-11-28T03:00:00Z", datetime(2026, 11, 28, 3, tzinfo=UTC)),
        ("2026-11-28 03:00:00+01:00", datetime(2026, 11, 28, 2, tzinfo=UTC)),
    ],
)
def test_times(text: str, time: datetime) -> None:
    assert parse_moment(text, NOW) == time.timestamp()


def test_a_day_has_an_end() -> None:
    end = parse_moment("2026-11-28", NOW, end=True)
    assert end == pytest.approx(parse_moment("2026-11-29", NOW), abs=0.001)
    assert end < parse_moment("2026-11-29", NOW)


@pytest.mark.parametrize("text", ["", "yesterday", "5", "5 m", "500ms", "2026-13-01", "-2h", "٢h"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - Python's own words
        parse_moment(text, NOW)
