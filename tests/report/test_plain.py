import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitless.report.plain import clip, neutralise, neutralise_all, wrap


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b[31mred", r"\x1b[31mred"),
        ("a\r\nb\tc", r"a\x0d\x0ab\x09c"),
        ("\x9b2J", r"\x9b2J"),
        ("user\u202egnp.exe", r"user\u202egnp.exe"),
        ("raw \udcff byte", r"raw \xff byte"),
        ("half \ud83d pair", r"half \ud83d pair"),
        ("\U000e0041", r"\U000e0041"),
        ("plain: grün 192.0.2.1 日本", "plain: grün 192.0.2.1 日本"),
    ],
)
def test_neutralise(hostile: str, shown: str) -> None:
    assert neutralise(hostile) == shown


@given(st.text(st.characters()))
def test_neutralised_text_is_printable_and_stays_so(text: str) -> None:
    shown = neutralise(text)
    shown.encode()
    assert not re.search("[\x00-\x1f\x7f-\x9f]", shown)
    assert neutralise(shown) == shown


def test_neutralise_all_reaches_keys_and_leaves_numbers() -> None:
    assert neutralise_all({"\x00": [1, None, ("\x07", 2.5)]}) == {r"\x00": [1, None, [r"\x07", 2.5]]}


def test_clip() -> None:
    assert clip("abcdef", 6) == "abcdef"
    assert clip("abcdefg", 6) == "abcde…"


def test_wrap_keeps_numbers_with_their_units() -> None:
    assert wrap("hurt 1 582 of 41 210 requests", 16) == ["hurt 1 582 of", "41 210 requests"]


@given(st.text(st.characters(exclude_categories=("C", "Z"))), st.integers(8, 60))
def test_wrapped_lines_fit(text: str, width: int) -> None:
    assert all(len(line) <= width for line in wrap(text, width))


def test_a_number_stays_with_its_unit_and_codes_do_not_stick_together() -> None:
    assert wrap("took 180 us here", 9) == ["took", "180 us", "here"]
    assert wrap("HL101 HL102 HL103", 12) == ["HL101 HL102", "HL103"]
