import re

import pytest

from hitless.explain.formats.aliases import ALIASES, meaning_of
from hitless.explain.formats.items import Item
from hitless.explain.formats.patterns import shape_of

FLAGS = [
    frozenset(),
    frozenset("M"),
    frozenset("MQ"),
    frozenset("MX"),
    frozenset("MQE"),
    frozenset({"M", "json"}),
]


@pytest.mark.parametrize("alias", sorted(ALIASES))
@pytest.mark.parametrize("flags", FLAGS, ids=lambda flags: "".join(sorted(flags)) or "none")
def test_every_item_has_a_shape_that_compiles(alias: str, flags: frozenset[str]) -> None:
    shape = shape_of(Item(alias=alias, flags=flags), meaning_of(alias, ""))
    re.compile(f"{shape.before}({shape.inner}){shape.after}")
    assert not shape.holds or shape.lazy
    assert not shape.loose or shape.long


@pytest.mark.parametrize(
    ("alias", "flags", "text"),
    [
        ("ci", "M", "2001:db8::1"),
        ("ci", "MX", "7F000001"),
        ("ci", "MQ", "10.0.0.1"),
        ("cp", "MX", "C957"),
        ("B", "M", "+123"),
        ("Tw", "M", "-1"),
        ("b", "M", "app.1:x_y-z"),
        ("s", "M", "<NOSRV>"),
        ("ft", "M", "web~"),
        ("tsc", "M", "cD--"),
        ("ts", "M", "--"),
        ("t", "M", "29/Nov/2026:02:58:03.315"),
        ("T", "M", "29/Nov/2026:02:58:03 +0000"),
        ("hr", "M", "{a|b}"),
        ("r", "MQ", "GET /#22 HTTP/1.1"),
        ("ID", "MQE", 'a\\"b'),
    ],
)
def test_shapes_match_what_haproxy_writes(alias: str, flags: str, text: str) -> None:
    shape = shape_of(Item(alias=alias, flags=frozenset(flags)), meaning_of(alias, ""))
    quoted = f'"{text}"' if shape.before else text
    assert re.fullmatch(f"{shape.before}({shape.inner}){shape.after}", quoted, re.DOTALL)


@pytest.mark.parametrize(
    ("alias", "text"), [("ST", "abc"), ("b", "a b"), ("tsc", "---"), ("t", "29/Nov/2026")]
)
def test_shapes_do_not_match_anything(alias: str, text: str) -> None:
    shape = shape_of(Item(alias=alias), meaning_of(alias, ""))
    assert not re.fullmatch(shape.inner, text)
