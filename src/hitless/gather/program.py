"""The HAProxy program as a fact: its version, what is built in, which keywords it knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hitless.control.binary import find_haproxy, read_binary
from hitless.control.capabilities import read_keywords
from hitless.control.errors import CouldNotAsk, NotUnderstood
from hitless.facts import Binary, Unknown

if TYPE_CHECKING:
    from hitless.control.binary import HaproxyBinary

__all__ = ["VERSION", "find_program", "read_program"]

VERSION = "HAProxy's version"
_FIRST_WITH_KEYWORDS = (2, 6, 0)


def find_program(explicit: str = "", *, with_keywords: bool = True) -> tuple[Binary | None, list[Unknown]]:
    """Return the HAProxy that was named, else the one on PATH; the embedded one only by its name.

    Its keywords take a run of their own, which an audit of files alone can do without.

    Raises: ControlError if the one that was named cannot be asked.
    """
    try:
        found = find_haproxy(explicit or None)
    except (CouldNotAsk, NotUnderstood) as error:
        if explicit:
            raise
        return None, [Unknown(what=VERSION, why=f"{error.message}; --haproxy or --haproxy-version says it")]
    if found.embedded and not explicit:
        why = "no HAProxy is installed here; --haproxy or --haproxy-version says which one it is for"
        return None, [Unknown(what=VERSION, why=why)]
    return _as_fact(found, f"{found.path} -vv", with_keywords=with_keywords)


def read_program(
    path: str, *, name: str = "", with_keywords: bool = True
) -> tuple[Binary | None, list[Unknown]]:
    """Return the fact about a program; `name` is what stands for a path such as /proc/PID/exe."""
    try:
        found = read_binary(path)
    except (CouldNotAsk, NotUnderstood) as error:
        return None, [Unknown(what=VERSION, why=error.message)]
    binary, problems = _as_fact(found, f"{path} -vv", with_keywords=with_keywords)
    return msgspec.structs.replace(binary, path=name or path), problems


def _as_fact(found: HaproxyBinary, source: str, *, with_keywords: bool) -> tuple[Binary, list[Unknown]]:
    problems = []
    keywords = None
    if with_keywords and found.version >= _FIRST_WITH_KEYWORDS:
        try:
            keywords = read_keywords(found.path)
        except (CouldNotAsk, NotUnderstood) as error:
            problems.append(Unknown(what="the keywords that HAProxy knows", why=error.message))
    return (
        Binary(
            path=found.path,
            version=found.version,
            version_text=found.version_text,
            features=tuple(sorted(found.features)),
            keywords=keywords,
            source=source,
        ),
        problems,
    )
