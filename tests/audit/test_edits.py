"""Edits of fixes: at which line, and what they leave alone."""

import pytest

from hitless.audit.edits import add_to_global, add_to_section, remove_line, replace_line, with_words
from hitless.findings import ConfigEdit, EditAction
from hitless.subject import Subject
from tests.audit.fixtures import read_snapshot

CFG = """# a comment
global
    daemon
    stats socket /s

defaults
    mode http
    option httplog

    # the end
frontend f
"""


def _subject(cfg: str) -> Subject:
    snapshot = read_snapshot(f"```cfg /h.cfg\n{cfg}```\n")
    assert snapshot is not None
    return Subject(snapshot, snapshot.instances[0])


def _edit(line: int, action: EditAction, text: str = "") -> ConfigEdit:
    return ConfigEdit(file="/h.cfg", line=line, action=action, text=text)


@pytest.mark.parametrize(
    ("header", "beside", "line"),
    [
        (6, (), 8),
        (6, ("mode",), 7),
        (6, ("mode", "option"), 8),
        (6, ("timeout",), 8),
        (11, (), 11),
        (2, (), 4),
    ],
)
def test_a_line_more_in_a_section(header: int, beside: tuple[str, ...], line: int) -> None:
    edits = add_to_section(_subject(CFG), f"/h.cfg:{header}", "x y", beside=beside)
    assert edits == (_edit(line, EditAction.INSERT_AFTER, "x y"),)


@pytest.mark.parametrize("where", ["/h.cfg:7", "/h.cfg:1", "/h.cfg:99", "/other:2", ""])
def test_what_is_no_header_of_a_section(where: str) -> None:
    assert add_to_section(_subject(CFG), where, "x") == ()


def test_a_line_more_in_global() -> None:
    assert add_to_global(_subject(CFG), "x", beside=("daemon",)) == (_edit(3, EditAction.INSERT_AFTER, "x"),)


def test_global_is_made_before_everything() -> None:
    edits = add_to_global(_subject("# a\n\ndefaults\n    mode http\n"), "x")
    assert edits == (
        _edit(3, EditAction.INSERT_BEFORE, "global"),
        _edit(3, EditAction.INSERT_BEFORE, "x"),
        _edit(3, EditAction.INSERT_BEFORE, ""),
    )


@pytest.mark.parametrize("cfg", ["", "# nothing\n"])
def test_a_file_without_a_section_is_left_alone(cfg: str) -> None:
    assert add_to_global(_subject(cfg), "x") == ()


def test_words_at_the_end_keep_what_is_there() -> None:
    subject = _subject('global\n    stats socket "/a b"  level\tadmin   # why\n')
    assert with_words(subject, "/h.cfg:2", "expose-fd listeners") == (
        _edit(2, EditAction.REPLACE, 'stats socket "/a b"  level\tadmin expose-fd listeners'),
    )


def test_other_lines() -> None:
    subject = _subject(CFG)
    assert replace_line(subject, "/h.cfg:3", "x") == (_edit(3, EditAction.REPLACE, "x"),)
    assert remove_line(subject, "/h.cfg:3") == (_edit(3, EditAction.REMOVE),)
    for where in ("/h.cfg:99", "/x:1", ""):
        assert (
            replace_line(subject, where, "x")
            == remove_line(subject, where)
            == with_words(subject, where, "x")
            == ()
        )


CONDITIONAL = """.if version_atleast(2.4)
global
    daemon
  .if feature(THREAD)
    nbthread 2
  .endif
.endif
    maxconn 3
.if version_before(1.0)
global
    daemon
.endif
"""


def test_a_line_is_never_added_inside_a_condition() -> None:
    assert add_to_global(_subject(CONDITIONAL), "x") == (_edit(6, EditAction.INSERT_AFTER, "x"),)
    assert add_to_global(_subject(CONDITIONAL), "x", beside=["nbthread", "maxconn", "daemon"]) == (
        _edit(3, EditAction.INSERT_AFTER, "x"),
    )


def test_a_global_section_that_is_not_in_force_does_not_count() -> None:
    added = add_to_global(_subject("# c\n.if version_before(1.0)\nglobal\n    daemon\n.endif\n"), "x")
    assert [edit.text for edit in added] == ["global", "x", ""]
    assert {edit.line for edit in added} == {2}
    before_all = add_to_global(_subject(".if version_before(1.0)\nglobal\n.endif\n"), "x")
    assert {edit.line for edit in before_all} == {1}
