"""Where the fields that are counted stand in a line of a format, by words. Pure.

A format whose fields are words of their own, with no text before them that could have spaces, is read by columns; lines
of others are read one by one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from hitless.explain.formats.aliases import Kind, meaning_of
from hitless.explain.formats.compile import LineFormat, Slot
from hitless.explain.formats.items import Item, Piece, Space, Text
from hitless.explain.formats.patterns import shape_of

__all__ = ["Field", "WordPlan", "plan_words"]

_COUNTED = {
    "date": frozenset({Kind.DATE_MS}),
    "frontend": frozenset({Kind.NAME}),
    "frontend_tls": frozenset({Kind.FRONTEND_TLS}),
    "status": frozenset({Kind.NUMBER}),
    "termination": frozenset({Kind.TERMINATION}),
}
_PID = "pid"


@dataclass(frozen=True, slots=True)
class Field:
    """One field: which word of the message it is, and how many bytes of the word stand before and after it."""

    word: int
    before: bytes = b""
    after: bytes = b""


@dataclass(frozen=True, slots=True)
class WordPlan:
    """The fields of one format. `words`: so many a line has at least."""

    format_name: str
    words: int
    date: Field
    frontend: Field
    termination: Field
    termination_length: int
    status: Field | None = None


@cache
def plan_words(line_format: LineFormat) -> WordPlan | None:
    """Return where the counted fields of a format are, None if they cannot be found by words."""
    if line_format.encoding:
        return None
    fields: dict[str, Field] = {}
    length = 0
    for number, word in enumerate(_words(line_format.pieces)):
        slots = [piece for piece in word if isinstance(piece, Slot)]
        if len(slots) == 1 and (name := _counted(slots[0])):
            fields.setdefault(name, _field(number, word))
            length = length or (4 if slots[0].item.alias == "tsc" else 2) if name == "termination" else length
        if not {"date", "frontend", "termination"} - fields.keys() and _has_status(line_format, fields):
            return WordPlan(
                line_format.name,
                number + 1,
                fields["date"],
                fields["frontend"],
                fields["termination"],
                length,
                fields.get("status"),
            )
        if any(_may_have_spaces(slot) for slot in slots):
            return None
    return None


def _has_status(line_format: LineFormat, fields: dict[str, Field]) -> bool:
    """Whether the status is found, in a format that has one; a pid in the message must be read line by line."""
    names = {slot.meaning.field for slot in line_format.slots}
    return _PID not in names and ("status" in fields or "status" not in names)


def _words(pieces: Sequence[Piece]) -> Iterator[list[Text | Slot]]:
    """Yield what stands between spaces; text with spaces in it is taken apart."""
    word: list[Text | Slot] = []
    for piece in pieces:
        if isinstance(piece, Space):
            yield word
            word = []
        elif isinstance(piece, Item):
            word.append(Slot(meaning_of(piece.alias, piece.expression), piece))
        else:
            first, *others = piece.text.split(" ")
            word.append(Text(first))
            for other in others:
                yield word
                word = [Text(other)]
    yield word


def _counted(slot: Slot) -> str:
    """Return the name of a counted field, "" for another one or one that is written in an odd way."""
    name, flags = slot.meaning.field, slot.item.flags
    if (
        slot.meaning.kind not in _COUNTED.get(name, ())
        or flags & {"Q", "E", "json", "X"}
        or not slot.item.alias
    ):
        return ""
    return "frontend" if name == "frontend_tls" else name


def _field(number: int, word: Sequence[Text | Slot]) -> Field:
    at = next(n for n, part in enumerate(word) if isinstance(part, Slot))
    before = "".join(part.text for part in word[:at] if isinstance(part, Text))
    after = "".join(part.text for part in word[at + 1 :] if isinstance(part, Text))
    return Field(number, before.encode(), after.encode())


def _may_have_spaces(slot: Slot) -> bool:
    """Whether words cannot be counted past it: it may have spaces, or be missing with the space after it."""
    shape = shape_of(slot.item, slot.meaning)
    return shape.loose or shape.optional or shape.long
