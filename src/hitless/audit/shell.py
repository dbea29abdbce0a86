"""Lines of scripts as they would be run: continuations joined, comments off, simple variables put in, lists made words.

Not a shell: enough to see which words stand together. Works for shell, crontabs, logrotate, unit files, Dockerfiles,
Makefiles, YAML and most languages that call commands as lists of strings.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Line", "is_printed", "read_lines", "without_comment"]

_LONGEST = 4096
_ASSIGNMENT = re.compile(
    r"^\s*(?:export\s+|readonly\s+|local\s+|ENV\s+)?([A-Za-z_]\w{0,60})[:?]?=(?P<q>['\"]?)([^\n]{0,200}?)(?P=q)\s*(?:;.*)?$"
)
_DEFAULT = re.compile(r"^\$\{\w+:?[-=]([^}]*)\}$")
_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_]\w*)(?::?-[^}]*)?\}|\(([A-Za-z_]\w*)\)|([A-Za-z_]\w*))")
# Not behind "sh -c", whose next word is a command of its own.
_LIST_COMMA = re.compile(r"(?<!-c)(?<!-\wc)(?P<q>[\"'])\s*,\s*(?P=q)")
_HERE_DOCUMENT = re.compile(r"(?<!<)<<-?\s*['\"]?([A-Za-z_]\w*)['\"]?")
# How acme.sh keeps a reload command in its domain's configuration file: acme.sh 3.0 _saveconf(), ACME_BASE64.
_ACME = re.compile(r"__ACME_BASE64__START_([A-Za-z0-9+/=]{0,2000})__ACME_BASE64__END_")
# Also what is kept for a restart that somebody asks for: `restart_cmd` of the Data Plane API.
_PRINTS = re.compile(
    r"^\s*(?:@?(?:[\w.]+\.)?(?:echo|print|log|say|fail|die|msg|warn|info|err|debug|note|usage|notice|alert|puts|syslog|"
    r"raise|throw)\w*(?=[\s(.\"'])|-?\s*(?:name|msg|description|title|listen|notify|comment|fail_msg|help|documentation|"
    r"restart_cmd)\s*[:=])",
    re.IGNORECASE,
)
# Words of a sentence before a command in quotes: "please run systemctl restart haproxy".
_PROSE = re.compile(
    r"(?<![\w/.-])(?:run|use|using|please|try|type|execute|need|should|must|can|with|by)\s", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Line:
    """One logical line. `number` counts from 1 and is where it begins."""

    number: int
    text: str
    """As it stands, continuations joined."""
    resolved: str
    """Without its comment, variables put in."""


def read_lines(text: str) -> Iterator[Line]:
    """Yield the lines that can do something. What `cat <<EOF` prints cannot."""
    variables: dict[str, str] = {}
    ends = ""
    for number, joined in _joined(text):
        if ends:
            ends = "" if joined.strip() == ends else ends
            continue
        bare = without_comment(joined[:_LONGEST])
        if not bare.strip():
            continue
        resolved = _LIST_COMMA.sub(" ", _put_in(_ACME.sub(_decoded, bare), variables))
        assigned = _ASSIGNMENT.match(resolved)
        if assigned:
            default = _DEFAULT.match(assigned[3])
            variables[assigned[1]] = default[1] if default else assigned[3]
        here = _HERE_DOCUMENT.search(bare)
        if here and re.match(r"\s*cat\b", bare) and ">" not in bare.replace("<<", ""):
            ends = here[1]
        yield Line(number, joined, resolved[:_LONGEST])


def without_comment(line: str) -> str:
    """Return the line without its comment: from "#" at its beginning or behind white space, outside quotes."""
    stripped = line.lstrip()
    if stripped.startswith(("#", ";", "//")):
        return ""
    quote = ""
    for position, character in enumerate(line):
        if quote:
            quote = "" if character == quote and line[position - 1] != "\\" else quote
        elif character in "\"'" and not (position and line[position - 1].isalnum()):
            quote = character
        elif character == "#" and line[position - 1].isspace():
            return line[:position]
    return line


def is_printed(line: str, position: int) -> bool:
    """Return whether what stands at a position is only printed, logged or a title: the command before it says so."""
    start, quote, opened = 0, "", 0
    for number, character in enumerate(line[:position]):
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote, opened = character, number
        elif character in ";|&`{" or (character == "(" and not line[number - 1 : number].isidentifier()):
            start = number + 1
    return bool(_PRINTS.match(line[start:]) or (quote and _PROSE.search(line[opened:position])))


def _put_in(line: str, variables: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda m: variables.get(m[1] or m[2] or m[3], m[0]), line)


def _decoded(match: re.Match[str]) -> str:
    try:
        return base64.b64decode(match[1], validate=True).decode("utf-8", "replace").partition("\n")[0]
    except (binascii.Error, ValueError):
        return match[0]


def _joined(text: str) -> Iterator[tuple[int, str]]:
    pending, start = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        start = start if pending else number
        joined = pending + line if len(pending) < _LONGEST else pending
        if joined.endswith("\\") and not line.lstrip().startswith("#"):
            pending = joined[:-1] + " "
            continue
        pending = ""
        yield start, joined
    if pending:
        yield start, pending
