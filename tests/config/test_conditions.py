from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hitless.config.conditions import ConditionError, Facts, decide

FACTS = Facts({b"HOME": b"/root", b"EMPTY": b""}, (2, 8), frozenset({"OPENSSL", "LUA"}))


@pytest.mark.parametrize(
    "text",
    [
        *("1", "-3", "0x10", "!0", "!!1", "! 0", "(1)", "1 || 0", "0 || 1", "1&&1", "!(0 || 0)"),
        *("defined(HOME)", "defined(EMPTY)", "!defined(NOPE)", "streq(a,a)", "streq(\"a b\",'a b')"),
        *("strneq(a,b)", "strstr(abc,b)", "streq(,)", r"streq(a\ b,a b)", r"streq(a\\,a\\)"),
        *("feature(OPENSSL)", "!feature(QUIC)", "enabled(EPOLL)", "!enabled(KQUEUE)"),
        *("version_atleast(2.8)", "version_atleast(2.8.5)", "version_atleast(2.4-dev3)", "version_before(3)"),
        *("!version_before(2.8.5)", "openssl_version_atleast(1.1.1)", "openssl_version_before(4)"),
        *("ssllib_name_startswith(Open)", "0 && defined(X) || 1", "1 || 0 && 0", "(0 || 1) && (1)"),
    ],
)
def test_true(text: str) -> None:
    assert decide(text, FACTS)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "00",
        "0x0",
        "!1",
        "0 || 0",
        "1 && 0",
        "defined(NOPE)",
        "streq(a,b)",
        "version_atleast(2.9)",
        "(1) && !(1)",
    ],
)
def test_false(text: str) -> None:
    assert not decide(text, FACTS)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("bogus(1)", "unknown predicate 'bogus'"),
        ("defined", "takes 1 arguments, not 0"),
        ("streq(a)", "takes 2 arguments, not 1"),
        ("defined(a", "missing '\\)'"),
        ("(1", "expected '\\)'"),
        ("1 1", "unexpected text"),
        ("1 ||", "unparsable"),
        ("version_atleast(new)", "not a version"),
        ("(" * 5000, "nested too deeply"),
    ],
)
def test_refused(text: str, why: str) -> None:
    with pytest.raises(ConditionError, match=why):
        decide(text, FACTS)


@settings(deadline=None)
@given(st.text(alphabet="01!()&| defined,\"'\\HOME", max_size=40))
def test_any_text_is_decided_or_refused(text: str) -> None:
    with suppress(ConditionError):
        assert decide(text, FACTS) in {True, False}
