"""One configuration line into words, exactly as HAProxy reads it: quotes, escapes, variables, comments.

Source: HAProxy 2.8 src/tools.c parse_line() with the options of src/cfgparse.c readcfgfile(); the limit of
words is MAX_LINE_ARGS of include/haproxy/defaults.h.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["MAX_WORDS", "WHITESPACE", "Tokens", "is_plain", "tokenise"]

MAX_WORDS = 64
WHITESPACE = b" \t\n\v\f\r"
"""What C's isspace() takes for a space; bytes.split() agrees."""

_EXPANSION_LIMIT_BYTES = 128 * 1024  # of one line; Linux bounds one variable so (MAX_ARG_STRLEN)
_SPECIAL = re.compile(rb"[\\\"'#$\x00\r]")
_BARE_RUN = re.compile(rb"[^\\\"'#\n\r\x00]+")
_SINGLE_QUOTED_RUN = re.compile(rb"[^'\n\r\x00]+")
_DOUBLE_QUOTED_RUN = re.compile(rb"[^\\\"$\n\r\x00]+")
_SPACES = re.compile(rb"[ \t\n\v\f\r]+")
_NAME = re.compile(rb"\.?[A-Za-z0-9_]*")
_HEX = re.compile(rb"[0-9A-Fa-f]{2}")
_LINE_ENDS = frozenset(b"\x00\n\r")
_ESCAPED = {ord("t"): b"\t", ord("n"): b"\n", ord("r"): b"\r"}
_NAME_STARTS = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_.")


@dataclass(frozen=True, slots=True)
class Tokens:
    """The words of a line, where its words end, and what HAProxy would refuse it for."""

    words: tuple[bytes, ...]
    end: int
    """Offset in bytes after the last word as written (a last word may end in an escaped space)."""
    problem: str = ""
    """In HAProxy's terms, "" if there is none."""
    position: int = 0
    """Offset of the problem in bytes."""


class _LineError(Exception):
    def __init__(self, problem: str, position: int) -> None:
        super().__init__(problem)
        self.problem = problem
        self.position = position


def is_plain(line: bytes) -> bool:
    """Return whether a line has no quote, escape, variable, comment or odd end: line.split() is right."""
    return _SPECIAL.search(line) is None


def tokenise(line: bytes, variables: Mapping[bytes, bytes] | None) -> Tokens:
    """Return the words of a line whose leading whitespace and line feed are gone.

    Unset variables are empty. With `variables` None only the structure is of interest: variables stay as they are
    written, and names that HAProxy does not know (".OTHER") are let through.
    """
    if is_plain(line):
        words = line.split()
        if len(words) < MAX_WORDS:
            return Tokens(tuple(words), len(line.rstrip(WHITESPACE)))
    return _Lexer(line, variables).run()


class _Lexer:
    def __init__(self, line: bytes, variables: Mapping[bytes, bytes] | None) -> None:
        self._line = line
        self._variables = variables
        self._at = 0
        self._content_end = 0
        self._quote = 0
        self._quote_at = 0
        self._word = bytearray()
        self._words: list[bytes] = []
        self._overflow_at: int | None = None
        self._has_nul = False
        self._expanded_bytes = 0

    def run(self) -> Tokens:
        try:
            self._scan()
        except _LineError as error:
            return Tokens(tuple(self._words), len(self._line), error.problem, error.position)
        # HAProxy drops a last word that is empty, be it `""` or a trailing space.
        words = (*self._words, bytes(self._word)) if self._word else tuple(self._words)
        if self._has_nul:  # C sees a word up to its first NUL
            words = tuple(word.partition(b"\x00")[0] for word in words)
        if self._quote:
            return Tokens(words, len(self._line), "unmatched quote", self._quote_at)
        if self._overflow_at is not None:
            words = words[:MAX_WORDS]
            return Tokens(words, self._content_end, f"more than {MAX_WORDS} words", self._overflow_at)
        return Tokens(words, self._content_end)

    def _scan(self) -> None:
        line = self._line
        while self._at < len(line):
            byte = line[self._at]
            if byte == 0x0D and self._after_space():
                self._at += 1  # HAProxy skips it with the spaces before it; elsewhere it ends the line
                continue
            if byte in _LINE_ENDS or (byte == 0x23 and not self._quote):
                return
            run = self._run().match(line, self._at)
            if run is None:
                self._special(byte)
                self._content_end = self._at
            elif self._quote:
                self._word += run[0]
                self._at = self._content_end = run.end()
            else:
                self._take_bare(run[0])

    def _run(self) -> re.Pattern[bytes]:
        if not self._quote:
            return _BARE_RUN
        return _SINGLE_QUOTED_RUN if self._quote == 0x27 else _DOUBLE_QUOTED_RUN

    def _after_space(self) -> bool:
        return not self._quote and self._content_end < self._at

    def _take_bare(self, run: bytes) -> None:
        """Take what stands outside of quotes: whitespace in it separates words."""
        first, *others = _SPACES.split(run.lstrip(WHITESPACE) if self._after_space() else run)
        self._word += first
        for part in others:
            self._end_word()
            self._word += part
        written = run.rstrip(WHITESPACE)
        if written:
            self._content_end = self._at + len(written)
        self._at += len(run)

    def _special(self, byte: int) -> None:
        if byte == self._quote:
            self._quote = 0
            self._at += 1
        elif byte in b"\"'" and not self._quote:
            self._quote, self._quote_at = byte, self._at
            self._at += 1
        elif byte == 0x5C:
            self._escape()
        else:
            self._variable()

    def _end_word(self) -> None:
        self._words.append(bytes(self._word))
        self._word.clear()
        if len(self._words) >= MAX_WORDS and self._overflow_at is None:
            self._overflow_at = self._at

    def _escape(self) -> None:
        """Take a backslash: outside single quotes it escapes a few characters and is itself otherwise."""
        following = self._line[self._at + 1 : self._at + 2]
        code = following[0] if following else 0
        if code in _ESCAPED:
            self._word += _ESCAPED[code]
        elif following and (code in b" \\#'\"" or (code == 0x24 and self._quote)):
            self._word += following
        elif code == 0x78:
            digits = _HEX.match(self._line, self._at + 2)
            if digits is None:
                raise _LineError("truncated or invalid hexadecimal sequence", self._at)
            self._word.append(int(digits[0], 16))
            self._has_nul |= digits[0] == b"00"
            self._at += 2
        else:
            self._word += b"\\"
            self._at -= 1
        self._at += 2

    def _variable(self) -> None:
        """Take $NAME, ${NAME}, ${NAME-default}, ${NAME[*]}; they exist inside double quotes only."""
        line = self._line
        start = self._at
        braced = line[self._at + 1 : self._at + 2] == b"{"
        brace_at = self._at + 1
        name_at = brace_at + braced
        if line[name_at : name_at + 1] == b"" or line[name_at] not in _NAME_STARTS:
            raise _LineError("forbidden first char in environment variable name", name_at)
        name = _NAME.match(line, name_at)
        assert name is not None, "the pattern matches the empty string"
        value = self._value(name[0], name_at)
        self._at = name.end()
        expand = braced and self._take_expansion_mark()
        if braced:
            value = self._close_brace(value, brace_at)
        if self._variables is None:
            self._word += line[start : self._at]
        else:
            self._emit_value(value or b"", split=expand)

    def _value(self, name: bytes, name_at: int) -> bytes | None:
        if self._variables is None:
            return None
        value = self._variables.get(name)
        if value is None and name.startswith(b"."):
            raise _LineError("forbidden first char in environment variable name", name_at)
        return value

    def _take_expansion_mark(self) -> bool:
        if self._line[self._at : self._at + 1] != b"[":
            return False
        if self._line[self._at : self._at + 3] != b"[*]":
            raise _LineError("truncated or invalid word expansion sequence", self._at)
        self._at += 3
        return True

    def _close_brace(self, value: bytes | None, brace_at: int) -> bytes | None:
        """Take the default value, if any, and the closing brace; quotes mean nothing in a default value."""
        close = self._line.find(b"}", self._at)
        has_default = self._line[self._at : self._at + 1] == b"-"
        if close < 0 or b"\x00" in self._line[self._at : close] or not (has_default or close == self._at):
            raise _LineError("unmatched brace in environment variable name", brace_at)
        if has_default and value is None:
            value = self._line[self._at + 1 : close]
        self._at = close + 1
        return value

    def _emit_value(self, value: bytes, *, split: bool) -> None:
        # HAProxy has no bound: `setenv X "$X$X"`, forty times, would fill its memory, but shall not fill ours.
        self._expanded_bytes += len(value)
        if self._expanded_bytes > _EXPANSION_LIMIT_BYTES:
            raise _LineError("variables expand to too much text", self._at)
        if not split:
            self._word += value
            return
        for number, part in enumerate(_SPACES.split(value)):
            if number:
                self._end_word()
            self._word += part
