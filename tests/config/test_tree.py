import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hitless.config.tree import Line, Section, parse

SAMPLE = b"""# head
global
\tmaxconn 10   # many
defaults
\tmode http

frontend "www"
  bind :80
  bind :81
backend b from x"""

hostile_bytes = st.lists(
    st.one_of(
        st.binary(max_size=20), st.sampled_from([b"\n", b"\r\n", b"  ", b"#", b'"', b"'", b"\\", b"bind :80"])
    ),
    max_size=30,
).map(b"".join)


@settings(deadline=None)  # the machine may be busy; time is not what it is about
@given(hostile_bytes)
@example(b"")
@example(b"\n")
@example(b"\r\n\r")
@example(b"global\x00\n")
@example(b'a "b\n')
@example(b"caf\xe9 \xff\xfe\n")
@example(SAMPLE)
def test_a_tree_gives_back_every_byte(data: bytes) -> None:
    file = parse(data)
    assert file.to_bytes() == data
    assert len(file.lines) == len(data.split(b"\n")) - (data == b"" or data.endswith(b"\n"))
    for line in file.lines:
        assert parse(line.to_bytes()).lines == (line,)


@pytest.mark.parametrize(
    "data",
    [
        b"x" * 1_000_000,
        b"a " * 500_000 + b"#" + b" " * 500_000,
        b'"' * 1_000_001,
        b"\\" * 1_000_000,
        b"\n" * 100_000,
    ],
    ids=["word", "spaces", "quotes", "backslashes", "lines"],
)
def test_a_megabyte_takes_linear_time(data: bytes) -> None:
    assert parse(data).to_bytes() == data


def test_a_line_owns_its_trivia() -> None:
    line = parse(b"\t bind  :80 \t # why\r\n").lines[0]
    assert line == Line(indent=b"\t ", body=b"bind  :80", trail=b" \t # why", end=b"\r\n")
    assert line.comment == b"# why"
    assert line.words == ("bind", ":80")


def test_variables_stay_as_written() -> None:
    assert parse(b'stats socket "$S" "${D-/x}/y" "${L[*]}"\n').line(1).words[2:] == (
        "$S",
        "${D-/x}/y",
        "${L[*]}",
    )


def test_an_escaped_space_at_the_end_belongs_to_its_word() -> None:
    line = parse(b"acl a path_beg x\\  # c\n").lines[0]
    assert line.body == b"acl a path_beg x\\ "
    assert line.words[-1] == "x "


def test_a_line_that_cannot_be_taken_apart_is_opaque() -> None:
    file = parse(b'global\n  log-tag "a\n  nul \x00\n')
    assert file.problems == ((2, "unmatched quote at position 11"), (3, "stray NUL"))
    assert file.line(2).words == ()


def test_sections_are_groups_of_lines() -> None:
    assert parse(SAMPLE).sections == (
        Section("global", "", 2, 4),
        Section("defaults", "", 4, 7),
        Section("frontend", "www", 7, 10),
        Section("backend", "b", 10, 11),
    )


def test_positions_are_haproxys() -> None:
    file = parse(SAMPLE, filename="/etc/haproxy/haproxy.cfg")
    assert file.where(8) == "/etc/haproxy/haproxy.cfg:8"
    for number in (0, 11):
        with pytest.raises(IndexError, match="10 lines"):
            file.line(number)


def test_an_insertion_takes_indent_and_line_end_of_its_place() -> None:
    file = parse(SAMPLE.replace(b"\n", b"\r\n"))
    edited = file.insert_after(8, "option httplog # log")
    assert edited.line(9).to_bytes() == b"  option httplog # log\r\n"
    assert edited.remove(9) == file


@pytest.mark.parametrize(
    ("data", "after", "expected"),
    [
        (b"global\n  a\ndefaults\n", 3, b"  x\n"),
        (b"global\ndefaults\n", 1, b"    x\n"),
        (b"global\n\tb\n\tc\n  d\n", 1, b"\tx\n"),
        (b"global\n\tb\n\n", 3, b"\tx\n"),
        (b"# only\n", 1, b"x\n"),
    ],
)
def test_indent_is_that_of_the_section_or_the_file(data: bytes, after: int, expected: bytes) -> None:
    edited = parse(data).insert_after(after, "x")
    assert edited.line(after + 1).to_bytes() == expected
    assert edited.to_bytes().replace(expected, b"", 1) == data


def test_an_insertion_after_a_last_line_without_end_ends_it() -> None:
    edited = parse(b"global\n  a").insert_after(2, "b")
    assert edited.to_bytes() == b"global\n  a\n  b\n"


def test_insert_before_and_replace_leave_every_other_byte_alone() -> None:
    file = parse(b"global\n  a   # keep\n\x00odd\xff\n")
    assert file.insert_before(2, "b").to_bytes() == b"global\n  b\n  a   # keep\n\x00odd\xff\n"
    assert file.replace(2, "b c").to_bytes() == b"global\n  b c   # keep\n\x00odd\xff\n"
    assert file.replace(2, "b # new").to_bytes() == b"global\n  b # new\n\x00odd\xff\n"


def test_an_edit_is_one_line() -> None:
    with pytest.raises(ValueError, match="not one line"):
        parse(b"global\n").insert_after(1, "a\nb")


@settings(deadline=None)
@given(hostile_bytes, st.integers(min_value=0, max_value=60))
def test_inserting_and_removing_gives_back_the_file(data: bytes, place: int) -> None:
    file = parse(data + b"\n")
    number = place % len(file.lines) + 1
    edited = file.insert_after(number, "option httplog")
    assert edited.line(number + 1).words == ("option", "httplog")
    assert edited.remove(number + 1).to_bytes() == file.to_bytes()
