"""Find a text that a regular expression matches, for the expressions that health checks use.

No claim of generality: who uses an example verifies it (`re.search`), and what cannot be read raises. So an error
in here costs an imitation, never the truth.
"""

from __future__ import annotations

import re
import string
import warnings

__all__ = ["Unreadable", "compile_pattern", "example_of"]

_SIZE = 4096
"""The longest example, in characters."""
_DEPTH = 20
_CLASSES = {
    "d": string.digits,
    "w": string.ascii_letters + string.digits + "_",
    "s": " \t",
    "D": "x",
    "W": "-",
    "S": "x",
}
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v"}
_REPEAT = re.compile(r"\{(\d{1,4})(?:,\d{0,4})?\}")
_POSIX_CLASS = {
    "[:digit:]": string.digits,
    "[:alpha:]": string.ascii_letters,
    "[:alnum:]": string.ascii_letters + string.digits,
    "[:space:]": " ",
    "[:upper:]": string.ascii_uppercase,
    "[:lower:]": string.ascii_lowercase,
}
_ANY = "x" + string.ascii_letters + string.digits + string.punctuation + " "


class Unreadable(ValueError):  # noqa: N818 - a finding about the expression
    """The expression uses what this reader does not know."""


def example_of(expression: str) -> str:
    """Return a text that the expression probably matches.

    Raises: Unreadable.
    """
    reader = _Reader(expression)
    text = reader.alternatives(0)
    if reader.position < len(expression):
        raise Unreadable(f"an unbalanced parenthesis in {expression!r}")
    return text


def compile_pattern(expression: str) -> re.Pattern[str]:
    """Return HAProxy's regular expression (PCRE, or POSIX extended) as Python's.

    Raises: Unreadable if Python refuses it.
    """
    for name, members in _POSIX_CLASS.items():
        expression = expression.replace(name, members)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # "[[" is a plain bracket here, and stays one
            return re.compile(expression)
    except (re.error, OverflowError) as error:
        raise Unreadable(str(error)) from error


class _Reader:
    """Reads left to right; each method returns an example of what it has read."""

    def __init__(self, expression: str) -> None:
        self._text = expression
        self.position = 0

    def alternatives(self, depth: int) -> str:
        if depth > _DEPTH:
            raise Unreadable("too many nested groups")
        first = self._sequence(depth)
        while self._peek() == "|":
            self.position += 1
            self._sequence(depth)
        return first

    def _peek(self) -> str:
        return self._text[self.position : self.position + 1]

    def _take(self) -> str:
        char = self._peek()
        if not char:
            raise Unreadable(f"{self._text!r} ends too early")
        self.position += 1
        return char

    def _sequence(self, depth: int) -> str:
        parts: list[str] = []
        while self._peek() not in {"", "|", ")"}:
            parts.append(self._repeated(self._atom(depth)))
            if sum(map(len, parts)) > _SIZE:
                raise Unreadable("an example would be too long")
        return "".join(parts)

    def _repeated(self, atom: str) -> str:
        char = self._peek()
        count = 1
        if char and char in "*?":
            count = 0
            self.position += 1
        elif char == "+":
            self.position += 1
        elif repeat := _REPEAT.match(self._text, self.position):
            count = int(repeat[1])
            self.position = repeat.end()
        else:
            return atom
        if self._peek() and self._peek() in "?+":  # lazy, possessive
            self.position += 1
        return atom * count

    def _atom(self, depth: int) -> str:
        char = self._take()
        if char == "(":
            return self._group(depth)
        if char == "[":
            return self._set()
        if char == "\\":
            return self._escape()[:1]
        if char == ".":
            return "x"
        if char in "^$":
            return ""
        if char in "*+?":
            raise Unreadable(f"nothing to repeat in {self._text!r}")
        return char

    def _group(self, depth: int) -> str:
        if self._peek() == "?":
            self.position += 1
            if self._take() != ":":
                raise Unreadable("a group other than (…) and (?:…)")
        text = self.alternatives(depth + 1)
        if self._take() != ")":
            raise Unreadable(f"a group does not end in {self._text!r}")
        return text

    def _escape(self) -> str:
        """Return the characters that an escape stands for."""
        char = self._take()
        if char in _CLASSES:
            return _CLASSES[char]
        if char == "x":
            return chr(int(self._hex_digits(), 16))
        if char in _CONTROLS:
            return _CONTROLS[char]
        if char.isalnum():
            if char in "bB":
                raise Unreadable("a word boundary")
            raise Unreadable(f"the escape \\{char}")
        return char

    def _hex_digits(self) -> str:
        digits = self._text[self.position : self.position + 2]
        if not re.fullmatch("[0-9A-Fa-f]{2}", digits):
            raise Unreadable("an \\x without two digits")
        self.position += 2
        return digits

    def _set(self) -> str:
        negated = self._peek() == "^"
        self.position += negated
        members = ""
        while not members or self._peek() != "]":
            members += self._member()
        self.position += 1
        if not negated:
            return members[0]
        free = [char for char in _ANY if char not in members]
        if not free:
            raise Unreadable("a set that excludes everything")
        return free[0]

    def _member(self) -> str:
        for name, members in _POSIX_CLASS.items():
            if self._text.startswith(name, self.position):
                self.position += len(name)
                return members
        char = self._take()
        low = self._escape() if char == "\\" else char
        after = self._text[self.position : self.position + 2]
        if len(low) == 1 and len(after) == 2 and after[0] == "-" and after[1] != "]":
            self.position += 1
            char = self._take()
            high = self._escape()[0] if char == "\\" else char
            if high < low:
                raise Unreadable("a range that runs backwards")
            return "".join(map(chr, range(ord(low), min(ord(high), ord(low) + 255) + 1)))
        return low
