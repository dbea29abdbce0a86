"""What must be seen: a condition on one observation, written as "0", ">= 20", "hitless", "contains text". Pure."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hitless.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Condition", "Value", "misses", "parse_condition", "parse_value"]

Value = bool | int | float | str

_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}


@dataclass(frozen=True, slots=True)
class Condition:
    """`kind` is a comparison, "==", "!=", "contains" or "lacks"."""

    kind: str
    value: Value

    def holds(self, seen: Value) -> bool:
        """Whether an observation is as it must be. What is no number is never above or below one."""
        if self.kind in _COMPARISONS:
            if isinstance(seen, str) or isinstance(self.value, str):
                return False
            return _COMPARISONS[self.kind](seen, self.value)
        if self.kind in {"contains", "lacks"}:
            return (str(self.value) in str(seen)) == (self.kind == "contains")
        return (seen == self.value) == (self.kind == "==")

    def __str__(self) -> str:
        value = str(self.value).lower() if isinstance(self.value, bool) else str(self.value)
        return value if self.kind == "==" else f"{self.kind} {value}"


def parse_condition(text: str) -> Condition:
    """Return the condition that a text says.

    Raises: UsageError if a comparison has no number.
    """
    first, _, rest = text.strip().partition(" ")
    if first in {"contains", "lacks", "!="}:
        return Condition(first, rest if first != "!=" else parse_value(rest))
    if first in _COMPARISONS:
        value = parse_value(rest)
        if isinstance(value, str):
            raise UsageError(f"{text!r} compares with no number.")
        return Condition(first, value)
    return Condition("==", parse_value(text))


def parse_value(text: str) -> Value:
    """Return a boolean, a number or a text."""
    word = text.strip()
    if word in {"true", "false"}:
        return word == "true"
    for kind in (int, float):
        try:
            return kind(word)
        except ValueError:
            continue
    return word


def misses(expected: Mapping[str, Condition], seen: Mapping[str, Value]) -> list[str]:
    """Return what is not as it must be, each as a line that names the observation, the condition and what was seen."""
    lines = []
    for name, condition in expected.items():
        if name not in seen:
            lines.append(f"{name}: nothing was observed, expected {condition}")
        elif not condition.holds(seen[name]):
            lines.append(f"{name}: {_shown(seen[name])}, expected {condition}")
    return lines


def _shown(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
