"""The `expect` rules of HTTP and TCP health checks, read and evaluated as HAProxy does.

Source: HAProxy 2.8 src/tcpcheck.c parse_tcpcheck_expect(), tcpcheck_eval_expect_http().
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hitless.sandbox.world.checks.pattern import Unreadable, compile_pattern, example_of

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["CannotSatisfy", "Expectation", "as_bytes", "holds_for_bytes", "parse_expectation", "wanted_bytes"]

_WITH_VALUE = {
    "min-recv",
    "comment",
    "ok-status",
    "error-status",
    "tout-status",
    "on-success",
    "on-error",
    "status-code",
}


class CannotSatisfy(Exception):  # noqa: N818 - a finding about the rule, not a failure of ours
    """The rule cannot be imitated; the message says why."""


class Expectation(NamedTuple):
    """An `[!] MATCH PATTERN...`."""

    match: str
    """"status", "rstatus", "hdr", "fhdr", "string", "rstring", "binary", "rbinary"."""
    arguments: tuple[str, ...]
    negated: bool = False

    @property
    def pattern(self) -> str:
        """The first argument."""
        return self.arguments[0] if self.arguments else ""


def parse_expectation(words: Sequence[str]) -> Expectation:
    """Return the expectation that the words after `expect` state.

    Raises: CannotSatisfy if it depends on what only HAProxy knows (a log-format string) or is not understood.
    """
    rest = list(words)
    while rest and rest[0] in _WITH_VALUE:
        del rest[:2]
    negated = False
    while rest and rest[0].startswith("!"):
        negated = not negated
        rest[0] = rest[0][1:]
        if not rest[0]:
            del rest[0]
    if len(rest) < 2:
        raise CannotSatisfy(f"the rule “expect {' '.join(words)}” is not understood")
    match, *arguments = rest
    if match.endswith("-lf") or any(a.endswith("-lf") for a in arguments[:3]):
        raise CannotSatisfy(f"“expect {match}” compares with a log-format string")
    return Expectation(match, tuple(arguments), negated)


def holds_for_bytes(expectation: Expectation, data: bytes) -> bool:
    """Return whether the rule (string, rstring, binary, rbinary) accepts these bytes.

    Raises: CannotSatisfy if Python does not understand the rule's regular expression.
    """
    pattern = expectation.pattern
    match expectation.match:
        case "string":
            found = as_bytes(pattern) in data
        case "binary":
            found = _unhex(pattern) in data
        case "rstring":
            found = _search(pattern, data.decode("latin-1"))
        case "rbinary":
            found = _search(pattern, data.hex().upper())
        case other:
            raise CannotSatisfy(f"“expect {other}” is not understood")
    return found is not expectation.negated


def wanted_bytes(expectation: Expectation) -> bytes:
    """Return bytes that the rule, not negated, accepts.

    Raises: CannotSatisfy.
    """
    pattern = expectation.pattern
    try:
        match expectation.match:
            case "string":
                return as_bytes(pattern)
            case "binary":
                return _unhex(pattern)
            case "rstring":
                return example_of(_as_latin1(pattern)).encode("latin-1")
            case "rbinary":
                return bytes.fromhex(example_of(pattern))
            case other:
                raise CannotSatisfy(f"“expect {other}” is not understood")
    except (Unreadable, ValueError) as error:
        raise CannotSatisfy(f"no bytes could be found that match “{pattern}” ({error})") from error


def as_bytes(text: str) -> bytes:
    """Return the bytes of a configuration word."""
    return text.encode("utf-8", "surrogateescape")


def _as_latin1(text: str) -> str:
    return as_bytes(text).decode("latin-1")


def _search(pattern: str, text: str) -> bool:
    try:
        return compile_pattern(_as_latin1(pattern)).search(text) is not None
    except Unreadable as error:
        raise CannotSatisfy(f"the regular expression “{pattern}” is not understood ({error})") from error


def _unhex(digits: str) -> bytes:
    try:
        return bytes.fromhex(digits)
    except ValueError as error:
        raise CannotSatisfy(f"“{digits}” is no series of hexadecimal digits") from error
