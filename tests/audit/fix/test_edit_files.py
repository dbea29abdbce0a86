from hypothesis import given
from hypothesis import strategies as st

from hitless.audit.fix.edit_files import apply_edits, conflicts
from hitless.config.tree import parse
from hitless.findings import ConfigEdit, EditAction

TEXT = b"global\n\tlog x # why\n\ndefaults\r\n\tmode http\r\n"


def edit(line: int, action: EditAction, text: str = "", file: str = "a") -> ConfigEdit:
    return ConfigEdit(file=file, line=line, action=action, text=text)


def applied(*edits: ConfigEdit) -> bytes:
    return apply_edits(parse(TEXT, filename="a"), edits).to_bytes()


def test_edits_keep_everything_else() -> None:
    assert applied(
        edit(2, EditAction.REPLACE, "log y"),
        edit(5, EditAction.INSERT_AFTER, "option one"),
        edit(5, EditAction.INSERT_AFTER, "option two"),
        edit(5, EditAction.INSERT_BEFORE, "option zero"),
    ) == (
        b"global\n\tlog y # why\n\ndefaults\r\n\toption zero\r\n\tmode http\r\n\toption one\r\n\toption two\r\n"
    )


def test_a_section_is_made_before_another_without_indentation() -> None:
    new = applied(*(edit(4, EditAction.INSERT_BEFORE, text) for text in ("peers p", "log z", "")))
    assert new == b"global\n\tlog x # why\n\npeers p\r\n\tlog z\r\n\r\ndefaults\r\n\tmode http\r\n"


def test_an_edit_is_made_once_and_other_files_are_left_alone() -> None:
    twice = edit(5, EditAction.INSERT_AFTER, "option x")
    assert applied(twice, twice).count(b"option x") == 1
    assert applied(edit(2, EditAction.REMOVE, file="b")) == TEXT


def test_a_line_that_is_not_there_is_left_out() -> None:
    assert applied(edit(99, EditAction.REMOVE), edit(0, EditAction.REPLACE, "x")) == TEXT


def test_two_changes_of_one_line_stand_in_each_others_way() -> None:
    one, other = edit(2, EditAction.REPLACE, "log y"), edit(2, EditAction.REMOVE)
    assert conflicts(one, [other])
    assert not conflicts(one, [one])
    assert not conflicts(edit(2, EditAction.INSERT_AFTER, "z"), [other])
    assert not conflicts(edit(2, EditAction.REPLACE, "log y", file="b"), [other])


@given(
    st.binary(max_size=200),
    st.lists(
        st.builds(
            edit, st.integers(0, 12), st.sampled_from(EditAction), st.sampled_from(["log x", "", "mode tcp"])
        ),
        max_size=6,
    ),
)
def test_no_input_and_no_edit_raises(data: bytes, edits: list[ConfigEdit]) -> None:
    apply_edits(parse(data, filename="a"), edits)
