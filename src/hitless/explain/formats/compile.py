"""A log format as a parser: from its pieces to one regular expression, and to its beginnings for lines that are cut."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from hitless.explain.formats.aliases import Meaning, meaning_of
from hitless.explain.formats.items import FormatError, Item, Piece, Space, Text, encoding_of, parse_log_format
from hitless.explain.formats.patterns import Shape, shape_of

__all__ = ["Found", "LineFormat", "Slot", "compile_format"]

_MOST_ITEMS = 200
_FEW_FIELDS = 4
"""A line that is cut must have so many fields before its cut to be taken for one of the format."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One field of a format, in the order of the line."""

    meaning: Meaning
    item: Item

    @property
    def label(self) -> str:
        """What it is called in `Traffic.other`."""
        return self.item.name or self.item.alias or self.item.expression


@dataclass(frozen=True, slots=True)
class Found:
    """A line in a format: the text of each slot up to the cut; None for an optional one that is missing."""

    values: tuple[str | None, ...]
    cut: bool = False


@dataclass(frozen=True, eq=False)
class LineFormat:
    """A format that lines can be matched against.

    `name` is "http", "tcp", … for those of HAProxy itself, "FILE:LINE" for one of a configuration. `encoding` is "json"
    where the line is one JSON object whose keys are the names of the items.
    """

    name: str
    text: str
    pieces: tuple[Piece, ...]
    slots: tuple[Slot, ...]
    encoding: str = ""

    def match(self, message: str) -> Found | None:
        """Return what a message says, None if it has another format. Of a JSON format see `formats.json_lines`."""
        found = self._whole.fullmatch(message)
        if found is not None:
            return Found(found.groups())
        for beginning in self._beginnings:
            found = beginning.fullmatch(message)
            if found is not None:
                return Found(found.groups(), cut=True)
        return None

    def beginning_with(self, slots: Collection[int]) -> str:
        """Return the expression of as much of a line as has these slots, by their numbers."""
        expression, fields = "", 0
        for segment in self._segments:
            expression += segment.expression
            fields += segment.fields
            if fields > max(slots, default=-1):
                break
        return expression

    @cached_property
    def _segments(self) -> tuple["_Segment", ...]:
        return tuple(_segments(self.pieces))

    @cached_property
    def _whole(self) -> re.Pattern[str]:
        return re.compile("".join(s.expression for s in self._segments), re.DOTALL)

    @cached_property
    def _beginnings(self) -> tuple[re.Pattern[str], ...]:
        """The longest first: all segments up to one, and the rest for the text of the next."""
        found: list[re.Pattern[str]] = []
        fields, expression = 0, ""
        for segment, following in zip(self._segments, self._segments[1:], strict=False):
            expression += segment.expression
            fields += segment.fields
            if fields >= _FEW_FIELDS:
                found.append(re.compile(expression + following.cut, re.DOTALL))
        return tuple(reversed(found))


def compile_format(name: str, text: str) -> LineFormat:
    """Return the parser of a format.

    Raises: FormatError if HAProxy would refuse the format, or it is encoded as CBOR, which syslog carries as digits.
    """
    pieces = parse_log_format(text)
    items = [piece for piece in pieces if isinstance(piece, Item)]
    if len(items) > _MOST_ITEMS:
        raise FormatError(f"more than {_MOST_ITEMS} items")
    encoding = encoding_of(pieces)
    if encoding == "cbor":
        raise FormatError("lines encoded as CBOR are not read")
    slots = tuple(Slot(meaning_of(item.alias, item.expression), item) for item in items)
    return LineFormat(name, text, pieces, slots, encoding)


@dataclass(frozen=True, slots=True)
class _Segment:
    """One long text and what follows it up to the next: found together, and then never given back."""

    expression: str
    cut: str
    """The expression of the start of the long text, up to the end of a line that is cut in it."""
    fields: int


def _segments(pieces: Sequence[Piece]) -> Iterator[_Segment]:
    cut, body, fields = "", "", 0
    position = 0
    while position < len(pieces):
        piece = pieces[position]
        position += 1
        if not isinstance(piece, Item):
            if isinstance(piece, Text):
                body += re.escape(piece.text)
            else:  # what writes the line to a file may drop a space at its end
                body += " " if position < len(pieces) else " ?"
            continue
        shape = _settled(piece, pieces[position : position + 1])
        with_space = shape.optional and isinstance((*pieces, None)[position], Space)
        position += with_space
        if shape.long:
            yield _Segment(f"(?>{body})", cut, fields)
            cut, body, fields = f"{shape.before}({shape.cut})", "", 0
        body += _expression(shape, space=" " if with_space else "")
        fields += 1
    yield _Segment(f"(?>{body}\\Z)", cut, fields)


def _expression(shape: Shape, space: str) -> str:
    expression = f"{shape.before}({shape.inner}){shape.after}"
    return f"(?:{expression}{space})?" if shape.optional else expression


def _settled(item: Item, following: Sequence[Piece]) -> Shape:
    """Return the shape of an item, loose where its end cannot be told from what follows it."""
    shape = shape_of(item, meaning_of(item.alias, item.expression))
    if not shape.holds or not following or isinstance(following[0], Space):
        return shape
    if isinstance(following[0], Text) and not re.match(shape.holds, following[0].text):
        return shape
    return Shape(shape.lazy, loose=True, long=True)
