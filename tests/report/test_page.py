"""Lines of bounded width."""

from hitless.report.page import Page


def test_text_hangs_under_its_label() -> None:
    page = Page(20, colour=False)
    page.hanging("fix  ", "some words that go on", indent=2)
    assert str(page) == "  fix  some words\n       that go on\n"


def test_wide_characters_count_twice() -> None:
    page = Page(20, colour=False)
    page.hanging("", "世" * 12, indent=0)
    first, second = str(page).splitlines()
    assert first + second == "世" * 12
    assert len(first) <= 10


def test_empty_lines_do_not_pile_up() -> None:
    page = Page(20, colour=True)
    page.blank()
    page.line("a", styles=("bold",))
    page.blank()
    page.blank()
    page.line("b")
    assert str(page) == "\x1b[1ma\x1b[0m\n\nb\n"


def test_a_command_is_never_broken() -> None:
    page = Page(12, colour=False)
    page.command("run  ", "systemctl daemon-reload", indent=2)
    assert str(page) == "  run\n    systemctl daemon-reload\n"


def test_columns_go_below_where_they_do_not_fit() -> None:
    page = Page(12, colour=False)
    page.row([("abc", ()), ("def", ()), ("ghi", ())], indent=0, hang=2)
    assert str(page) == "abc   def\n  ghi\n"
