"""Make hostile text harmless to look at, wherever it is shown.

Log lines, paths and names come from outside. A terminal obeys escape sequences in them, an XML reader refuses
control characters, and a bidirectional override shows a line in another order than it has.
"""

import re
import textwrap
import unicodedata
from typing import Any

__all__ = ["cells", "clip", "neutralise", "neutralise_all", "wrap"]

_HOSTILE = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # C0, DEL, C1
    "\u061c\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff\ufff9-\uffff"  # invisible, or turning the direction
    "\ud800-\udfff"  # undecodable bytes as Python's surrogateescape keeps them
    "\U000e0000-\U000e0fff"  # tags: text that nobody sees
    "]"
)

_FILLER = "\uffff"
_AFTER_NUMBER = re.compile(r"(?<!\S)(\d[\d.,]*) (?=\w)")


def _visible(match: re.Match[str]) -> str:
    code = ord(match[0])
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def neutralise(text: str) -> str:
    r"""Return the text on one line, with what a reader could not see written out: ESC becomes \x1b."""
    return _HOSTILE.sub(_visible, text)


def neutralise_all(value: Any) -> Any:
    """Return a tree of plain values (as JSON has them) with every string in it, keys too, made harmless."""
    if isinstance(value, str):
        return neutralise(value)
    if isinstance(value, dict):
        return {neutralise(key): neutralise_all(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [neutralise_all(item) for item in value]
    return value


def cells(text: str) -> int:
    """Return how many columns of a terminal the text takes (Unicode annex 11: wide characters take two)."""
    if text.isascii():
        return len(text)
    return sum(2 if _is_wide(c) else 0 if unicodedata.combining(c) else 1 for c in text)


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"


def clip(text: str, length: int) -> str:
    """Return the text, cut to `length` columns with an ellipsis as the last."""
    if cells(text) <= length:
        return text
    used, kept = 1, 0
    while used + cells(text[kept]) <= length:
        used += cells(text[kept])
        kept += 1
    return text[:kept] + "…"


def wrap(text: str, width: int) -> list[str]:
    """Break a harmless text into lines of at most `width` columns; a longer word is broken too.

    A number stays with what follows it ("32 000", "180 us"), as long as a line can hold both.
    """
    glued = _AFTER_NUMBER.sub("\\1\N{NO-BREAK SPACE}", text)
    width = max(width, 8)
    if cells(text) > len(text):
        # A filler after each wide character makes textwrap count its columns; it may end a line one column late.
        glued = "".join(c + _FILLER if _is_wide(c) else c for c in glued)
        width -= 1
    lines = textwrap.wrap(glued, width, break_on_hyphens=False)
    return [line.replace("\N{NO-BREAK SPACE}", " ").replace(_FILLER, "") for line in lines] or [""]
