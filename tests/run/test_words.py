import json

import pytest

from hitless.run.machine import NotReady, Ready, Reloaded
from hitless.run.options import RunOptions
from hitless.run.words import (
    became_ready,
    in_foreground,
    ready_words,
    reload_words,
    reloaded,
    with_transfer,
    wrong_command,
)

OPTIONS = RunOptions(command=("haproxy",), ready_s=5.0, state_dir="/s", reload_words=("--guard", "10s"))


def test_a_command_that_replaces_others_is_refused() -> None:
    assert wrong_command(()) != ""
    for word in ("-sf", "-st", "-c"):
        assert word in wrong_command(("haproxy", "-f", "a", word))
    assert wrong_command(("haproxy", "-W", "-f", "a")) == ""


def test_it_stays_in_the_foreground() -> None:
    assert in_foreground(("h", "-D", "-f", "a", "--", "-D")) == ("h", "-db", "-f", "a", "--", "-D")
    for word in ("-db", "-Ws"):
        assert in_foreground(("h", word, "-f", "a")) == ("h", word, "-f", "a")


def test_sockets_come_from_where_they_are_held() -> None:
    words = ("h", "-W", "-x", "/own", "-f", "a", "--", "-x")
    assert with_transfer(words, "/offer") == ["h", "-x", "/offer", "-W", "-f", "a", "--", "-x"]
    assert with_transfer(words, "") == list(words)


def test_the_words_of_hitless() -> None:
    assert ready_words(7, OPTIONS)[:5] == ("ready", "--pid", "7", "--timeout", "5")
    assert "--any-unit-state" in ready_words(7, OPTIONS)
    assert reload_words(7, OPTIONS)[-4:] == ("--state-dir", "/s", "--guard", "10s")


def test_what_ready_says() -> None:
    document = json.dumps({"ready": True, "stats_sockets": ["/run/s"]}).encode()
    assert became_ready(document, b"") == (Ready(), ("/run/s",))
    document = json.dumps({"ready": False, "missing": ["no process", "x"]}).encode()
    assert became_ready(document, b"") == (NotReady("no process"), ())
    assert became_ready(b"", b"\nhitless: broken\nx") == (NotReady("hitless: broken"), ())


@pytest.mark.parametrize("output", [b"", b"[]", b"7", b"\xff", b'{"ready": "yes"}', b'{"ready": 1}'])
def test_only_a_plain_yes_is_one(output: bytes) -> None:
    event, _ = became_ready(output, b"")
    assert isinstance(event, NotReady)
    outcome, pid = reloaded(output, b"why")
    assert not outcome.taken_over
    assert pid == 0


def test_what_a_reload_says() -> None:
    document = json.dumps({"outcome": "taken-over", "new_pid": 9}).encode()
    assert reloaded(document, b"") == (Reloaded(taken_over=True, text="reload: taken-over"), 9)
    document = json.dumps({"outcome": "rejected-by-preflight", "reason": "r", "new_pid": 0}).encode()
    assert reloaded(document, b"")[0].text == "reload: rejected-by-preflight: r"
    assert reloaded(b"", b"hitless: no")[0].text == "reload: not begun: hitless: no"
