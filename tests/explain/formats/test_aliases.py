import pytest

from hitless.explain.formats.aliases import ALIASES, Kind, Meaning, meaning_of, without_json

NAMES = """
    B CC CS H ID OG ST T Ta Tc Th Ti Tl Tq Tr TR Td Ts Tt Tu Tw U ac b bc bi bp bq ci cp f fc fi fp ft hr hrl hs
    hsl HM HP HPO HQ HU HV lc ms pid r rc rt s sc si sp sq sslc sslv t tr trg trl ts tsc
"""
OF_HAPROXY = frozenset(NAMES.split())
"""logformat_aliases of HAProxy 3.4 src/log.c, but for %o."""


def test_every_alias_of_haproxy_is_known() -> None:
    assert not OF_HAPROXY - ALIASES.keys()
    assert ALIASES.keys() - OF_HAPROXY == {"mode", "bind", "message"}


@pytest.mark.parametrize(
    ("expression", "field", "kind"),
    [
        ("src", "client_address", Kind.ADDRESS),
        ("txn.status", "status", Kind.NUMBER),
        ("fe_name", "frontend", Kind.FREE),
        ("txn.timer.total", "timer.Ta", Kind.NUMBER),
        ("unique-id", "request_id", Kind.WORD),
        ("req.hdr(host)", "", Kind.FREE),
        ("src,ipmask(24)", "", Kind.FREE),
    ],
)
def test_expressions_that_are_an_alias_in_other_words(expression: str, field: str, kind: Kind) -> None:
    meaning = meaning_of("", expression)
    assert (meaning.field, meaning.kind) == (field, kind)


def test_an_unknown_alias_is_text() -> None:
    assert meaning_of("zz", "").kind is Kind.FREE


def test_text_escaped_as_json_is_the_same_in_other_words() -> None:
    assert without_json(" unique-id,json(utf8s) ") == "unique-id"
    assert without_json("path,json") == "path"
    assert without_json("path,json(utf8s),lower") == "path,json(utf8s),lower"
    assert meaning_of("", "unique-id,json(utf8s)") == Meaning("request_id", Kind.FREE)
    assert meaning_of("", "capture.req.uri,json(utf8ps)") == Meaning("uri", Kind.FREE)
    assert meaning_of("", "pid") == Meaning("pid", Kind.NUMBER)
