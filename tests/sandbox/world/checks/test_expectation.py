import pytest

from hitless.sandbox.world.checks.expectation import (
    CannotSatisfy,
    Expectation,
    holds_for_bytes,
    parse_expectation,
    wanted_bytes,
)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["string", "OK"], Expectation("string", ("OK",))),
        (["!", "string", "OK"], Expectation("string", ("OK",), negated=True)),
        (["!rstring", "^E"], Expectation("rstring", ("^E",), negated=True)),
        (
            ["min-recv", "4", "comment", "x", "ok-status", "L7OK", "status", "200"],
            Expectation("status", ("200",)),
        ),
        (["hdr", "name", "-m", "beg", "x-"], Expectation("hdr", ("name", "-m", "beg", "x-"))),
    ],
)
def test_parse(words: list[str], expected: Expectation) -> None:
    assert parse_expectation(words) == expected


@pytest.mark.parametrize("words", [[], ["string"], ["string-lf", "%[x]"], ["hdr", "name-lf", "x"], ["!"]])
def test_what_cannot_be_evaluated_is_said(words: list[str]) -> None:
    with pytest.raises(CannotSatisfy):
        parse_expectation(words)


@pytest.mark.parametrize(
    ("match", "pattern", "data"),
    [
        ("string", "+PONG", b"+PONG\r\n"),
        ("string", "gr\u00fcn", "gr\u00fcn".encode()),
        ("rstring", r"^\+OK .*ready", b"+OK POP3 ready"),
        ("rstring", "gr\u00fc+n", "gr\u00fcn".encode()),
        ("binary", "2b4F", b"+O!"),
        ("rbinary", "^52[0-9A-F]{2}00", b"R\x1f\0"),
    ],
)
def test_holds(match: str, pattern: str, data: bytes) -> None:
    expectation = Expectation(match, (pattern,))
    assert holds_for_bytes(expectation, data)
    assert not holds_for_bytes(expectation._replace(negated=True), data)
    assert not holds_for_bytes(expectation, b"else")
    assert holds_for_bytes(expectation, wanted_bytes(expectation))


@pytest.mark.parametrize(
    ("match", "pattern"), [("rstring", "(?=x)"), ("binary", "abc"), ("rbinary", "^5"), ("custom", "")]
)
def test_no_bytes_can_be_found(match: str, pattern: str) -> None:
    with pytest.raises(CannotSatisfy):
        wanted_bytes(Expectation(match, (pattern,)))


def test_a_regular_expression_that_python_refuses() -> None:
    with pytest.raises(CannotSatisfy):
        holds_for_bytes(Expectation("rstring", ("(",)), b"x")
