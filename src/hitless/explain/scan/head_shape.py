"""What stands before the messages of most lines of a log, found from a sample. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from hitless.explain.heads.head import Head, split_head

__all__ = ["HeadShape", "learn_shape", "read_origin"]

_LEAST_SHARE = 0.2
"""A shape that fewer lines of the sample have is not worth a look."""
_BSD_LENGTH = len("Nov 22 13:49:27")


@dataclass(frozen=True, slots=True)
class HeadShape:
    """A head of words.

    `kind`: "bsd" (the stamp takes the first 15 bytes) or "iso" (it is the word number `stamp_word`). Between stamp and
    message stand `origin_words` words.
    """

    kind: str
    stamp_word: int
    origin_words: int
    modern: bool = False
    """It is one of RFC 5424."""


def learn_shape(lines: Iterable[bytes]) -> HeadShape | None:
    """Return the shape that most lines with a head have, None if none is common."""
    shapes: Counter[HeadShape] = Counter()
    total = 0
    for raw in lines:
        total += 1
        shape = _shape_of(raw)
        if shape is not None:
            shapes[shape] += 1
    common = shapes.most_common(1)
    return common[0][0] if common and common[0][1] >= _LEAST_SHARE * total else None


def _shape_of(raw: bytes) -> HeadShape | None:
    line = raw.decode("ascii", "replace")
    head = split_head(line)
    if head.stamp is None or head.own or not head.message:
        return None
    before = line[: len(line) - len(head.message)]
    if head.stamp["bsd"] and line.startswith(head.stamp["bsd"]) and len(head.stamp["bsd"]) == _BSD_LENGTH:
        return HeadShape("bsd", 0, before[_BSD_LENGTH + 1 :].count(" "))
    iso = head.stamp["iso"]
    if not iso or " " in iso:
        return None
    stamp_word = before[: before.index(iso)].count(" ")
    if stamp_word and not before.startswith("<"):
        return None
    return HeadShape("iso", stamp_word, before.count(" ") - stamp_word - 1, modern=bool(stamp_word))


def read_origin(shape: HeadShape, origin: bytes) -> Head | None:
    """Return what the words between stamp and message say; None where a message could not follow them."""
    text = origin.decode("utf-8", "backslashreplace")
    stamp = "<134>1 2026-01-01T00:00:00Z" if shape.modern else "Jan  1 00:00:00"
    head = split_head(f"{stamp} {text} x" if shape.origin_words else f"{stamp} x")
    return head if head.message == "x" else None
