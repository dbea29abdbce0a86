"""The line with what is meant underlined."""

import pytest

from hitless.findings import Place
from hitless.report.audit.snippet import snippet
from hitless.report.plain import cells


def place(text: str, word: str) -> Place:
    return Place(file="/x", line=14, column=text.index(word) + 1, length=len(word), text=text)


def test_the_word_is_underlined() -> None:
    assert snippet(place("    bind :80 freebind", "freebind"), 60) == (
        "14 | ",
        "    bind :80 freebind",
        "             ^~~~~~~~",
    )


@pytest.mark.parametrize("width", range(14, 70, 7))
def test_a_long_line_is_cut_around_the_word(width: int) -> None:
    found = snippet(place(f"bind {'x' * 200} freebind {'y' * 200}", "freebind"), width)
    assert found is not None
    margin, line, underline = found
    assert cells(margin + line) <= width
    assert cells(margin + underline) <= width
    assert line[underline.index("^")] == "f"


def test_wide_characters_and_tabs_keep_the_columns() -> None:
    found = snippet(place("\tacl 世界 freebind", "freebind"), 60)
    assert found is not None
    assert found[2].index("^") == cells("    acl 世界 ")


def test_a_place_without_a_line_has_none() -> None:
    assert snippet(Place(file="process 12"), 60) is None
    assert snippet(Place(file="/x", line=2, column=1, text="   "), 60) is None


def test_columns_beyond_the_line_break_nothing() -> None:
    assert snippet(Place(file="/x", line=1, column=900, length=900, text="abc"), 20) == ("1 | ", "abc", "")
    assert snippet(Place(file="/x", line=1, text="abc"), 20) == ("1 | ", "abc", "")
