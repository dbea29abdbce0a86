"""The one way in which text becomes HTML: all is escaped unless it is `Markup`, which only this module makes.

Names of elements and attributes are written in this package's code; no text from outside ever becomes one.
"""

import html
import json
from collections.abc import Iterable
from typing import Any

from hitless.report.plain import neutralise

__all__ = ["Markup", "escape", "join", "json_block", "raw", "tag"]

_VOID = frozenset({"meta", "br", "hr"})


class Markup(str):
    """HTML that is safe to put into a page as it is."""

    __slots__ = ()


def escape(value: object) -> Markup:
    """Return a value as HTML text that also fits into a quoted attribute."""
    if isinstance(value, Markup):
        return value
    return Markup(html.escape(neutralise(str(value)), quote=True))


def raw(trusted: str) -> Markup:
    """Take text of this package (a style sheet, a script, SVG made of numbers) as HTML."""
    return Markup(trusted)


def join(parts: Iterable[object], separator: object = "") -> Markup:
    """Return the parts one after the other, each escaped."""
    return Markup(escape(separator).join(map(escape, parts)))


def tag(name: str, /, *children: object, **attributes: object) -> Markup:
    """Return an element. `class_` is the attribute "class", `data_t` "data-t"; None and False omit it."""
    words = [name]
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        attribute = key.rstrip("_").replace("_", "-")
        words.append(attribute if value is True else f'{attribute}="{escape(value)}"')
    opening = f"<{' '.join(words)}>"
    return Markup(opening if name in _VOID else f"{opening}{join(children)}</{name}>")


def json_block(name: str, value: Any) -> Markup:
    """Return data for the page's script: JSON in which nothing can close the element or open another."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    safe = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return tag("script", raw(safe), type="application/json", id=name)
