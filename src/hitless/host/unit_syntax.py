r"""The syntax of systemd's files: assignments, words, escapes, variables, command lines.

Source: systemd 252, systemd.syntax(7), systemd.service(5) "COMMAND LINES", src/shared/conf-parser.c,
src/basic/extract-word.c, src/basic/env-util.c replace_env_argv().
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from hitless.facts import ExecCommand, FileText
from hitless.host.redact import is_secret_name

__all__ = [
    "Setting",
    "assignments",
    "hidden",
    "parse_exec",
    "parse_time_span_s",
    "split_words",
]

_LINE_END = re.compile(r"\r\n|[\n\r\x00]")
_BLANK = " \t\n\r"
_PREFIXES = "-@:+!|"
_BRACED = re.compile(r"\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|(\$))")
_SET_AT_RUN_TIME = frozenset(
    {
        *(
            "MAINPID",
            "LISTEN_FDS",
            "LISTEN_PID",
            "NOTIFY_SOCKET",
            "CREDENTIALS_DIRECTORY",
            "INVOCATION_ID",
            "USER",
        ),
        *(
            "HOME",
            "LOGNAME",
            "SHELL",
            "PATH",
            "LANG",
            "RUNTIME_DIRECTORY",
            "STATE_DIRECTORY",
            "CACHE_DIRECTORY",
        ),
        *("LOGS_DIRECTORY", "CONFIGURATION_DIRECTORY", "JOURNAL_STREAM", "WATCHDOG_PID", "WATCHDOG_USEC"),
        *("SERVICE_RESULT", "EXIT_CODE", "EXIT_STATUS"),
    }
)
"""systemd.exec(5), "Environment variables in spawned processes": they have values that no file says."""

_ESCAPE = re.compile(
    r"\\(?:([abfnrtvs\\\"'])|x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([0-7]{3}))"
)
_CHARACTERS = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "s": " "}
_WORD_PIECE = re.compile(r"(?P<space>[ \t\n\r]+)|(?P<quote>[\"'])|(?P<escape>\\)|(?P<plain>[^ \t\n\r\"'\\]+)")
_QUOTED_RUN = {'"': re.compile(r"[^\"\\]+"), "'": re.compile(r"[^'\\]+")}

_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Za-zµμ]*)\s*")
_SPAN_S = {
    **dict.fromkeys(("usec", "us", "µs", "μs"), 1e-6),
    **dict.fromkeys(("msec", "ms"), 1e-3),
    **dict.fromkeys(("", "seconds", "second", "sec", "s"), 1.0),
    **dict.fromkeys(("minutes", "minute", "min", "m"), 60.0),
    **dict.fromkeys(("hours", "hour", "hr", "h"), 3600.0),
    **dict.fromkeys(("days", "day", "d"), 86400.0),
    **dict.fromkeys(("weeks", "week", "w"), 7 * 86400.0),
    **dict.fromkeys(("months", "month", "M"), 2629800.0),
    **dict.fromkeys(("years", "year", "y"), 31557600.0),
}


@dataclass(frozen=True, slots=True)
class Setting:
    """One assignment, and the line it begins at (FILE:LINE)."""

    section: str
    name: str
    value: str
    where: str


def assignments(file: FileText) -> Iterator[Setting]:
    r"""Yield the assignments of a file, in order.

    A "\" at the end continues a line; comment lines within a continued line are skipped. What stands before the
    first section is ignored, as systemd does.
    """
    section = ""
    for number, line in _logical_lines(file.text):
        if line.startswith("["):
            section = line[1:-1] if line.endswith("]") else ""
            continue
        name, equals, value = line.partition("=")
        if equals and section and name.strip():
            yield Setting(section, name.strip(), value.strip(), f"{file.path}:{number}")


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    pending: list[str] = []
    start = 0
    for number, raw in enumerate(_LINE_END.split(text.removeprefix("\ufeff")), 1):
        line = raw.lstrip(_BLANK)
        if line.startswith(("#", ";")) or (not line and not pending):
            continue
        start = start if pending else number
        trailing = len(line) - len(line.rstrip("\\"))
        if trailing % 2:
            pending.append(f"{line[:-1]} ")
            continue
        yield start, "".join([*pending, line]).rstrip(_BLANK)
        pending = []
    if pending:
        yield start, "".join(pending).rstrip(_BLANK)


def split_words(text: str, *, relaxed: bool = False, c_escapes: bool = True) -> list[str]:
    r"""Return the words of a value: quotes removed, escapes resolved ("\x20", "\s"), unknown escapes kept.

    Without `c_escapes`, a backslash only takes the meaning of the character after it away.

    Raises: ValueError if a quote is not closed (unless `relaxed`).
    """
    return [word for word, _ in _words(text, relaxed=relaxed, c_escapes=c_escapes)]


def _words(text: str, *, relaxed: bool, c_escapes: bool = True) -> Iterator[tuple[str, str]]:
    """Yield each word and how it was written."""
    word: list[str] | None = None
    at = start = 0
    while at < len(text):
        match = _WORD_PIECE.match(text, at)
        assert match is not None  # the four cases cover every character
        if match["space"]:
            if word is not None:
                yield "".join(word), text[start:at]
            word, at = None, match.end()
            continue
        if word is None:
            word, start = [], at
        if match["quote"]:
            piece, at = _quoted(text, match.end(), match["quote"], relaxed=relaxed, c_escapes=c_escapes)
        elif match["escape"]:
            piece, at = _escaped(text, at, c_escapes=c_escapes)
        else:
            piece, at = match["plain"], match.end()
        word.append(piece)
    if word is not None:
        yield "".join(word), text[start:]


def _quoted(text: str, at: int, quote: str, *, relaxed: bool, c_escapes: bool) -> tuple[str, int]:
    pieces: list[str] = []
    while at < len(text):
        if text[at] == quote:
            return "".join(pieces), at + 1
        if text[at] == "\\":
            piece, at = _escaped(text, at, c_escapes=c_escapes)
        else:
            match = _QUOTED_RUN[quote].match(text, at)
            assert match is not None  # neither the quote nor a backslash stands here
            piece, at = match[0], match.end()
        pieces.append(piece)
    if not relaxed:
        raise ValueError("a quote is not closed")
    return "".join(pieces), at


def _escaped(text: str, at: int, *, c_escapes: bool) -> tuple[str, int]:
    if not c_escapes:
        return text[at + 1 : at + 2], at + 2
    match = _ESCAPE.match(text, at)
    if match is None:  # systemd warns and keeps it
        return text[at : at + 2], at + 2
    if match[1]:
        return _CHARACTERS.get(match[1], match[1]), match.end()
    digits = match[2] or match[3] or match[4]
    code = int(digits, 16) if digits else int(match[5], 8)
    # A NUL, a surrogate or a number above Unicode is refused: the escape stays as it is written.
    if code == 0 or 0xD800 <= code <= 0xDFFF or code > 0x10FFFF:
        return match[0], match.end()
    return chr(code), match.end()


def parse_exec(
    value: str, where: str, variables: Mapping[str, str], expand: Callable[[str], str] = str
) -> tuple[ExecCommand, ...]:
    r"""Return the commands of an Exec…= value: several where a lone ";" separates them, none if systemd refuses it.

    "$NAME" as a word of its own becomes its value's words (none if it is unset), "${NAME}" is replaced within a
    word, "$$" is "$"; the program's path is never replaced, nor anything after the prefix ":". Variables that only
    exist when the command runs ("$MAINPID") stay. `expand` replaces the specifiers of a word ("%i").
    """
    words, complete = _words_before_an_open_quote(value)
    commands: list[ExecCommand] = []
    current: list[str] = []
    written: list[str] = []
    if not complete and words and words[-1][1] != ";":
        return ()
    for word, text in [*words, (";", ";")]:
        if text != ";":
            current.append(";" if text == "\\;" else expand(word))
            written.append(text)
        elif current:
            # The only command keeps its text as it stands, with the spaces that the file has.
            shown = value.strip() if len(written) == len(words) else " ".join(written)
            commands.append(_command(current, shown, where, variables))
            current, written = [], []
    return tuple(commands)


def _words_before_an_open_quote(value: str) -> tuple[list[tuple[str, str]], bool]:
    """Return the words, and whether those are all.

    systemd 252 ignores what begins with an open quote, and refuses the whole unit where an argument has one.
    """
    words: list[tuple[str, str]] = []
    try:
        words.extend(_words(value, relaxed=False))
    except ValueError:
        return words, False
    return words, True


def _command(words: Sequence[str], text: str, where: str, variables: Mapping[str, str]) -> ExecCommand:
    path = words[0].lstrip(_PREFIXES)
    prefixes = words[0][: len(words[0]) - len(path)]
    rest = words[2:] if "@" in prefixes else words[1:]  # with "@", the second word is argv[0]
    arguments = list(rest) if ":" in prefixes else [a for word in rest for a in _substituted(word, variables)]
    return ExecCommand(arguments=(path, *arguments), text=text, where=where, prefixes=prefixes)


def _substituted(word: str, variables: Mapping[str, str]) -> list[str]:
    if word.startswith("$") and word[1:2] not in {"{", "$"}:
        name = word[1:]
        if name in variables:
            return split_words(variables[name], relaxed=True, c_escapes=False)
        return [word] if name in _SET_AT_RUN_TIME or not name else []

    def value_of(match: re.Match[str]) -> str:
        if match[2]:
            return "$"
        return variables.get(match[1], match[0] if match[1] in _SET_AT_RUN_TIME else "")

    return [_BRACED.sub(value_of, word)]


def hidden(variables: Mapping[str, str]) -> dict[str, str]:
    """Return variables with the values of secrets ("DB_PASSWORD") as stars."""
    return {name: "*" * len(value) if is_secret_name(name) else value for name, value in variables.items()}


def parse_time_span_s(text: str) -> float | None:
    """Return a time span of systemd ("1min 30s", "90", "1h") in seconds; None for infinity or nonsense."""
    stripped = text.strip()
    total, at = 0.0, 0
    while at < len(stripped):
        match = _SPAN.match(stripped, at)
        if match is None or len(match[1]) > 20 or match[2] not in _SPAN_S:
            return None
        total += float(match[1]) * _SPAN_S[match[2]]
        at = match.end()
    return total if stripped else None
