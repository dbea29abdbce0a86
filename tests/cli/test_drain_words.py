from typing import Any

import pytest
from click import Command
from click.testing import CliRunner

from hitless.cli.drain_words import PARAMETERS, Wish, read_wish
from hitless.errors import UsageError


def read(*arguments: str) -> Wish:
    found: list[Wish] = []

    def keep(**words: Any) -> None:
        found.append(read_wish(words))

    result = CliRunner().invoke(
        Command("x", params=[*PARAMETERS], callback=keep), arguments, catch_exceptions=False
    )
    assert result.exit_code == 0, result.output
    return found[0]


def test_without_a_word_it_only_looks() -> None:
    wish = read()
    assert [wish.close, wish.watch, wish.wait, wish.current, wish.dry_run] == [False] * 5
    assert (wish.order, wish.over_s) == ("oldest", 60.0)


def test_closing_over_a_time() -> None:
    wish = read("--close", "--over", "5m", "--order", "idlest", "--frontend", "www", "--generation", "7")
    assert (wish.close, wish.over_s, wish.order) == (True, 300.0, "idlest")
    assert (wish.frontends, wish.generations) == (("www",), (7,))


@pytest.mark.parametrize(
    "words",
    [("--over", "5m"), ("--dry-run",), ("--timeout", "5s"), ("--watch", "--close"), ("--order", "oldest")],
)
def test_what_does_not_go_together(words: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        read(*words)
