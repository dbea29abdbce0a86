"""Environment files (/etc/default/haproxy), as systemd reads them: no shell runs, nothing is expanded.

Source: systemd 252 src/basic/env-file.c, systemd.exec(5) "EnvironmentFile=".
"""

import re

__all__ = ["parse_environment_file"]

_BLANK = " \t\n\r"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def parse_environment_file(text: str) -> dict[str, str]:
    """Return the variables of an environment file (/etc/default/haproxy), as systemd reads it."""
    variables: dict[str, str] = {}
    at = 0
    text = text.replace("\r\n", "\n").replace("\x00", "")
    while at < len(text):
        line_end = text.find("\n", at)
        line_end = len(text) if line_end < 0 else line_end
        line = text[at:line_end].lstrip()
        name, equals, _ = line.partition("=")
        if not line or line[0] in "#;" or not equals:
            at = line_end + 1
            continue
        value, at = _file_value(text, text.index("=", at) + 1)
        if _NAME.fullmatch(name.strip()):
            variables[name.strip()] = value
    return variables


def _file_value(text: str, at: int) -> tuple[str, int]:
    r"""Return a value and where the next line begins. Quotes count at the start and after a quote's end only."""
    pieces: list[str] = []
    kept = 0  # as many pieces stay when spaces at the end are taken off
    fresh = True
    while at < len(text) and text[at] != "\n":
        character = text[at]
        if fresh and character in {'"', "'"}:
            piece, at = _file_quoted(text, at + 1, character)
            pieces.append(piece)
            kept = len(pieces)
            continue
        if fresh and character in _BLANK:
            at += 1
            continue
        fresh = False
        if character == "\\":
            pieces += [] if text[at + 1 : at + 2] == "\n" else [text[at + 1 : at + 2]]
            at += 2
        else:
            pieces.append(character)
            at += 1
        kept = kept if character in _BLANK else len(pieces)
    return "".join(pieces[:kept]), at + 1


def _file_quoted(text: str, at: int, quote: str) -> tuple[str, int]:
    pieces: list[str] = []
    while at < len(text) and text[at] != quote:
        if quote == '"' and text[at] == "\\" and at + 1 < len(text):
            following = text[at + 1]
            pieces.append(
                following if following in '"\\`$' else "" if following == "\n" else f"\\{following}"
            )
            at += 2
        else:
            pieces.append(text[at])
            at += 1
    return "".join(pieces), at + 1
