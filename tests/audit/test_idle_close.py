"""Where the option belongs, and what the configuration is after it."""

from hitless.audit.idle_close import OPTION, instead_of_spreading, option_section, sections_without, turn_on
from hitless.config.tree import parse
from hitless.findings import ConfigEdit, EditAction
from hitless.subject import Subject
from tests.audit.fixtures import DEFAULT_PATH, read_snapshot

DEFAULTS = "defaults\n mode http\n timeout client 30s\n"
WEB = "frontend web\n bind :80\n"
TCP = "frontend raw\n mode tcp\n bind :90\n"


def subject(configuration: str) -> Subject:
    snapshot = read_snapshot(f"```cfg\n{configuration}```\n```version 2.6.12\n```")
    assert snapshot is not None
    return Subject(snapshot, snapshot.instances[0])


def turned_on(configuration: str) -> str:
    found = subject(configuration)
    edits = [e for where, proxies in sections_without(found).items() for e in turn_on(found, where, proxies)]
    return applied(configuration, edits)


def applied(configuration: str, edits: list[ConfigEdit]) -> str:
    file = parse(configuration.encode())
    for edit in sorted(edits, key=lambda e: -e.line):
        if edit.action is EditAction.INSERT_AFTER:
            file = file.insert_after(edit.line, edit.text)
        elif edit.action is EditAction.REPLACE:
            file = file.replace(edit.line, edit.text)
        else:
            assert edit.action is EditAction.REMOVE
            file = file.remove(edit.line)
    return file.to_bytes().decode()


def test_it_goes_to_defaults() -> None:
    assert turned_on(DEFAULTS + WEB) == DEFAULTS.replace("http\n", f"http\n {OPTION}\n") + WEB


def test_without_defaults_it_goes_to_the_frontend() -> None:
    text = "frontend web\n mode http\n bind :80\n"
    assert turned_on(text) == text.replace("http\n", f"http\n {OPTION}\n")


def test_a_frontend_in_mode_tcp_is_not_given_it() -> None:
    text = turned_on(DEFAULTS + WEB + TCP)
    assert text == DEFAULTS + WEB + f" {OPTION}\n" + TCP


def test_a_frontend_that_turns_it_off_is_where_it_is_turned_on() -> None:
    text = f"{DEFAULTS} {OPTION}\n{WEB} no {OPTION}\n"
    found = subject(text)
    assert option_section(found, found.frontends[0]) == f"{DEFAULT_PATH}:5"
    assert turned_on(text) == f"{DEFAULTS} {OPTION}\n{WEB} {OPTION}\n"


def test_after_it_nothing_lacks_it() -> None:
    for text in (DEFAULTS + WEB, DEFAULTS + WEB + TCP, f"{DEFAULTS} no {OPTION}\n{WEB}"):
        assert not sections_without(subject(turned_on(text)))


def test_it_takes_the_place_of_spreading() -> None:
    text = "global\n close-spread-time 5s\n" + DEFAULTS + WEB
    edits = list(instead_of_spreading(subject(text), f"{DEFAULT_PATH}:2"))
    assert applied(text, edits) == "global\n" + DEFAULTS.replace("http\n", f"http\n {OPTION}\n") + WEB
