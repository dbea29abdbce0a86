"""Raw lines behind statements, bounded: read again by their places."""

from collections.abc import Sequence

from hitless.explain.places import read_raw
from hitless.explain.sources.log_set import LogSet
from hitless.explanations import Quote
from hitless.logged import LinePlace

__all__ = ["quote"]

_LONGEST = 1000


def quote(logs: LogSet, places: Sequence[LinePlace]) -> tuple[Quote, ...]:
    """Return the lines at these places, in their order; the text of one that is not there any more is ""."""
    names = {file.number: file.name for file in logs.files}
    raw = read_raw(logs, places)
    return tuple(
        Quote(source=names.get(place.source, "?"), offset=place.offset, text=_text(raw[place]))
        for place in places
    )


def _text(data: bytes) -> str:
    text = data[: _LONGEST * 4].decode("utf-8", "backslashreplace")
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
