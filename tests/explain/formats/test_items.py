import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitless.explain.formats.items import FormatError, Item, Space, Text, encoding_of, parse_log_format

M = frozenset({"M"})


def test_aliases_text_and_separators() -> None:
    assert parse_log_format("%ci:%cp  [%t] x") == (
        Item(alias="ci"),
        Text(":"),
        Item(alias="cp"),
        Space(),
        Text("["),
        Item(alias="t"),
        Text("]"),
        Space(),
        Text("x"),
    )


def test_a_line_does_not_begin_with_a_separator() -> None:
    assert parse_log_format("%{+Q}o %{-Q}ci") == (Item(alias="ci", flags=M),)


def test_flags_of_one_item_and_of_all_that_follow() -> None:
    first, _, second, _, third = parse_log_format("%ci %{+Q,+X}o%cp %{-Q,+E,-M}s")
    assert isinstance(first, Item)
    assert isinstance(second, Item)
    assert isinstance(third, Item)
    assert first.flags == M
    assert second.flags == M | {"Q", "X"}
    assert third.flags == {"X", "E"}


def test_percent_signs() -> None:
    assert parse_log_format("100%%") == (Text("100%"),)
    assert parse_log_format('%"x') == (Text('"x'),)


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("%[src]", "src"),
        ("%[req.hdr(host),lower]", "req.hdr(host),lower"),
        ('%[req.hdr(x),regsub("[a]","",g)]', 'req.hdr(x),regsub("[a]","",g)'),
        ("%[var(txn.a]b)]", "var(txn.a]b)"),
        (r"%[str(\])]", r"str(\])"),
    ],
)
def test_expressions_end_at_their_bracket(text: str, expression: str) -> None:
    assert parse_log_format(text) == (Item(expression=expression),)


def test_names_and_types() -> None:
    assert parse_log_format("%(client)ci%(n:sint)[src_port]%(:bool)ST") == (
        Item(alias="ci", name="client"),
        Item(expression="src_port", name="n"),
        Item(alias="ST"),
    )


@pytest.mark.parametrize(
    "text", ["%", "% x", "%5", "%{+Q", "%{+Q}", "%[src", "%(a", "%(a b)ci", "%(n:map)ci"]
)
def test_what_haproxy_refuses(text: str) -> None:
    with pytest.raises(FormatError):
        parse_log_format(text)


def test_encodings_are_of_the_whole_line_or_of_an_item() -> None:
    assert encoding_of(parse_log_format("%{+json}o %(a)ci %(b)ST")) == "json"
    assert encoding_of(parse_log_format("%{+cbor}o %(a)ci")) == "cbor"
    assert encoding_of(parse_log_format("%(a)ci %{+json}o %(b)ST")) == ""
    assert encoding_of(parse_log_format("%{+json}ID %ci")) == ""
    assert encoding_of(parse_log_format("text")) == ""


def test_the_first_encoding_stays() -> None:
    (item,) = parse_log_format("%{+json}o %(a){+cbor}ci")
    assert isinstance(item, Item)
    assert "json" in item.flags
    assert "cbor" not in item.flags


@given(st.text(alphabet="%{}[]()+-QEXMo,ciabt \"'\\:s", max_size=40))
def test_any_text_is_taken_apart_or_refused(text: str) -> None:
    try:
        pieces = parse_log_format(text)
    except FormatError:
        return
    assert all(not isinstance(piece, Text) or piece.text for piece in pieces)
