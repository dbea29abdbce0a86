import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitless.facts import FileText
from hitless.host.unit_syntax import (
    assignments,
    hidden,
    parse_exec,
    parse_time_span_s,
    split_words,
)

_PIECES = st.lists(
    st.sampled_from(
        [*"\\\"'$ ;\n\t=#%[]\x00x1{}@-", "${A}", "$B", "\\x41", "[Service]\n", "ExecStart=", "\\\n", "\r\n"]
    )
)


def _values(text: str) -> list[tuple[str, str, str]]:
    return [(s.name, s.value, s.where) for s in assignments(FileText(path="u", text=text))]


def test_assignments_know_their_lines() -> None:
    text = "# c\n[Service]\nA = 1 \n; c\n  B=2\n\n[Install]\nC=3\n"
    assert _values(text) == [("A", "1", "u:3"), ("B", "2", "u:5"), ("C", "3", "u:8")]
    assert [s.section for s in assignments(FileText(path="u", text=text))] == [
        "Service",
        "Service",
        "Install",
    ]


def test_a_backslash_continues_a_line_over_comments() -> None:
    assert _values("[S]\nA=1 \\\n# no\n; no\n   2\\\n3\nB=4\n") == [("A", "1  2 3", "u:2"), ("B", "4", "u:7")]


def test_an_escaped_backslash_or_one_with_spaces_after_it_does_not_continue() -> None:
    assert _values("[S]\nA=1\\\\\nB=2\\ \nC=3") == [
        ("A", "1\\\\", "u:2"),
        ("B", "2\\", "u:3"),
        ("C", "3", "u:4"),
    ]


def test_the_last_line_may_end_in_a_backslash() -> None:
    assert _values("[S]\nA=1\\") == [("A", "1", "u:2")]


def test_without_a_section_nothing_counts() -> None:
    assert _values("A=1\n[broken\nB=2\n[S]\nC=3\n") == [("C", "3", "u:5")]


def test_other_line_ends() -> None:
    assert _values("\ufeff[S]\r\nA=1\r\nB=2\x00C=3") == [
        ("A", "1", "u:2"),
        ("B", "2", "u:3"),
        ("C", "3", "u:4"),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a  b\tc", ["a", "b", "c"]),
        ("'a b' \"c d\" ''", ["a b", "c d", ""]),
        ("ONE='one' \"TWO='two two' too\" THREE=", ["ONE=one", "TWO='two two' too", "THREE="]),
        (r"a\x20b \sc \061 \u00e4 \\ \"", ["a b", " c", "1", "ä", "\\", '"']),
        (r"\q \xzz \x00 \ud800", [r"\q", r"\xzz", r"\x00", r"\ud800"]),
        ("a\\", ["a\\"]),
        ("", []),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert split_words(text) == words


def test_an_open_quote() -> None:
    with pytest.raises(ValueError, match="not closed"):
        split_words("a 'b")
    assert split_words("a 'b", relaxed=True) == ["a", "b"]


@pytest.mark.parametrize(
    ("value", "commands"),
    [
        ("/bin/echo $ONE $TWO ${TWO}", [("/bin/echo", "one", "two", "two", "two two")]),
        ("/bin/echo ${NONE} $NONE x", [("/bin/echo", "", "x")]),
        ("/bin/echo $Q ${Q}", [("/bin/echo", "a b", "c", "'a b' c")]),
        ("/bin/echo a$ONE a${ONE}b $$ONE $$", [("/bin/echo", "a$ONE", "aoneb", "$ONE", "$")]),
        ("/bin/kill -USR2 $MAINPID", [("/bin/kill", "-USR2", "$MAINPID")]),
        (":/bin/echo $ONE ${ONE}", [("/bin/echo", "$ONE", "${ONE}")]),
        ("@/bin/echo other a", [("/bin/echo", "a")]),
        ("echo one ; echo 'two two'", [("echo", "one"), ("echo", "two two")]),
        ("echo / >/dev/null & \\; ls", [("echo", "/", ">/dev/null", "&", ";", "ls")]),
        ("echo ';' a", [("echo", ";", "a")]),
        ('"/opt/ha proxy/haproxy" -W', [("/opt/ha proxy/haproxy", "-W")]),
        ("echo 'open", []),
        ("echo a ; echo b ; 'open", [("echo", "a"), ("echo", "b")]),
        ("echo a ; echo 'open", []),
        ("/bin/echo $BACK", [("/bin/echo", "x41", "a b")]),
        ("", []),
    ],
)
def test_commands(value: str, commands: list[tuple[str, ...]]) -> None:
    variables = {"ONE": "one", "TWO": "two two", "Q": "'a b' c", "BACK": r"\x41 a\ b"}
    assert [c.arguments for c in parse_exec(value, "u:1", variables)] == commands


def test_prefixes_and_text() -> None:
    (command,) = parse_exec("-+/bin/true  x", "u:7", {})
    assert command.prefixes == "-+"
    assert command.arguments == ("/bin/true", "x")
    assert command.text == "-+/bin/true  x"
    assert command.where == "u:7"
    assert [c.text for c in parse_exec("a 'b c' ; d", "", {})] == ["a 'b c'", "d"]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        *(
            ("90", 90.0),
            ("1min 30s", 90.0),
            ("2min 200ms", 120.2),
            ("1h", 3600.0),
            ("1w", 604800.0),
            ("1.5s", 1.5),
        ),
        *(
            ("5min20s", 320.0),
            ("2d", 172800.0),
            ("10us", 1e-5),
            ("infinity", None),
            ("", None),
            ("1 parsec", None),
        ),
        *(("-1", None), ("9" * 400, None)),
    ],
)
def test_time_spans(text: str, seconds: float | None) -> None:
    assert parse_time_span_s(text) == pytest.approx(seconds)


def test_secrets_become_stars() -> None:
    assert hidden({"DB_PASSWORD": "abc", "CONFIG": "/x"}) == {"DB_PASSWORD": "***", "CONFIG": "/x"}


@given(_PIECES.map("".join))
def test_any_text_is_read(text: str) -> None:
    for setting in assignments(FileText(path="u", text=text)):
        assert setting.name
    parse_exec(text, "", {"A": text, "B": text})
    parse_time_span_s(text)


@pytest.mark.timeout(20)
def test_lines_of_megabytes() -> None:
    for text in (
        "x" * 2_000_000,
        "\\\n" * 500_000,
        "'" * 1_000_000,
        "$A " * 300_000,
        "\\" * 1_000_001,
        "a=\\\n" * 300_000,
    ):
        list(assignments(FileText(path="u", text=f"[S]\nA={text}")))
        parse_exec(text, "", {"A": "b"})
