"""Comments that accept findings."""

import pytest

from hitless.audit.suppression import WITHOUT_REASON, suppress
from hitless.findings import Finding, Place, Severity
from hitless.subject import Subject
from tests.audit.fixtures import DEFAULT_PATH, read_snapshot

CODE = "HL501"


def subject(configuration: str) -> Subject:
    snapshot = read_snapshot(f"```cfg\n{configuration}\n```")
    assert snapshot is not None
    return Subject(snapshot, snapshot.instances[0])


def finding(line: int, code: str = CODE) -> Finding:
    return Finding(code, "idle-close", Severity.WARNING, "m", place=Place(DEFAULT_PATH, line))


def suppressed(configuration: str, line: int, code: str = CODE) -> str:
    """Return the reason, "" where the finding stands."""
    found = list(suppress(subject(configuration), [finding(line, code)]))
    return found[0].suppressed.reason if found[0].suppressed else ""


SECTIONS = "{above}\nglobal{header}\n maxconn 1{line}\n nbthread 1\ndefaults\n mode http"


@pytest.mark.parametrize(
    ("where", "lines"),
    [("above", {2, 3, 4}), ("header", {2, 3, 4}), ("line", {3})],
)
def test_a_comment_is_for_its_line_or_its_section(where: str, lines: set[int]) -> None:
    marks = dict.fromkeys(("above", "header", "line"), "")
    marks[where] = f"# hitless: ignore={CODE} we know"
    text = SECTIONS.format(**marks)
    assert {n for n in range(1, 7) if suppressed(text, n)} - {1} == lines


def test_above_everything_and_apart_it_is_for_the_instance() -> None:
    text = f"# hitless: ignore={CODE} all of it\n# and more\n\nglobal\n maxconn 1\ndefaults\n mode http"
    assert all(suppressed(text, line) == "all of it" for line in (4, 5, 7))
    process = Finding(CODE, "idle-close", Severity.WARNING, "m", place=Place("process 7"))
    (found,) = suppress(subject(text), [process])
    assert found.suppressed is not None
    assert found.suppressed.where == f"{DEFAULT_PATH}:1"


def test_stacked_comments_above_the_first_section_are_for_it() -> None:
    text = (
        f"# hitless: ignore={CODE} one\n# hitless: ignore=HL203 two\nglobal\n maxconn 1\ndefaults\n mode http"
    )
    assert suppressed(text, 4) == "one"
    assert suppressed(text, 4, "HL203") == "two"
    assert not suppressed(text, 6)


def test_a_comment_on_its_own_line_is_for_the_next_line_with_words() -> None:
    text = f"defaults\n mode http\n # hitless: ignore={CODE} why\n\n # more\n timeout client 1h\n timeout server 1h"
    assert [n for n in range(1, 8) if suppressed(text, n)] == [6]


def test_in_defaults_it_is_for_what_frontends_inherit() -> None:
    text = f"defaults # hitless: ignore={CODE} clients retry\n mode http\nfrontend f\n bind :80"
    assert suppressed(text, 1) == "clients retry"
    assert not suppressed(text, 3)


@pytest.mark.parametrize(
    ("comment", "reason"),
    [
        ("ignore=HL501,HL203 why", "why"),
        ("ignore=HL203, HL501 why", "why"),
        ("ignore=HL203 , HL501 why", "why"),
        ("ignore=hl501 why", "why"),
        ("ignore=Idle-Close why", "why"),
        ("ignore=HL501: why", "why"),
        ("ignore=HL501 - why", "why"),
        ("ignore = HL501 why", ""),
        ("ignore=HL50 why", ""),
        ("ignore=HL5010 why", ""),
        ("ignore=* why", ""),
        ("ignore= why", ""),
        ("ignore=HL501", ""),
        ("ignore=HL501 --", ""),
        ("ignore=HL501 \x1b[2Jwhy", "?[2Jwhy"),
        ("ignore=HL501 " + "x" * 5000, "x" * 300),
    ],
)
def test_what_is_a_suppression_and_what_is_none(comment: str, reason: str) -> None:
    assert suppressed(f"global\n maxconn 1 # hitless: {comment}", 2) == reason


def test_without_a_reason_it_is_a_finding_of_its_own() -> None:
    found = list(suppress(subject(f"global\n maxconn 1 # hitless: ignore={CODE}"), [finding(2)]))
    assert [f.code for f in found] == [CODE, WITHOUT_REASON]
    assert found[1].place is not None
    assert found[1].place.where == f"{DEFAULT_PATH}:2"


def test_a_reason_elsewhere_counts_before_a_comment_without_one() -> None:
    text = f"# hitless: ignore={CODE} why\n\nglobal\n maxconn 1 # hitless: ignore={CODE}"
    assert [f.code for f in suppress(subject(text), [finding(4)])] == [CODE]


def test_a_defect_of_hitless_cannot_be_accepted() -> None:
    text = "# hitless: ignore=HL000,HL001 no\n\nglobal"
    assert not suppressed(text, 3, "HL000")
    assert not suppressed(text, 3, WITHOUT_REASON)


def test_a_quoted_number_sign_is_no_comment() -> None:
    assert not suppressed(f'global\n description "# hitless: ignore={CODE} why"', 2)


@pytest.mark.parametrize(
    "text", ["# hitless: ignore=HL501 why", "\n\n# hitless: ignore=HL501 why\n\n", "\x00", ""]
)
def test_a_file_without_sections(text: str) -> None:
    assert suppressed(text, 1) == ("why" if "why" in text else "")


def test_many_comments_cost_little() -> None:
    text = "global\n" + f" maxconn 1 # hitless: ignore={CODE} why\n" * 20_000
    assert suppressed(text, 20_001) == "why"
