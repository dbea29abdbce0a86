"""What the text of each item looks like, as a regular expression.

Quantifiers are bounded or give nothing back, so that a hostile line costs no more than its length times its tail.
"""

from dataclasses import dataclass

from hitless.explain.formats.aliases import Kind, Meaning
from hitless.explain.formats.items import Item

__all__ = ["WITH_HEXADECIMAL", "Shape", "shape_of"]


@dataclass(frozen=True, slots=True)
class Shape:
    """How an item is found in a line.

    `before` and `after` are its quotes, `inner` the expression of its text. A `loose` one ends where what follows it
    matches. An `optional` one may be missing, and the space after it too. A `long` one may be what a line is cut in.
    """

    inner: str
    before: str = ""
    after: str = ""
    loose: bool = False
    optional: bool = False
    long: bool = False
    cut: str = ".*"
    """The expression of the start of a long text, up to the end of a line that is cut in it."""
    holds: str = ""
    """The class of characters that an unquoted text is made of. Before one of them its end is not to be seen: it must
    be taken as loose, with `lazy` for its text."""
    lazy: str = ""


_DATE = r"\d{2}/[A-Z][a-z]{2}/\d{4}:\d{2}:\d{2}:\d{2}"
_ESCAPED = r'(?:[^"\\]|\\.)*+'
_NAME = "[A-Za-z0-9_.:-]"
_SPECIAL_NAME = "<[^<>]{1,255}>"
"""<NOSRV>, <lua.service>."""
_PLAIN = {
    Kind.ADDRESS: r"[0-9A-Fa-f.:]{2,45}|[a-z]{4,8}|-",
    Kind.PORT: r"\d{1,10}|-",
    Kind.NUMBER: r"\+?-?\d{1,18}|-",
    Kind.TERMINATION: r"[A-Za-z-]{4}|[A-Za-z-]{2}",
    Kind.DATE_MS: _DATE + r"\.\d{3}",
    Kind.DATE_ZONE: _DATE + r" [+-]\d{4}",
    Kind.UNIX_TIME: r"\d{1,11}",
    Kind.MILLISECONDS: r"\d{3}",
}
_HEXADECIMAL = {
    Kind.ADDRESS: r"[0-9A-F]{32}|[0-9A-F]{8}|[a-z]{4,8}|-",
    Kind.PORT: r"[0-9A-F]{4}|-",
    Kind.UNIX_TIME: r"[0-9A-F]{1,16}",
    Kind.MILLISECONDS: r"[0-9A-F]{2,3}",
}
WITH_HEXADECIMAL = frozenset({"rt", "lc", "pid"})
"""Of the numbers only these obey the flag X."""
_NEVER_QUOTED = frozenset(
    {Kind.NUMBER, Kind.TERMINATION, Kind.DATE_MS, Kind.DATE_ZONE, Kind.UNIX_TIME, Kind.MILLISECONDS}
)
_JSON = rf'"{_ESCAPED}"|-?\d{{1,18}}|true|false|null|'


def shape_of(item: Item, meaning: Meaning) -> Shape:
    """Return how the item is found in a line."""
    kind = meaning.kind
    quote = '"' if "Q" in item.flags else ""
    if "json" in item.flags:
        return Shape(_JSON)
    if kind in {Kind.CAPTURES, Kind.CAPTURE_LIST}:
        return _captures(kind, quote)
    if kind in {Kind.NAME, Kind.FRONTEND_TLS}:
        return _name(item, kind, quote)
    if kind in {Kind.URL_ENCODED, Kind.REQUEST, Kind.WORD, Kind.FREE}:
        return _text(item, kind, quote)
    return _typed(item, kind, quote)


def _captures(kind: Kind, quote: str) -> Shape:
    if kind is Kind.CAPTURES:
        return Shape(r"\{[^{}]*+\}", quote, quote, optional=True, long=True, cut=r"\{[^{}]*+")
    if quote:
        return Shape(r'"[^"]*+"(?: "[^"]*+")*+', optional=True, long=True)
    return Shape(".*?", loose=True, optional=True, long=True)


def _name(item: Item, kind: Kind, quote: str) -> Shape:
    tls = "~?" if kind is Kind.FRONTEND_TLS else ""
    empty = "" if "M" in item.flags and not quote else "|"
    inner = f"(?:{_NAME}{{1,255}}+|{_SPECIAL_NAME}){tls}{empty}"
    lazy = f"(?:{_NAME}{{1,255}}?|{_SPECIAL_NAME}){tls}{empty}"
    return Shape(inner, quote, quote, holds="" if quote else _NAME, lazy=lazy)


def _text(item: Item, kind: Kind, quote: str) -> Shape:
    if not quote:
        if kind in {Kind.FREE, Kind.REQUEST}:
            return Shape(".*?", loose=True, long=True)
        return Shape(r"\S*+", holds=r"\S", lazy=r"\S*?")
    if kind in {Kind.URL_ENCODED, Kind.REQUEST}:
        return Shape('[^"]*+', quote, quote, long=True, cut='[^"]*+')
    if "E" in item.flags:
        return Shape(_ESCAPED, quote, quote, long=True, cut=_ESCAPED + r"\\?")
    return Shape(".*?", quote, quote, loose=True, long=True)


def _typed(item: Item, kind: Kind, quote: str) -> Shape:
    hexadecimal = "X" in item.flags
    inner = _PLAIN[kind]
    if hexadecimal and item.alias in WITH_HEXADECIMAL:
        inner = r"[0-9A-F]{4,16}"
    elif hexadecimal:
        inner = _HEXADECIMAL.get(kind, inner)
    if "M" not in item.flags:
        inner += "|"  # nothing, where there is nothing to log
    if kind in _NEVER_QUOTED or (hexadecimal and kind is Kind.ADDRESS):
        return Shape(inner)
    if kind is Kind.PORT:  # a number is not quoted; the text in the place of one that is missing is
        return Shape(inner + '|""') if quote else Shape(inner)
    return Shape(inner + "|" if quote else inner, quote, quote)
