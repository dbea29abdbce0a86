"""Maps and ACL files that a line names, wherever a sample expression or a condition can stand.

Source: HAProxy 2.8 doc/configuration.txt sections 4.2 (http-request set-map, add-acl), 7.1 (ACL flags),
7.3.1 (map converters); src/pattern.c for the prefixes virt@, opt@ and file@ (3.0).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

__all__ = ["PatternFile", "matching_method", "pattern_files"]

_CALL = re.compile(r"((?:set|del)-map|(?:add|del)-acl|map(?:_[a-z0-9_]+)?|jwt_verify)\(([^()]*)")
_OPENING = frozenset({"{", "!{"})
_SUFFIXES = {"beg", "dir", "dom", "end", "len", "reg", "sub", "ip", "int", "str", "bin", "found"}


@dataclass(frozen=True, slots=True)
class PatternFile:
    """A file of patterns: `kind` "map", "acl" or "other", `match` the method ("str", "reg", "ip", …)."""

    kind: str
    path: str
    match: str = ""


def pattern_files(words: Sequence[str]) -> Iterator[PatternFile]:
    """Return the files of maps, ACLs and verification keys that the words of a line name."""
    for word in words:
        if "(" in word:
            for call in _CALL.finditer(word):
                yield from _called(call[1], call[2])
    if "-f" in words and (words[0] == "acl" or not _OPENING.isdisjoint(words)):
        yield from _acl_files(words)


def matching_method(fetch: str) -> str:
    """Return how a criterion matches by its name: path_beg(…) "beg", src "ip", others "str"."""
    name = re.split(r"[(,]", fetch, maxsplit=1)[0]
    suffix = name.rpartition("_")[2]
    if name in {"src", "dst"}:
        return "ip"
    return suffix if suffix in _SUFFIXES and suffix != name else "str"


def _called(function: str, arguments: str) -> Iterator[PatternFile]:
    first, _, rest = arguments.partition(",")
    if function == "jwt_verify":
        key = rest.strip(" \"'")
        if "/" in key or key.endswith(".pem"):
            yield PatternFile("other", key, "jwt")
        return
    match = ""
    if function.startswith("map"):
        match = function.split("_")[1] if "_" in function else "str"
    yield from _reference("acl" if function.endswith("acl") else "map", first, match)


def _reference(kind: str, text: str, match: str) -> Iterator[PatternFile]:
    """Return a file unless its prefix says that HAProxy does not need it."""
    path = text.strip(" \"'").removeprefix("file@")
    if path and not path.startswith(("virt@", "opt@")):
        yield PatternFile(kind, path, match)


def _acl_files(words: Sequence[str]) -> Iterator[PatternFile]:
    """Return the `-f` files of a named ACL (`acl NAME FETCH …`) or of anonymous ones (`{ FETCH … }`)."""
    method = matching_method(words[2]) if words[0] == "acl" and len(words) > 2 else "str"
    for before, word, following in zip(("", *words), words, (*words[1:], ""), strict=False):
        if before in _OPENING:
            method = matching_method(word)
        elif word == "-m":
            method = following
        elif word == "-f":
            yield from _reference("acl", following, method)
