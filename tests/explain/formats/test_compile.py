import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitless.explain.formats.compile import compile_format
from hitless.explain.formats.items import FormatError
from hitless.explain.formats.known import FORMAT_TEXTS

LINE = (
    "10.0.0.1:51544 [29/Nov/2026:02:58:03.315] web~ app/s1 1/2/3/4/10 200 1234 - - ---- 1/1/0/0/0 0/0 "
    '{a|b} "GET /x HTTP/1.1"'
)


def test_slots_are_in_the_order_of_the_line() -> None:
    found = compile_format("http", FORMAT_TEXTS["http"]).match(LINE)
    assert found is not None
    assert found.values[:6] == ("10.0.0.1", "51544", "29/Nov/2026:02:58:03.315", "web~", "app", "s1")
    assert found.values[-3:] == ("{a|b}", None, "GET /x HTTP/1.1")


def test_optional_items_take_their_space_with_them() -> None:
    line_format = compile_format("x", "%ST %hr %hs %tsc")
    for line, values in (
        ("200 ----", ("200", None, None, "----")),
        ("200 {a} ----", ("200", "{a}", None, "----")),
        ("200 {a} {b} ----", ("200", "{a}", "{b}", "----")),
    ):
        found = line_format.match(line)
        assert found is not None
        assert found.values == values


def test_a_text_ends_where_what_follows_it_matches() -> None:
    found = compile_format("x", "%[req.hdr(a)] %ST %[req.hdr(b)]").match("one 2 three 404 x y")
    assert found is not None
    assert found.values == ("one", "2", "three 404 x y")
    found = compile_format("x", "%[req.hdr(a)] %ST/%tsc").match("one 2 three 404/SC--")
    assert found is not None
    assert found.values == ("one 2 three", "404", "SC--")


def test_names_beside_what_they_may_hold() -> None:
    found = compile_format("x", "%f:%b-%s").match("fe.1:be_2-srv:3")
    assert found is not None
    assert found.values == ("fe.1", "be_2", "srv:3")
    found = compile_format("x", "%b/%s").match("app/<NOSRV>")
    assert found is not None
    assert found.values == ("app", "<NOSRV>")


def test_a_space_at_the_end_may_be_lost() -> None:
    line_format = compile_format("x", "%ST %B ")
    assert line_format.match("200 5 ") is not None
    assert line_format.match("200 5") is not None


def test_literal_text_is_not_a_pattern() -> None:
    assert compile_format("x", "a.b(%ST)").match("a.b(200)") is not None
    assert compile_format("x", "a.b(%ST)").match("aXb(200)") is None


def test_a_cut_line_needs_some_fields_before_its_cut() -> None:
    assert compile_format("x", '%ST "%r"').match('200 "GET') is None
    found = compile_format("x", '%ci:%cp %ft %ST "%r"').match('10.0.0.1:1 web 200 "GET')
    assert found is not None
    assert found.cut


def test_cbor_and_endless_formats_are_refused() -> None:
    with pytest.raises(FormatError):
        compile_format("x", "%{+cbor}o %(a)ci")
    with pytest.raises(FormatError):
        compile_format("x", "%ci" * 201)


def test_a_beginning_has_the_slots_asked_for() -> None:
    line_format = compile_format("x", "%ST %[a] %B %[b] %tsc")
    assert line_format.beginning_with([0]).count("(?>") == 1
    assert line_format.beginning_with([2]).count("(?>") == 2
    assert line_format.beginning_with([]) == line_format.beginning_with([0])


HOSTILE = (
    "a" * 16_000,
    "-" * 16_000,
    ":" * 16_000,
    "1/" * 8000,
    '"' * 16_000,
    "a a " * 4000,
    "{|" * 8000,
    "\\" * 16_000,
)


@pytest.mark.parametrize("hostile", HOSTILE, ids=[h[:3] for h in HOSTILE])
def test_a_hostile_line_costs_little(hostile: str) -> None:
    texts = [
        *FORMAT_TEXTS.values(),
        "%[a] %[b] %[c] %[d] %[e]!",
        "%f-%b-%s-%ID-%CC,%CS!",
        '{"a":"%[a]","b":"%[b]"}!',
    ]
    start = time.process_time()
    for text in texts:
        compile_format("x", text).match(hostile)
        compile_format("x", text).match(LINE + hostile)
    assert time.process_time() - start < 5.0


@given(st.text(max_size=200))
def test_a_line_of_one_free_item_is_that_item(text: str) -> None:
    found = compile_format("x", "%[a]").match(text)
    assert found is not None
    assert found.values == (text,)
