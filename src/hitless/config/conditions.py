"""Decide the conditions of .if and .elif.

Grammar and predicates: HAProxy 2.8 src/cfgcond.c; the arguments of predicates: src/arg.c make_arg_list().
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

__all__ = ["ConditionError", "Facts", "decide"]

_MAX_DEPTH = 100
_INTEGER = re.compile(r"[+-]?(?:0[xX][0-9a-fA-F]+|\d+)")
_PREDICATE = re.compile(r"[^ (&|)!]+")
_ESCAPES = {"r": "\r", "n": "\n", "t": "\t", "\\": "\\", " ": " ", '"': '"', "'": "'"}
# Poller and socket features that a Linux build has unless an option turns them off.
_ENABLED = frozenset({"POLL", "EPOLL", "SPLICE", "GETADDRINFO", "REUSEPORT", "FAST-FORWARD"})


class ConditionError(ValueError):
    """A condition that HAProxy refuses, or that this build of it could not know."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a condition can ask about."""

    variables: Mapping[bytes, bytes]
    version: tuple[int, ...]
    features: frozenset[str]
    """Names as in `haproxy -vv`, without the plus sign."""
    openssl_version: tuple[int, ...] = (3, 0)


def decide(text: str, facts: Facts) -> bool:
    """Return whether a condition holds; an empty one does not.

    Raises: ConditionError if it cannot be understood.
    """
    if not text:
        return False
    reader = _Reader(text, facts)
    value = reader.expression(0)
    if not reader.at_end():
        raise ConditionError(f"unexpected text at the end of the condition {text!r}")
    return value


class _Reader:
    """Recursive descent; every part is read even when its value no longer matters, so that errors show."""

    def __init__(self, text: str, facts: Facts) -> None:
        self._text = text
        self._facts = facts
        self._at = 0

    def at_end(self) -> bool:
        self._skip_blanks()
        return self._at == len(self._text)

    def expression(self, depth: int) -> bool:
        value = self._conjunction(depth)
        while self._take("||"):
            value = self._conjunction(depth) or value
        return value

    def _conjunction(self, depth: int) -> bool:
        value = self._term(depth)
        while self._take("&&"):
            value = self._term(depth) and value
        return value

    def _term(self, depth: int) -> bool:
        if depth > _MAX_DEPTH:
            raise ConditionError("condition nested too deeply")
        negated = False
        while self._take("!"):
            negated = not negated
        if self._take("("):
            value = self.expression(depth + 1)
            if not self._take(")"):
                raise ConditionError(f"expected ')' after {self._text[: self._at]!r}")
            return value != negated
        integer = _INTEGER.match(self._text, self._at)
        if integer:
            self._at = integer.end()
            return (_c_integer(integer[0]) != 0) != negated
        return self._predicate() != negated

    def _predicate(self) -> bool:
        name = _PREDICATE.match(self._text, self._at)
        if name is None:
            raise ConditionError(f"unparsable condition {self._text[self._at :]!r}")
        known = _PREDICATES.get(name[0])
        if known is None:
            raise ConditionError(f"unknown predicate {name[0]!r}")
        self._at = name.end()
        count, evaluate = known
        arguments = self._arguments()
        if len(arguments) != count:
            raise ConditionError(f"{name[0]} takes {count} arguments, not {len(arguments)}")
        return evaluate(self._facts, *arguments)

    def _arguments(self) -> list[str]:
        if self._text[self._at : self._at + 1] != "(":
            return []
        arguments = []
        while self._at < len(self._text) and self._text[self._at] != ")":
            self._at += 1
            arguments.append(self._argument())
        if self._at >= len(self._text):
            raise ConditionError(f"missing ')' in {self._text!r}")
        self._at += 1
        return arguments

    def _argument(self) -> str:
        taken: list[str] = []
        quote = ""
        while self._at < len(self._text):
            char = self._text[self._at]
            if not quote and char in ",)":
                break
            if char in "\"'" and quote in {"", char}:
                quote = "" if quote else char
            elif char == "\\" and quote != "'" and self._text[self._at + 1 : self._at + 2] in _ESCAPES:
                self._at += 1
                taken.append(_ESCAPES[self._text[self._at]])
            else:
                taken.append(char)
            self._at += 1
        return "".join(taken)

    def _skip_blanks(self) -> None:
        while self._at < len(self._text) and self._text[self._at] in " \t":
            self._at += 1

    def _take(self, mark: str) -> bool:
        self._skip_blanks()
        if not self._text.startswith(mark, self._at):
            return False
        self._at += len(mark)
        self._skip_blanks()
        return True


def _c_integer(text: str) -> int:
    """Return what strtol(…, 0) makes of it: a leading 0 is octal."""
    digits = text.lstrip("+-")
    if digits[:2].lower() == "0x":
        return int(digits, 16)
    if digits.startswith("0"):
        octal = re.match("[0-7]*", digits)
        return int(octal[0] or "0", 8) if octal else 0
    return int(digits)


def _defined(facts: Facts, name: str) -> bool:
    return name.encode("utf-8", "surrogateescape") in facts.variables


def _version_at_least(ours: tuple[int, ...], wanted: str) -> bool:
    """Compare only as many numbers as both have: a branch (2, 8) satisfies "2.8.5"."""
    match = re.match(r"(\d+)(?:\.(\d+))?(?:\.(\d+))?", wanted)
    if match is None:
        raise ConditionError(f"not a version: {wanted!r}")
    numbers = tuple(int(n) for n in match.groups() if n is not None)
    common = min(len(numbers), len(ours))
    return ours[:common] >= numbers[:common]


_PREDICATES: dict[str, tuple[int, Callable[..., bool]]] = {
    "defined": (1, _defined),
    "feature": (1, lambda facts, name: name in facts.features),
    "streq": (2, lambda _, a, b: a == b),
    "strneq": (2, lambda _, a, b: a != b),
    "strstr": (2, lambda _, text, part: part in text),
    "version_atleast": (1, lambda facts, text: _version_at_least(facts.version, text)),
    "version_before": (1, lambda facts, text: not _version_at_least(facts.version, text)),
    "openssl_version_atleast": (1, lambda facts, text: _version_at_least(facts.openssl_version, text)),
    "openssl_version_before": (1, lambda facts, text: not _version_at_least(facts.openssl_version, text)),
    "ssllib_name_startswith": (1, lambda _, text: "OpenSSL".startswith(text)),
    "enabled": (1, lambda _, name: name in _ENABLED),
}
