import pytest
from click import Command
from click.testing import CliRunner

from hitless.cli.reload_words import PARAMETERS, read_reload_options
from hitless.errors import UsageError
from hitless.reload.choice import Trigger
from hitless.reload.options import ReloadOptions


def read(*arguments: str) -> ReloadOptions:
    found: list[ReloadOptions] = []
    command = Command("x", params=[*PARAMETERS], callback=lambda **w: found.append(read_reload_options(w)))
    result = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return found[0]


def test_without_a_word() -> None:
    options = read()
    assert (options.new, options.via, options.guard_s, options.rolls_back) == ({}, None, 0.0, False)
    assert options.trace


def test_new_configurations() -> None:
    assert read("--config", "new.cfg").new == {"": "new.cfg"}
    assert read("--config", "/etc/a.cfg=n.cfg", "--config", "/etc/b.cfg=m.cfg").new == {
        "/etc/a.cfg": "n.cfg",
        "/etc/b.cfg": "m.cfg",
    }


@pytest.mark.parametrize(
    "words", [("--config", "a=b"), ("--config", "/a="), ("--guard", "0"), ("--guard", "2h")]
)
def test_what_cannot_be(words: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        read(*words)


def test_checks_to_override_by_name() -> None:
    assert read("--force", "room,peers", "--force", "binds").force == ("room", "peers", "binds")


def test_the_rest() -> None:
    options = read(
        "--guard", "10s", "--via", "usr2", "--no-rollback", "--timeout", "5", "--no-trace", "--wait"
    )
    assert (options.guard_s, options.via, options.rollback) == (10.0, Trigger.USR2, False)
    assert (options.timeout_s, options.trace) == (5.0, False)
