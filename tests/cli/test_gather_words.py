from typing import Any

import click
import pytest

from hitless.cli.gather_words import GATHER_PARAMETERS, GATHER_WORDS, read_gather_options
from hitless.errors import UsageError
from hitless.facts import NEWEST_PATCH, RunMode
from hitless.gather.options import GatherOptions


def read(*words: str) -> GatherOptions:
    found: dict[str, Any] = {}
    command = click.Command("x", params=list(GATHER_PARAMETERS), callback=lambda **kw: found.update(kw))
    command.main(list(words), standalone_mode=False)
    assert set(found) == GATHER_WORDS
    return read_gather_options(found)


def test_without_words_it_is_this_host() -> None:
    assert read() == GatherOptions()


def test_words_become_options() -> None:
    options = read(
        "-f", "a", "b", "--haproxy-version", "3.2", "--mode", "classic", "--env", "A=1=2", "--no-check"
    )
    assert options == GatherOptions(
        files=("a", "b"),
        haproxy_version=(3, 2, NEWEST_PATCH),
        mode=RunMode.CLASSIC,
        environment=(("A", "1=2"),),
        check=False,
    )
    assert read("--haproxy-version", "2.6.12-1+deb12u4").haproxy_version == (2, 6, 12)
    assert read("--unit", "x", "--pid", "3", "--config", "c").pid == 3


@pytest.mark.parametrize(
    "words",
    [
        "a --pid 3",
        "a --root /srv",
        "-f a --unit x",
        "--snapshot s a",
        "--snapshot s --pid 3",
        "--unit-file x.service",
        "--haproxy x --haproxy-version 2.8",
        "--haproxy-version new",
        "--env A",
    ],
)
def test_contradictions_are_refused(words: str) -> None:
    with pytest.raises(UsageError):
        read(*words.split())


def test_an_empty_name_is_refused() -> None:
    with pytest.raises(UsageError):
        read("")
