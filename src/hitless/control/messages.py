"""What HAProxy prints on stderr, line by line.

Source: HAProxy src/errors.c print_message(): up to 2.4-dev18 "[LEVEL] DDD/HHMMSS (pid) : text" (DDD counts
days of the year from 0), since then "[LEVEL]" padded to ten columns and "(pid) : text".
"""

import re
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Level", "Message", "parse_messages"]

_PREFIX = re.compile(r"\[(ALERT|WARNING|NOTICE|DIAG)\]\s+(?:\d{3}/\d{6} )?\((\d{1,10})\) : (.*)", re.ASCII)
_PLACE = re.compile(
    r"(?:\A|\A(?:config : )?(?:\w+ )?|parsing |Binding )\[([^\[\]\n]{1,4096}):(\d{1,9})\]", re.ASCII
)


class Level(StrEnum):
    """How bad HAProxy says it is. `OTHER`: a line without HAProxy's prefix (the loader's, a library's)."""

    ALERT = "ALERT"
    WARNING = "WARNING"
    NOTICE = "NOTICE"
    DIAG = "DIAG"
    OTHER = ""


@dataclass(frozen=True, slots=True)
class Message:
    """One message; its continuation lines (a quoted line with a caret, an explanation) are part of `text`.

    `file` and `line` (from 1) are what the message blames; "" and 0 where it blames no place.
    """

    level: Level
    text: str
    pid: int = 0
    file: str = ""
    line: int = 0

    @property
    def where(self) -> str:
        """The place as "FILE:LINE", or ""."""
        return f"{self.file}:{self.line}" if self.file else ""


def parse_messages(output: str) -> tuple[Message, ...]:
    """Return the messages in a piece of HAProxy's stderr, in order; any text parses, only blank lines are lost."""
    found: list[tuple[Level, int, list[str]]] = []
    for line in output.split("\n"):
        match = _PREFIX.match(line)
        if match:
            found.append((Level(match[1]), int(match[2]), [match[3].rstrip()]))
        elif line.strip():
            if found and line[0].isspace():
                found[-1][2].append(line.rstrip())
            else:
                found.append((Level.OTHER, 0, [line.rstrip()]))
    return tuple(_message(level, pid, "\n".join(lines)) for level, pid, lines in found)


def _message(level: Level, pid: int, text: str) -> Message:
    place = _PLACE.search(text)
    if place is None:
        return Message(level, text, pid)
    return Message(level, text, pid, place[1], int(place[2]))
