"""Conditions: what holds, what does not, and that nothing observed is never enough."""

import pytest

from hitless.errors import UsageError
from hitless.lab.conditions import Value, misses, parse_condition


@pytest.mark.parametrize(
    ("text", "seen", "holds"),
    [
        ("0", 0, True),
        ("0", 0.0, True),
        ("0", 3, False),
        (">= 20", 20, True),
        (">= 20", 19, False),
        ("< 0.5", 0.4, True),
        (">= 1", "many", False),
        ("true", True, True),
        ("true", "not checked: no unit", False),
        ("false", True, False),
        ("hitless", "hitless", True),
        ("!= 0", 3, True),
        ("!= 0", 0, False),
        ("contains cannot bind", "[ALERT] cannot bind socket", True),
        ("lacks cannot bind", "[ALERT] cannot bind socket", False),
    ],
)
def test_a_condition_holds_or_does_not(text: str, seen: Value, holds: bool) -> None:  # noqa: FBT001
    assert parse_condition(text).holds(seen) is holds


@pytest.mark.parametrize("text", ["0", ">= 20", "true", "hitless", "!= 0", "contains a b"])
def test_a_condition_is_written_as_it_was_read(text: str) -> None:
    assert str(parse_condition(text)) == text


def test_a_comparison_wants_a_number() -> None:
    with pytest.raises(UsageError, match="no number"):
        parse_condition(">= many")


def test_what_was_not_observed_is_missed() -> None:
    expected = {"lost": parse_condition("0"), "gap_ms": parse_condition("< 1")}
    assert misses(expected, {"gap_ms": 2000.5}) == [
        "lost: nothing was observed, expected 0",
        "gap_ms: 2000.5, expected < 1",
    ]
    assert misses(expected, {"lost": 0, "gap_ms": 0.5}) == []
