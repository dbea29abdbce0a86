"""A `log-format` taken apart, as HAProxy compiles it: text, separators, items.

Source: HAProxy 3.4 src/log.c lf_expr_compile(), parse_logformat_alias(), parse_logformat_node_args(); the same in 2.2
but for names in parentheses (3.0).
"""

import re
from dataclasses import dataclass

__all__ = ["FormatError", "Item", "Piece", "Space", "Text", "encoding_of", "parse_log_format"]

_ALIAS = re.compile(r"[A-Za-z][A-Za-z0-9]*")
_NAME = re.compile(r"\(([A-Za-z0-9_-]*)(?::(str|sint|bool|raw))?\)")
_FLAG = re.compile(r"([+-])(M|Q|X|E|bin|json|cbor)")
_ENCODINGS = frozenset({"json", "cbor"})
_DEFAULT_FLAGS = frozenset({"M"})


class FormatError(ValueError):
    """HAProxy would refuse the format, or takes it differently from what is understood here."""


@dataclass(frozen=True, slots=True)
class Text:
    """Characters that stand in every line."""

    text: str


@dataclass(frozen=True, slots=True)
class Space:
    """A separator: however many stand in a row, and whatever is empty between them, one space is logged."""


@dataclass(frozen=True, slots=True)
class Item:
    """One alias ("ci") or sample expression ("src,lower"); the other of the two is empty.

    `flags`: "M" ("-" for what is empty), "Q" (in quotes), "X" (hexadecimal), "E" (backslashes), "json", "cbor", "bin".
    """

    alias: str = ""
    expression: str = ""
    name: str = ""
    flags: frozenset[str] = _DEFAULT_FLAGS


Piece = Text | Space | Item


def parse_log_format(text: str, *, merge_spaces: bool = True) -> tuple[Piece, ...]:
    """Return the pieces of a format.

    `merge_spaces` holds for log-format, log-format-sd, error-log-format and unique-id-format.

    Raises: FormatError
    """
    return _Reader(text, merge_spaces=merge_spaces).read()


def encoding_of(pieces: tuple[Piece, ...]) -> str:
    """Return "json" or "cbor" where the whole line is encoded so, else "".

    Only what all items have in common is the line's: `%{+json}o` must stand before the first item.
    """
    flags = [piece.flags for piece in pieces if isinstance(piece, Item)]
    shared = frozenset.intersection(*flags) if flags else frozenset[str]()
    named = [piece.name for piece in pieces if isinstance(piece, Item) and piece.name]
    return next(iter(shared & _ENCODINGS), "") if named else ""


class _Reader:
    def __init__(self, text: str, *, merge_spaces: bool) -> None:
        self._text = text
        self._merge = merge_spaces
        self._at = 0
        self._flags = _DEFAULT_FLAGS
        self._pieces: list[Piece] = []
        self._plain: list[str] = []

    def read(self) -> tuple[Piece, ...]:
        while self._at < len(self._text):
            character = self._text[self._at]
            self._at += 1
            if character == "%":
                self._item()
            elif character == " " and self._merge:
                self._end_text()
                if self._pieces and not isinstance(self._pieces[-1], Space):  # none at the start of a line
                    self._pieces.append(Space())
            else:
                self._plain.append(character)
        self._end_text()
        return tuple(self._pieces)

    def _end_text(self) -> None:
        if self._plain:
            self._pieces.append(Text("".join(self._plain)))
            self._plain.clear()

    def _item(self) -> None:
        following = self._text[self._at : self._at + 1]
        if following == "%":
            self._plain.append("%")
            self._at += 1
            return
        if following and not (following.isalpha() or following in "({["):
            self._odd(following)
            return
        name = self._name()
        flags = self._arguments()
        if self._text[self._at : self._at + 1] == "[":
            self._end_text()
            self._pieces.append(Item(expression=self._expression(), name=name, flags=flags))
            return
        match = _ALIAS.match(self._text, self._at)
        if match is None:
            raise FormatError(f"no alias follows the '%' at position {self._at} of {self._text!r}")
        self._at = match.end()
        self._alias(match[0], name, flags)

    def _odd(self, following: str) -> None:
        """Take a lone '%': before a blank or a digit it is refused, before anything else it is left out."""
        if following.isdigit() or following in " \t":
            raise FormatError(f"a lone '%' at position {self._at - 1} of {self._text!r}")
        self._plain.append(following)
        self._at += 1

    def _alias(self, alias: str, name: str, flags: frozenset[str]) -> None:
        if alias == "o":
            self._flags = flags
            return
        self._end_text()
        self._pieces.append(Item(alias=alias, name=name, flags=flags))

    def _name(self) -> str:
        if self._text[self._at : self._at + 1] != "(":
            return ""
        match = _NAME.match(self._text, self._at)
        if match is None:
            raise FormatError(f"a name that is none at position {self._at} of {self._text!r}")
        self._at = match.end()
        return match[1]

    def _arguments(self) -> frozenset[str]:
        """Take "{+Q,-M}": what it adds to and takes from the flags in force."""
        if self._text[self._at : self._at + 1] != "{":
            return self._flags
        end = self._text.find("}", self._at)
        if end < 0:
            raise FormatError(f"no '}}' closes the '{{' at position {self._at} of {self._text!r}")
        flags = set(self._flags)
        for word in self._text[self._at + 1 : end].split(","):
            match = _FLAG.search(word)
            if match is None:
                continue
            if match[1] == "-":
                flags.discard(match[2])
            elif not (match[2] in _ENCODINGS and flags & _ENCODINGS):
                flags.add(match[2])
        self._at = end + 1
        return frozenset(flags)

    def _expression(self) -> str:
        """Take "[expression]": a bracket counts neither in parentheses nor in quotes in them."""
        start = self._at + 1
        depth, quote, at = 0, "", start
        while at < len(self._text):
            character = self._text[at]
            if character == "\\":
                at += 1
            elif quote:
                quote = "" if character == quote else quote
            elif depth and character in "\"'":
                quote = character
            elif character == "(":
                depth += 1
            elif character == ")":
                depth -= 1
            elif character == "]" and depth <= 0:
                self._at = at + 1
                return self._text[start:at]
            at += 1
        raise FormatError(f"no ']' closes the '[' at position {start - 1} of {self._text!r}")
