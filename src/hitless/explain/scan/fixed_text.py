"""Texts of a fixed form, one in each line, eight bytes at a time as one number: dates, stamps, codes.

A template is such a text in which `?` stands for any byte.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from hitless.explain.scan.words import Hashes, Mask, Positions, Words

__all__ = ["FixedText", "read_text"]

_EIGHT = 8
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(29)
_BYTE = np.uint64(0xFF)
_DASHES = int.from_bytes(b"-" * _EIGHT, "little")
_ALL_TRUE = np.uint64(int.from_bytes(b"\1" * _EIGHT, "little"))


@dataclass(frozen=True, slots=True)
class FixedText:
    """The first bytes of a text of each line: `eights[0]` has the bytes 0 to 7, the first one the lowest."""

    eights: tuple[Hashes, ...]

    def of(self, lines: Mask) -> "FixedText":
        """Return the texts of some of the lines."""
        return FixedText(tuple(eight[lines] for eight in self.eights))

    def is_like(self, template: bytes) -> Mask:
        """Return which texts have the bytes of a template."""
        found = np.ones(len(self.eights[0]), dtype=bool)
        for eight, (mask, value) in zip(self.eights, _masks(template), strict=False):
            if mask:
                found &= (eight & mask) == value
        return found

    def is_code(self, length: int) -> Mask:
        """Return which texts begin with so many (at most eight) letters and dashes."""
        mask = (1 << (8 * length)) - 1
        filled = (self.eights[0] & np.uint64(mask)) | np.uint64(_DASHES & ~mask)
        data = filled.view(np.uint8)
        good = (data == ord("-")) | ((data | 32) - ord("a") < 26)
        found: Mask = good.view(np.uint64) == _ALL_TRUE
        return found

    def byte(self, at: int) -> Positions:
        """Return the byte at a place of each text."""
        eight = self.eights[at // _EIGHT] >> np.uint64(8 * (at % _EIGHT))
        return (eight & _BYTE).view(np.int64)

    def digit(self, at: int) -> Positions:
        """Return the same as the digit that it writes; below 0 or above 9 where it writes none."""
        return self.byte(at) - ord("0")

    def keys(self, length: int) -> Hashes:
        """Return a number for each text's first bytes: equal for equal ones."""
        found = np.zeros(len(self.eights[0]), dtype=np.uint64)
        for number, eight in enumerate(self.eights):
            here = length - number * _EIGHT
            if here > 0:
                part = eight if here >= _EIGHT else eight & np.uint64((1 << (8 * here)) - 1)
                found = (found ^ part) * _MULTIPLIER
                found ^= found >> _SHIFT
        return found


def read_text(words: Words, starts: Positions, length: int) -> FixedText:
    """Return the texts of a length that begin at these places of a block."""
    return FixedText(tuple(words.overlapping[starts + offset] for offset in range(0, length, _EIGHT)))


@cache
def _masks(template: bytes) -> tuple[tuple[np.uint64, np.uint64], ...]:
    """Return for each eight bytes of a template which bits count, and what they are."""
    found = []
    for start in range(0, len(template), _EIGHT):
        part = template[start : start + _EIGHT]
        mask = bytes(0 if byte == ord("?") else 0xFF for byte in part)
        value = bytes(0 if byte == ord("?") else byte for byte in part)
        found.append((np.uint64(int.from_bytes(mask, "little")), np.uint64(int.from_bytes(value, "little"))))
    return tuple(found)
