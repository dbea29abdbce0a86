"""The words of a step: options in front, as `name=value`, then the rest. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["options_of"]


def options_of(words: Sequence[str], *names: str) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the options that a step's words begin with, of those that it knows, and the words after them."""
    options: dict[str, str] = {}
    for number, word in enumerate(words):
        name, equals, value = word.partition("=")
        if not equals or name not in names:
            return options, tuple(words[number:])
        options[name] = value
    return options, ()
