"""The lines that HAProxy acts on: variables resolved, conditionals decided, grouped by section, in order.

Source: HAProxy 2.8 src/cfgparse.c readcfgfile().
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from hitless.config.conditions import ConditionError, Facts, decide
from hitless.config.environment import apply_directive
from hitless.config.model import Directive
from hitless.config.tokenise import tokenise
from hitless.config.tree import SECTION_KEYWORDS, ConfigFile, Line

__all__ = ["ActiveSection", "Diagnostics", "read_active"]

_MAX_NESTED = 1024  # include/haproxy/cfgparse.h MAXNESTEDCONDS
_MESSAGES = frozenset({b".alert", b".warning", b".notice", b".diag"})


class Diagnostics:
    """What could not be understood, as "FILE:LINE: why", bounded in number."""

    def __init__(self, limit: int = 1000) -> None:
        self._limit = limit
        self.entries: list[str] = []

    def add(self, where: str, why: str) -> None:
        """Note one line; beyond the limit only that there were more."""
        if len(self.entries) < self._limit:
            self.entries.append(f"{where}: {why}")
        elif len(self.entries) == self._limit:
            self.entries.append(f"{where}: and more, not listed")


@dataclass(frozen=True, slots=True)
class ActiveSection:
    """A section with the lines in force; `header` is its first line."""

    header: Directive
    filename: str
    directives: list[Directive] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """The section's keyword."""
        return self.header.words[0]

    @property
    def name(self) -> str:
        """The word after the keyword, "" without one."""
        return self.header.words[1] if len(self.header.words) > 1 else ""


@dataclass(slots=True)
class _Branch:
    """One open .if: whether its lines count now, and whether a branch was or can no longer be taken."""

    active: bool
    settled: bool
    in_else: bool = False


def read_active(
    files: Iterable[ConfigFile], facts: Facts, variables: dict[bytes, bytes], diagnostics: Diagnostics
) -> list[ActiveSection]:
    """Return the sections in force of all files. `variables`, which `facts` also sees, changes on the way."""
    sections: list[ActiveSection] = []
    for file in files:
        reader = _FileReader(file, facts, variables, diagnostics)
        reader.read()
        sections += reader.sections
    return sections


class _FileReader:
    def __init__(
        self, file: ConfigFile, facts: Facts, variables: dict[bytes, bytes], diagnostics: Diagnostics
    ) -> None:
        self._file = file
        self._facts = facts
        self._variables = variables
        self._diagnostics = diagnostics
        self._branches: list[_Branch] = []
        self._where = ""
        self.sections: list[ActiveSection] = []

    def read(self) -> None:
        self._variables[b".FILE"] = self._file.filename.encode("utf-8", "surrogateescape")
        self._variables[b".SECTION"] = b""
        for number, line in enumerate(self._file.lines, 1):
            if line.body and not line.body.startswith(b"["):
                self._where = self._file.where(number)
                self._variables[b".LINE"] = b"%d" % number
                self._read_line(line)
        if self._branches:
            self._note("non-terminated '.if' block")
        if self._file.lines and not self._file.lines[-1].end:
            self._diagnostics.add(
                self._file.where(len(self._file.lines)), "missing LF on last line; HAProxy refuses the file"
            )

    def _read_line(self, line: Line) -> None:
        tokens = tokenise(line.body, self._variables)
        if line.problem or tokens.problem:
            if self._counts():
                self._note(line.problem or tokens.problem)
            return
        words = tokens.words
        if not words or not words[0]:
            return
        if words[0].startswith(b"."):
            self._macro(words)
        elif self._counts():
            self._take(words)

    def _take(self, words: Sequence[bytes]) -> None:
        text = tuple([word.decode("utf-8", "surrogateescape") for word in words])
        directive = Directive(text, self._where)
        if text[0] in SECTION_KEYWORDS:
            self.sections.append(ActiveSection(directive, self._file.filename))
            self._variables[b".SECTION"] = words[1] if len(words) > 1 else words[0]
        elif self.sections:
            self.sections[-1].directives.append(directive)
            if self.sections[-1].header.words[0] == "global":
                apply_directive(self._variables, words)
        else:
            self._note(f"'{text[0]}' stands outside of a section")

    def _counts(self) -> bool:
        return not self._branches or self._branches[-1].active

    def _note(self, why: str) -> None:
        self._diagnostics.add(self._where, why)

    def _macro(self, words: Sequence[bytes]) -> None:
        keyword = words[0]
        if keyword == b".if":
            self._open_branch(words)
        elif keyword in {b".elif", b".else", b".endif"}:
            self._switch_branch(words)
        elif self._counts():
            text = b" ".join(words[1:]).decode("utf-8", "backslashreplace")
            if keyword not in _MESSAGES:
                self._note(f"unknown directive '{keyword.decode('utf-8', 'backslashreplace')}'")
            elif keyword == b".alert":
                self._note(f"the configuration refuses itself: {text}")

    def _open_branch(self, words: Sequence[bytes]) -> None:
        if len(self._branches) >= _MAX_NESTED:
            self._note("too many nested '.if'")
        if self._counts():
            holds = self._decide(words)
            self._branches.append(_Branch(active=holds, settled=holds))
        else:
            self._branches.append(_Branch(active=False, settled=True))

    def _switch_branch(self, words: Sequence[bytes]) -> None:
        keyword = words[0]
        if not self._branches:
            self._note(f"lone '{keyword.decode()}' with no matching '.if'")
            return
        branch = self._branches[-1]
        if keyword == b".endif":
            self._branches.pop()
        elif branch.in_else:
            self._note(f"'{keyword.decode()}' after '.else'")
        elif keyword == b".else":
            branch.active, branch.settled, branch.in_else = not branch.settled, True, True
        elif branch.settled:
            branch.active = False
        else:
            branch.active = branch.settled = self._decide(words)

    def _decide(self, words: Sequence[bytes]) -> bool:
        """Decide a condition; HAProxy merges the words of the line with single spaces first."""
        try:
            return decide(b" ".join(words[1:]).decode("utf-8", "surrogateescape"), self._facts)
        except ConditionError as error:
            self._note(f"{error}; taken as false")
            return False
