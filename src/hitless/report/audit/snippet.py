"""The line that a finding is about, with the words that are meant underlined."""

from hitless.findings import Place
from hitless.report.plain import cells, clip, neutralise

__all__ = ["snippet"]

_TAB = "    "


def snippet(place: Place, width: int) -> tuple[str, str, str] | None:
    """Return the margin ("14 | "), the line and its underline, in `width` columns together; None without a line.

    A line that is too long is cut around what is meant. Units: columns of a terminal.
    """
    if not place.line or not place.text.strip():
        return None
    margin = f"{place.line} | "
    room = max(width - len(margin), 8)
    start = max(place.column - 1, 0)
    before, meant = _shown(place.text[:start]), _shown(place.text[start : start + max(place.length, 0)])
    after = _shown(place.text[start + max(place.length, 0) :])
    indent = len(before) - len(before.lstrip())
    before = before[min(indent, 8) :] if indent > 8 else before
    before = _end_of(before, max(room // 3, room - cells(meant) - cells(after)))
    meant = clip(meant, room - cells(before))
    line = clip(before + meant + after, room)
    marks = min(cells(meant), room - cells(before))
    underline = " " * cells(before) + "^" + "~" * (marks - 1) if meant and place.column else ""
    return margin, line.rstrip(), underline


def _shown(text: str) -> str:
    return neutralise(text.replace("\t", _TAB))


def _end_of(text: str, room: int) -> str:
    """Return the end of a text that has no room as a whole."""
    if cells(text) <= room:
        return text
    kept = len(text)
    used = 1
    while kept and used + cells(text[kept - 1]) <= room:
        kept -= 1
        used += cells(text[kept])
    return "…" + text[kept:]
