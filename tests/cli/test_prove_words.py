"""The words of `hitless prove` and its help."""

import click
import pytest

from hitless.cli.prove_words import HELP, PARAMETERS
from hitless.records import ClientClass, Workload
from tests.cli.commands import hitless


def test_help_names_every_word_and_every_exit_status() -> None:
    done = hitless("prove", "--help")
    assert (done.status, done.stderr) == (0, "")
    for parameter in PARAMETERS:
        assert all(word in done.stdout for word in parameter.opts if word.startswith("-"))
    assert "hitless prove haproxy.cfg --via restart --reloads 3\n" in done.stdout
    assert "\\b" not in done.stdout
    assert all(f"{status} " in HELP for status in (0, 1, 2, 3, 130))


def test_every_option_has_help() -> None:
    options = [one for one in PARAMETERS if isinstance(one, click.Option)]
    assert len(options) > 20
    assert [one.name for one in options if not one.help] == []


def test_no_two_words_are_one() -> None:
    words = [word for parameter in PARAMETERS for word in parameter.opts]
    assert len(words) == len(set(words))


def test_choices_are_those_of_the_records() -> None:
    choices = {one.name: list(one.type.choices) for one in PARAMETERS if isinstance(one.type, click.Choice)}
    assert choices["workloads"] == list(Workload)
    assert choices["client_class"] == list(ClientClass)


@pytest.mark.parametrize(("text", "seconds"), [("5", 5.0), ("500ms", 0.5), ("1m", 60.0), (2.5, 2.5)])
def test_durations(text: str | float, seconds: float) -> None:
    (control,) = (one for one in PARAMETERS if one.name == "control_s")
    assert control.type.convert(text, control, None) == seconds
