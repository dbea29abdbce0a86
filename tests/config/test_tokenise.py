import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hitless.config.tokenise import MAX_WORDS, Tokens, is_plain, tokenise

VARIABLES = {b"A": b"va lue", b"B": b" one  two ", b".LINE": b"7"}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"bind :80 name x", (b"bind", b":80", b"name", b"x")),
        (b"a\tb\x0bc\x0cd", (b"a", b"b", b"c", b"d")),
        (b"a 'b c' \"d e\"", (b"a", b"b c", b"d e")),
        (b"a'b'\"c\"d", (b"abcd",)),
        (b"\"a 'b'\" 'c \"d\"'", (b"a 'b'", b'c "d"')),
        (rb"path_beg a\ b\#c \x41\t \q", (b"path_beg", b"a b#c", b"A\t", rb"\q")),
        (rb"'\x41\n'", (rb"\x41\n",)),
        (rb"a\x00b c", (b"a", b"c")),
        (b"a b # comment", (b"a", b"b")),
        (b"a#b c", (b"a",)),
        (b"a \"#\" '#'", (b"a", b"#", b"#")),
        (b'a "" b', (b"a", b"", b"b")),
        (b'a b ""', (b"a", b"b")),
        (b"a  ", (b"a",)),
        (b"a\rb", (b"a",)),
        (b"a \r b", (b"a", b"b")),
        (b"a b\x00c", (b"a", b"b")),
        (b"caf\xe9 \xff", (b"caf\xe9", b"\xff")),
        (b"$A ${A} '$A'", (b"$A", b"${A}", b"$A")),
        (b'"$A" "${A}x"', (b"va lue", b"va luex")),
        (b'"${B[*]}"', (b"", b"one", b"two")),
        (b'x "a${B[*]}b"', (b"x", b"a", b"one", b"two", b"b")),
        (b'a "$NONE" "${NONE}" b', (b"a", b"", b"", b"b")),
        (b'"${NONE-d "e}"', (b'd "e',)),
        (b'"${A-unused}"', (b"va lue",)),
        (rb'"\$A" \$A', (b"$A", rb"\$A")),
        (b'"${.LINE}"', (b"7",)),
    ],
)
def test_words_are_those_of_haproxy(line: bytes, words: tuple[bytes, ...]) -> None:
    assert tokenise(line, VARIABLES) == Tokens(words, tokenise(line, VARIABLES).end)
    assert not tokenise(line, VARIABLES).problem


@pytest.mark.parametrize(
    ("line", "problem", "position"),
    [
        (b'a "b', "unmatched quote", 2),
        (b"a 'b\"", "unmatched quote", 2),
        (rb"a \x4g", "truncated or invalid hexadecimal sequence", 2),
        (b'"${A"', "unmatched brace in environment variable name", 2),
        (b'"${A-b"', "unmatched brace in environment variable name", 2),
        (b'"$1"', "forbidden first char in environment variable name", 2),
        (b'"$"', "forbidden first char in environment variable name", 2),
        (b'"${.NOPE}"', "forbidden first char in environment variable name", 3),
        (b'"${A[1]}"', "truncated or invalid word expansion sequence", 4),
    ],
)
def test_what_haproxy_refuses_has_a_problem_and_a_place(line: bytes, problem: str, position: int) -> None:
    tokens = tokenise(line, VARIABLES)
    assert (tokens.problem, tokens.position) == (problem, position)


def test_at_most_64_words() -> None:
    assert not tokenise(b" ".join([b"w"] * MAX_WORDS), {}).problem
    too_many = tokenise(b" ".join([b"w"] * (MAX_WORDS + 1)), {})
    assert too_many.problem == "more than 64 words"
    assert len(too_many.words) == MAX_WORDS
    assert tokenise(b"w " * MAX_WORDS, {}).problem, "HAProxy counts the word that would follow the last space"


@pytest.mark.parametrize(
    ("line", "end"), [(b"a b  # c", 3), (b"a\\  ", 3), (b'a ""  ', 4), (b"a  ", 1), (b'"a" \r b ', 7)]
)
def test_end_is_behind_the_last_word_as_written(line: bytes, end: int) -> None:
    assert tokenise(line, None).end == end


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from([b"a", b" ", b'"', b"'", b"\\", b"#", b"$A", b"${", b"}", b"\r", b"\xff", b"\x00"]),
        max_size=30,
    )
)
def test_any_line_is_taken_apart(pieces: list[bytes]) -> None:
    line = b"".join(pieces)
    tokens = tokenise(line, VARIABLES)
    assert 0 <= tokens.end <= len(line)
    assert len(tokens.words) <= MAX_WORDS
    if is_plain(line):
        assert tokens.words == tuple(line.split())


def test_a_long_line_takes_linear_time() -> None:
    line = b'a "' + b"x y" * 300_000 + b'" ' + b" " * 300_000 + b"\\z"
    assert len(tokenise(line, {}).words) == 3
