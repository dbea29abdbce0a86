"""Which files are one log, and in which order: haproxy.log, haproxy.log.1, haproxy.log-20261129.xz, … Pure.

Source: logrotate(8) 3.21: `start`, `dateext`, `dateformat`, `compressext`, `addextension`.
"""

import re
from collections.abc import Iterable

__all__ = ["rotated_set"]

_COMPRESSED = r"(?P<compression>\.(?:gz|xz|zst|bz2))?"
_NUMBERED = re.compile(rf"\.(?P<number>\d{{1,4}}){_COMPRESSED}")
_DATED = re.compile(rf"[-.](?P<date>\d{{4}}-?\d\d-?\d\d(?:[-_T]?\d{{2,10}})?){_COMPRESSED}")
_KNOWN_ENDINGS = (".gz", ".xz", ".zst", ".bz2")


def rotated_set(name: str, others: Iterable[str]) -> tuple[str, ...]:
    """Return the names of one log's files, the oldest first, of those in its directory.

    `name` is that of the file that is written to. A file that is there both compressed and not (in the middle of a
    rotation) counts once.
    """
    found: dict[str, tuple[tuple[int, int, str], str]] = {}
    for other in others:
        age = _age(name, other)
        if age is None:
            continue
        stem = next((other.removesuffix(end) for end in _KNOWN_ENDINGS if other.endswith(end)), other)
        if stem not in found or other == stem:
            found[stem] = (age, other)
    return tuple(other for _, other in sorted(found.values()))


def _age(name: str, other: str) -> tuple[int, int, str] | None:
    """Return what sorts the older first: numbers fall, dates rise, the current file is last."""
    if other == name:
        return (2, 0, "")
    stem, dot, extension = name.rpartition(".")
    for base, ending in ((name, ""), (stem, f".{extension}")) if dot else ((name, ""),):
        if not other.startswith(base):
            continue
        suffix = other[len(base) :]
        if ending:  # logrotate's addextension: haproxy-20261129.log.gz
            if ending not in suffix:
                continue
            suffix = suffix.replace(ending, "", 1)
        numbered = _NUMBERED.fullmatch(suffix)
        if numbered is not None:
            return (0, -int(numbered["number"]), "")
        dated = _DATED.fullmatch(suffix)
        if dated is not None:
            return (1, 0, re.sub(r"\D", "", dated["date"]))
    return None
