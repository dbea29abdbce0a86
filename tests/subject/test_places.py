"""Places: the line, and the column of the word that is meant."""

import pytest

from hitless.facts import FileText
from hitless.subject import Subject
from hitless.subject.places import config_line, config_place, same_for_more, split_where, text_place
from tests.audit.fixtures import read_snapshot


@pytest.fixture
def subject() -> Subject:
    snapshot = read_snapshot("```cfg /e/h.cfg\nglobal\n\tstats socket /s level admin # é\n\n```\n")
    assert snapshot is not None
    return Subject(snapshot, snapshot.instances[0])


@pytest.mark.parametrize(
    ("where", "parts"),
    [
        ("/a:12", ("/a", 12)),
        ("/a:b:3", ("/a:b", 3)),
        ("/a", ("/a", 0)),
        ("/a:", ("/a:", 0)),
        ("/a:x", ("/a:x", 0)),
        ("", ("", 0)),
        ("/a:²", ("/a:²", 0)),
    ],
)
def test_where(where: str, parts: tuple[str, int]) -> None:
    assert split_where(where) == parts


def test_a_word_of_a_line(subject: Subject) -> None:
    place = config_place(subject, "/e/h.cfg:2", "level")
    assert (place.line, place.column, place.length) == (2, 18, 5)
    assert place.text == "\tstats socket /s level admin # é"
    assert place.where == "/e/h.cfg:2"


@pytest.mark.parametrize("word", ["", "nowhere"])
def test_a_whole_line(subject: Subject, word: str) -> None:
    place = config_place(subject, "/e/h.cfg:2", word)
    assert place.text[place.column - 1 : place.column - 1 + place.length] == "stats socket /s level admin"
    assert place.text.endswith(" # é")


@pytest.mark.parametrize("where", ["/e/h.cfg:99", "/e/h.cfg:0", "/other:1", "/e/h.cfg", ""])
def test_a_line_that_is_not_there(subject: Subject, where: str) -> None:
    assert config_line(subject, where) is None
    place = config_place(subject, where, "x")
    assert (place.column, place.length, place.text) == (0, 0, "")


def test_an_empty_line(subject: Subject) -> None:
    assert config_place(subject, "/e/h.cfg:3").length == 0


def test_other_texts() -> None:
    files = [FileText(path="/u", text="[Service]\n KillMode=none\n")]
    place = text_place(files, "/u:2", "KillMode")
    assert (place.column, place.length) == (2, 8)
    assert text_place(files, "/u:3", "x").text == ""
    assert text_place((), "haproxy.service").where == "haproxy.service"


@pytest.mark.parametrize(
    ("lines", "end"),
    [
        ("a", ""),
        ("", ""),
        ("ab", "; the same holds for 1 more line"),
        ("abc", "; the same holds for 2 more lines"),
    ],
)
def test_the_end_of_a_message_about_several_lines(lines: str, end: str) -> None:
    assert same_for_more(lines) == end
