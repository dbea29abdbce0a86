"""The conditions of a proxy's lines: named and anonymous ACLs taken apart into criterion, match and patterns.

Source: HAProxy 2.8 doc/configuration.txt sections 7.1 to 7.4.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hitless.config.model import Directive
from hitless.config.patterns import matching_method

__all__ = ["Criterion", "Use", "criterion_of", "named_criteria", "uses"]

_FLAGS_WITH_VALUE = frozenset({"-m", "-M", "-f", "-u"})
_FLAGS = frozenset({"-i", "-n", "--"})
_FETCH = re.compile(r"([a-zA-Z0-9_.]+)(?:\(([^()]*)\))?")


@dataclass(frozen=True, slots=True)
class Criterion:
    """What is looked at, how it is compared, with what."""

    fetch: str
    """The sample fetch in lower case without its matching suffix: "path", "hdr", "req.hdr", "ssl_fc_sni"."""
    argument: str
    """What stands in its parentheses, in lower case: "host" of `hdr(host)`."""
    match: str
    """"str", "beg", "end", "dir", "dom", "sub", "reg", …"""
    patterns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Use:
    """One criterion in the condition of a line."""

    criterion: Criterion
    directive: Directive
    negated: bool


def criterion_of(words: Sequence[str]) -> Criterion | None:
    """Return the criterion that the words of an ACL after its name say, None if they say none."""
    fetch = _FETCH.match(words[0]) if words else None
    if fetch is None:
        return None
    match = matching_method(words[0])
    name = fetch[1].lower()
    name = name.removesuffix(f"_{match}")
    position = 1
    while position < len(words) and (words[position] in _FLAGS or words[position] in _FLAGS_WITH_VALUE):
        if words[position] == "-m" and position + 1 < len(words):
            match = words[position + 1]
        position += 2 if words[position] in _FLAGS_WITH_VALUE and words[position] != "-M" else 1
    return Criterion(name, (fetch[2] or "").lower(), match, tuple(words[position:]))


def named_criteria(directives: Sequence[Directive]) -> dict[str, list[Criterion]]:
    """Return the criteria of the `acl` lines by name; lines of one name are alternatives."""
    named: dict[str, list[Criterion]] = {}
    for directive in directives:
        if directive.keyword == "acl" and len(directive.words) > 2:
            criterion = criterion_of(directive.words[2:])
            if criterion is not None:
                named.setdefault(directive.words[1], []).append(criterion)
    return named


def uses(directives: Sequence[Directive]) -> Iterator[Use]:
    """Return every criterion that stands in a condition (`if …`, `unless …`), in the order of the lines."""
    named = named_criteria(directives)
    for directive in directives:
        for mark in ("if", "unless"):
            if mark in directive.words[1:] and directive.keyword != "acl":
                condition = directive.words[directive.words.index(mark, 1) + 1 :]
                yield from _condition(directive, condition, named, inverted=mark == "unless")
                break


def _condition(
    directive: Directive, words: Sequence[str], named: dict[str, list[Criterion]], *, inverted: bool
) -> Iterator[Use]:
    position = 0
    negated = inverted
    while position < len(words):
        word = words[position]
        position += 1
        if word == "!":
            negated = not negated
            continue
        if word.startswith("!"):
            negated, word = not negated, word[1:]
        if word == "{":
            stop = words.index("}", position) if "}" in words[position:] else len(words)
            criterion = criterion_of(words[position:stop])
            found = [criterion] if criterion else []
            position = stop + 1
        else:
            found = named.get(word, [])
        yield from (Use(c, directive, negated) for c in found)
        negated = inverted
