"""Which HAProxies are here: what `scripts/haproxy-versions` has installed, the host's, the embedded one, or a path."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from hitless.control.binary import find_embedded, read_binary
from hitless.control.errors import CouldNotAsk
from hitless.errors import ControlError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["BRANCHES", "Haproxy", "cache_directory", "find_haproxies", "known_haproxies"]

BRANCHES = ("2.2", "2.6", "2.8", "3.0", "3.2")
"""The versions that the lab is about; `scripts/haproxy-versions` installs them."""
HOST = "/usr/sbin/haproxy"


class Haproxy(msgspec.Struct, frozen=True):
    """A HAProxy: its branch (2, 8), its version "2.8.25", where it is."""

    branch: tuple[int, int]
    version: str
    path: str

    @property
    def name(self) -> str:
        """The branch as people write it."""
        return f"{self.branch[0]}.{self.branch[1]}"


def cache_directory() -> Path:
    """Return where `scripts/haproxy-versions` puts them."""
    cache = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(cache) if cache.startswith("/") else Path.home() / ".cache") / "hitless" / "haproxy"


def known_haproxies() -> dict[str, Haproxy]:
    """Return one HAProxy of each branch that is here, the cached before the host's before the embedded."""
    found: dict[str, Haproxy] = {}
    for path in _candidates():
        try:
            haproxy = _read(path)
        except (ControlError, CouldNotAsk):
            continue
        found.setdefault(haproxy.name, haproxy)
    return found


def _candidates() -> Iterator[str]:
    for branch in BRANCHES:
        path = cache_directory() / branch / "haproxy"
        if path.exists():
            yield str(path)
    if Path(HOST).exists():
        yield HOST
    if embedded := find_embedded():
        yield embedded


def _read(path: str) -> Haproxy:
    binary = read_binary(path)
    return Haproxy(binary.version[:2], ".".join(map(str, binary.version)), str(Path(path).resolve()))


def find_haproxies(wanted: Sequence[str]) -> tuple[list[Haproxy], list[str]]:
    """Return the HAProxies asked for (branches, paths, or "all"; without a word one that is here), and what is absent.

    Raises: ControlError if a path that was named is no HAProxy; UsageError if nothing at all is here.
    """
    known = known_haproxies()
    found: list[Haproxy] = []
    absent: list[str] = []
    for word in _expand(wanted):
        if "/" in word:
            found.append(_read(word))
        elif word in known:
            found.append(known[word])
        else:
            absent.append(word)
    if not wanted:
        found = [known[name] for name in ("2.8", "2.6", *known) if name in known][:1]
    if not found:
        raise UsageError(
            f"There is no HAProxy {', '.join(absent) or 'here'}.",
            hint="scripts/haproxy-versions installs all of them; or name one with --haproxy PATH.",
        )
    return list(dict.fromkeys(found)), absent


def _expand(wanted: Sequence[str]) -> Iterator[str]:
    for word in wanted:
        yield from BRANCHES if word == "all" else word.split(",")
