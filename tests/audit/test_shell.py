"""Lines as they would be run: continuations, comments, variables, lists, and what is only printed."""

import pytest

from hitless.audit.shell import is_printed, read_lines, without_comment


def _resolved(text: str) -> list[str]:
    return [line.resolved.strip() for line in read_lines(text)]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a \\\n b\nc", ["a   b", "c"]),
        ("# x\n\na", ["a"]),
        ("a # b", ["a"]),
        ("a 'b # c'", ["a 'b # c'"]),
        ("it's # gone", ["it's"]),
        ("${#x}", ["${#x}"]),
        ("X=1\na $X ${X} $(X) $Y", ["X=1", "a 1 1 1 $Y"]),
        ("X=${Y:-/etc/a}\na $X", ["X=${Y:-/etc/a}", "a /etc/a"]),
        ('X=a\nY="$X b"\nc $Y', ["X=a", 'Y="a b"', "c a b"]),
        ("run(['a', \"b\", 'c'])", ["run(['a', \"b\", 'c'])"]),
        ('["a", "b"]', ['["a b"]']),
        ('["sh", "-c", "a b"]', ['["sh -c", "a b"]']),
        ("cat <<EOF\na\nEOF\nb", ["cat <<EOF", "b"]),
        ("cat > /x <<'EOF'\na\nEOF\nb", ["cat > /x <<'EOF'", "a", "EOF", "b"]),
        ("a \\", ["a"]),
        ("", []),
    ],
)
def test_lines(text: str, lines: list[str]) -> None:
    assert _resolved(text) == lines


def test_where_a_line_begins() -> None:
    assert [line.number for line in read_lines("a\nb \\\nc\n\nd")] == [1, 2, 5]


@pytest.mark.parametrize(
    "text", ["X=$X$X$X\n" * 100, "X=$Y\nY=$X$X\n" * 100, "a" * 1_000_000, '"' * 10_000, "\\\n" * 9000]
)
def test_hostile_text_stays_short(text: str) -> None:
    assert all(len(line) <= 4096 for line in _resolved(text))


@pytest.mark.parametrize("line", ["#a", "  # a", "; a", "// a"])
def test_whole_comments(line: str) -> None:
    assert without_comment(line) == ""


@pytest.mark.parametrize(
    ("line", "printed"),
    [
        ("echo X", True),
        ("@echo 'X'", True),
        ("true; echo X", True),
        ("echo a; X", False),
        ("echo a && X", False),
        ("echo 'a; X'", True),
        ("echo $(X)", False),
        ("  - name: X", True),
        ("X", False),
        ("print_warning 'X'", True),
        ("print(f'X')", True),
        ("log.info('X')", True),
        ("os.system('X')", False),
        ("raise Problem('X')", True),
        ("HELP='please run X'", True),
        ("ssh host 'cd / && X'", False),
        ("(X)", False),
    ],
)
def test_what_is_only_printed(line: str, *, printed: bool) -> None:
    assert is_printed(line, line.index("X")) is printed
