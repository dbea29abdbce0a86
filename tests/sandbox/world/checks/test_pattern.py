import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitless.sandbox.world.checks.pattern import Unreadable, compile_pattern, example_of


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "plain",
        "^OK$",
        "[0-9]{3}",
        "^2[0-9]{2}[ \r]",
        "(2..|3..)",
        r"HTTP/1\.. (2..|3..)",
        "<!--tag:[0-9a-f]*--></html>",
        "(?:ready|fine) [0-9]{3,5}",
        r"\d+\s\w\x41[^a-z]",
        "[]x]+[[:digit:]][^]]",
        "a?b*?c++d{2,}",
        r"^52000000[A-Z0-9]{2}000000(00|02)",
        r"[\w.-]+@x",
        "role:(master|leader)",
        "((a|b)(c|d))+",
    ],
)
def test_an_example_matches(expression: str) -> None:
    assert compile_pattern(expression).search(example_of(expression))


@pytest.mark.parametrize(
    "expression", ["(?=a)", "(a", "a)", "[a", "*", r"\bx", r"\1", "[z-a]", "x{9999}y{9999}", "(" * 99]
)
def test_what_is_not_understood_is_said(expression: str) -> None:
    with pytest.raises(Unreadable):
        example_of(expression)


@given(st.text(alphabet="ab[](){}|?*+^$.\\-0129,xdw:", max_size=24))
def test_any_text_gives_an_example_or_unreadable(expression: str) -> None:
    try:
        example = example_of(expression)
    except Unreadable:
        return
    assert len(example) <= 10_000
