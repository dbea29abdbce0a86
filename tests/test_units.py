import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitless.units import format_age, format_count, format_duration, parse_duration_s, parse_size_bytes


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("5000", 5.0),
        ("500ms", 0.5),
        ("30s", 30.0),
        ("15m", 900.0),
        ("2h", 7200.0),
        ("1d", 86400.0),
        ("180us", 180e-6),
        ("0", 0.0),
    ],
)
def test_a_duration(text: str, seconds: float) -> None:
    assert parse_duration_s(text) == pytest.approx(seconds)


def test_a_duration_without_unit_has_the_directives_own() -> None:
    assert parse_duration_s("30", default_unit="s") == 30


@pytest.mark.parametrize("text", ["", "s", "-1s", "1.5s", "1w", "1 s", " 1s", "1S", "1m30s"])
def test_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        parse_duration_s(text)


@pytest.mark.parametrize(
    ("text", "size_bytes"), [("4096", 4096), ("16k", 16384), ("1M", 1024**2), ("2g", 2 * 1024**3), ("0", 0)]
)
def test_a_size(text: str, size_bytes: int) -> None:
    assert parse_size_bytes(text) == size_bytes


@pytest.mark.parametrize("text", ["", "k", "1kb", "-1", "1.5k", "1t"])
def test_no_size(text: str) -> None:
    with pytest.raises(ValueError, match="not a size"):
        parse_size_bytes(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 us"),
        (180e-6, "180 us"),
        (0.0123, "12.3 ms"),
        (2.034, "2.03 s"),
        (90, "90 s"),
        (1234.5, "1234 s"),
        (-0.5, "-500 ms"),
    ],
)
def test_a_duration_is_shown_in_the_unit_a_person_would_choose(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (7.9, "7s"),
        (60, "1m"),
        (3481, "58m1s"),
        (11_520, "3h12m"),
        (86_400 * 4 + 3 * 3600 + 59, "4d3h"),
        (86_405, "1d"),
        (-90, "-1m30s"),
    ],
)
def test_an_age_is_shown_in_two_units(seconds: float, text: str) -> None:
    assert format_age(seconds) == text


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0"), (999, "999"), (1582, "1 582"), (41210000, "41 210 000")]
)
def test_a_count_has_groups_of_three(number: int, text: str) -> None:
    assert format_count(number) == text


@given(st.integers(0, 10**9), st.sampled_from(["us", "ms", "s", "m", "h", "d"]))
def test_the_unit_multiplies(number: int, unit: str) -> None:
    assert parse_duration_s(f"{number}{unit}") == pytest.approx(number * parse_duration_s(f"1{unit}"))
