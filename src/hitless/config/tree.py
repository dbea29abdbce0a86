"""The lossless tree: lines that own every byte, sections as groups of lines, edits that return a new tree.

Nothing is ever lost or refused: a line that HAProxy could not take apart is an opaque line with its problem.
Line numbers are computed, not stored, so an edit cannot leave stale positions.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

from hitless.config.tokenise import WHITESPACE, is_plain, tokenise

__all__ = ["SECTION_KEYWORDS", "ConfigFile", "Line", "Section", "parse"]

SECTION_KEYWORDS = frozenset(
    {
        *("global", "defaults", "frontend", "backend", "listen", "peers", "resolvers", "userlist", "mailers"),
        *("cache", "ring", "program", "http-errors", "fcgi-app", "log-forward", "namespace_list"),
        *("crt-store", "log-profile", "traces", "acme", "healthcheck"),
    }
)
"""First words that begin a section. Source: REGISTER_CONFIG_SECTION in HAProxy 2.8 and 3.4; crt-store is of
3.0, log-profile and traces of 3.1, acme of 3.2, healthcheck of 3.4, program was removed in 3.3."""

_DEFAULT_INDENT = b"    "


@dataclass(frozen=True, slots=True)
class Line:
    """One line and all its bytes: indent, the words as written, what trails them, the line end."""

    indent: bytes
    body: bytes
    """From the first word to the last, with quotes, escapes and separators as written; b"" without words."""
    trail: bytes
    """Whitespace and the comment."""
    end: bytes
    """"\\n", "\\r\\n", or "" for a last line without a line end."""
    problem: str = ""
    """Why HAProxy refuses to take the line apart; such a line is opaque."""

    def to_bytes(self) -> bytes:
        """Return the line as it stands in the file."""
        return self.indent + self.body + self.trail + self.end

    @property
    def comment(self) -> bytes:
        """The comment with its number sign, b"" without one."""
        stripped = self.trail.lstrip(WHITESPACE)
        return stripped if stripped.startswith(b"#") else b""

    @property
    def words(self) -> tuple[str, ...]:
        """The words, quotes and escapes resolved, variables as written; () if empty or opaque."""
        if self.problem or not self.body:
            return ()
        return tuple(w.decode("utf-8", "surrogateescape") for w in tokenise(self.body, None).words)

    @property
    def keyword(self) -> str:
        """The first word, "" without one."""
        words = self.words
        return words[0] if words else ""


@dataclass(frozen=True, slots=True)
class Section:
    """A group of lines: the one that begins it and all up to the next section."""

    kind: str
    name: str
    header: int
    """Line number of the first line, from 1."""
    stop: int
    """Line number after the last line."""


@dataclass(frozen=True)
class ConfigFile:
    """One configuration file. Line numbers count from 1, as in HAProxy's messages."""

    filename: str
    lines: tuple[Line, ...]

    def to_bytes(self) -> bytes:
        """Return the file; for a tree that was not edited, the very bytes it was parsed from."""
        return b"".join(line.to_bytes() for line in self.lines)

    def line(self, number: int) -> Line:
        """Return a line by its number.

        Raises: IndexError if there is no such line.
        """
        if not 1 <= number <= len(self.lines):
            raise IndexError(f"{self.filename} has {len(self.lines)} lines, not {number}")
        return self.lines[number - 1]

    def where(self, number: int) -> str:
        """Return "FILE:LINE"."""
        return f"{self.filename}:{number}"

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """The sections in order; lines before the first one belong to none. Kept, since every rule asks for them."""
        after_last = (len(self.lines) + 1, ())
        return tuple(
            Section(words[0], words[1] if len(words) > 1 else "", number, stop)
            for (number, words), (stop, _) in pairwise([*self._headers(), after_last])
        )

    @property
    def problems(self) -> tuple[tuple[int, str], ...]:
        """Line number and problem of every opaque line."""
        return tuple((n, line.problem) for n, line in enumerate(self.lines, 1) if line.problem)

    def section_at(self, header: int) -> Section | None:
        """Return the section whose first line is this one, None if the line begins none."""
        return self._by_header.get(header)

    def insert_before(self, number: int, text: str) -> "ConfigFile":
        """Return a file with a new line before line `number`, indented and ended as its neighbours are."""
        anchor = self.line(number)
        new = _new_line(text, self._indent_near(number), anchor.end or self._line_end())
        return self._with(number - 1, number - 1, (new,))

    def insert_after(self, number: int, text: str) -> "ConfigFile":
        """Return a file with a new line after line `number`, indented as the section it then belongs to."""
        anchor = self.line(number)
        end = anchor.end or self._line_end()
        new = _new_line(text, self._indent_near(number), end)
        if anchor.end:
            return self._with(number, number, (new,))
        return self._with(number - 1, number, (replace(anchor, end=end), new))

    def replace(self, number: int, text: str) -> "ConfigFile":
        """Return a file in which line `number` has other words; its indent, comment and line end stay."""
        old = self.line(number)
        new = _new_line(text, old.indent, old.end)
        return self._with(number - 1, number, (replace(new, trail=new.trail or old.trail),))

    def remove(self, number: int) -> "ConfigFile":
        """Return a file without line `number`."""
        self.line(number)
        return self._with(number - 1, number, ())

    @cached_property
    def _by_header(self) -> dict[int, Section]:
        return {section.header: section for section in self.sections}

    def _with(self, start: int, stop: int, lines: tuple[Line, ...]) -> "ConfigFile":
        return replace(self, lines=self.lines[:start] + lines + self.lines[stop:])

    def _headers(self) -> Iterator[tuple[int, tuple[str, ...]]]:
        for number, line in enumerate(self.lines, 1):
            if line.body and line.keyword in SECTION_KEYWORDS:
                yield number, line.words

    def _line_end(self) -> bytes:
        ends = Counter(line.end for line in self.lines if line.end)
        return ends.most_common(1)[0][0] if ends else b"\n"

    def _indent_near(self, number: int) -> bytes:
        """Return the indent of a directive at this place: that of the line, of its section, of the file."""
        anchor = self.line(number)
        if _is_directive(anchor):
            return anchor.indent
        section = next((s for s in self.sections if s.header <= number < s.stop), None)
        if section is None:
            return self._common_indent(1) or _DEFAULT_INDENT if self.sections else b""
        return (
            self._common_indent(section.header + 1, section.stop) or self._common_indent(1) or _DEFAULT_INDENT
        )

    def _common_indent(self, start: int, stop: int | None = None) -> bytes:
        lines = self.lines[start - 1 : None if stop is None else stop - 1]
        indents = Counter(line.indent for line in lines if _is_directive(line))
        return indents.most_common(1)[0][0] if indents else b""


def parse(data: bytes, *, filename: str | None = None) -> ConfigFile:
    """Return the tree of a configuration; `parse(data).to_bytes() == data` for every input."""
    *whole, last = data.split(b"\n")
    lines = [_parse_line(raw, b"\n") for raw in whole]
    if last:
        lines.append(_parse_line(last, b""))
    return ConfigFile(filename or "", tuple(lines))


def _is_directive(line: Line) -> bool:
    """Return whether it is a line of a section: neither its header nor a conditional (`.if`)."""
    return bool(line.body) and line.keyword not in SECTION_KEYWORDS and not line.keyword.startswith(".")


def _new_line(text: str, indent: bytes, end: bytes) -> Line:
    raw = text.encode("utf-8", "surrogateescape")
    if b"\n" in raw or b"\r" in raw:
        raise ValueError(f"not one line: {text!r}")
    line = _parse_line(raw.strip(WHITESPACE), b"")
    flush = not raw.strip(WHITESPACE) or line.keyword in SECTION_KEYWORDS
    return replace(line, indent=b"" if flush else indent, end=end)


def _parse_line(raw: bytes, end: bytes) -> Line:
    if end and raw.endswith(b"\r"):
        raw, end = raw[:-1], b"\r\n"
    content = raw.lstrip(WHITESPACE)
    indent = raw[: len(raw) - len(content)]
    if is_plain(content):
        body = content.rstrip(WHITESPACE)
        return Line(indent, body, content[len(body) :], end)
    tokens = tokenise(content, None)
    if tokens.problem:
        return Line(
            indent, content, b"", end, f"{tokens.problem} at position {len(indent) + tokens.position + 1}"
        )
    body = content[: tokens.end]
    problem = "stray NUL" if b"\x00" in content else ""
    return Line(indent, body, content[len(body) :], end, problem)
