"""The lines and words of a block of bytes, as arrays; and texts of many lines as numbers.

Units: positions are bytes of the block.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Interner", "WordFinder", "Words", "find_words"]

Positions = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]
Hashes = npt.NDArray[np.uint64]
Mask = npt.NDArray[np.bool_]

_PADDING = 128
"""So many bytes may be looked at behind a position: no look leaves the array."""
LONGEST_TEXT = 96
"""Longer texts are not made numbers here."""
_SPACE = 32
_LINE_FEED = 10
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(29)
_LENGTHS = range(-LONGEST_TEXT, LONGEST_TEXT + 1)
_MASKS = np.array([(1 << (8 * min(max(n, 0), 8))) - 1 for n in _LENGTHS], dtype=np.uint64)
"""Which bits belong to a text, of eight bytes that begin so many before its end, from -`LONGEST_TEXT` on."""


@dataclass(slots=True)
class Words:
    """A block, its lines, and where each ends and is divided.

    `gaps` are the positions of all spaces, control characters and line feeds; `first_gap` is, for each line, the index
    of its first one in `gaps`, `last_gap` that of its line feed.
    """

    data: Bytes
    overlapping: Hashes
    """The eight bytes that begin at each position, as one number."""
    starts: Positions
    ends: Positions
    gaps: Positions
    first_gap: Positions
    last_gap: Positions

    def hashes(self, starts: Positions, ends: Positions) -> Hashes:
        """Return a number for each text [start, end) of at most `LONGEST_TEXT` bytes: equal for equal texts."""
        lengths = ends - starts
        found = lengths.astype(np.uint64) * _MULTIPLIER
        longest = int(lengths.max(initial=0))
        # What is behind a text's end adds nothing: its number is the same beside longer ones.
        for offset in range(0, min(longest, LONGEST_TEXT), 8):
            part = self.overlapping[starts + offset] & _MASKS[lengths + (LONGEST_TEXT - offset)]
            part *= _MULTIPLIER + np.uint64(2 * offset)
            part ^= part >> _SHIFT
            found += part
        found *= _MULTIPLIER
        return found

    def text(self, start: int, end: int) -> bytes:
        """Return the bytes of one text."""
        return self.data[start:end].tobytes()


class WordFinder:
    """Finds the words of one block after the other; those of a block are good until the next.

    The memory of blocks is used again: fresh pages cost as much as what is done with them.
    """

    def __init__(self) -> None:
        self._padded = np.empty(0, dtype=np.uint8)
        self._is_gap = np.empty(0, dtype=bool)

    def find(self, data: bytes) -> Words:
        """Return the words of a block of whole lines; a last line without a line feed gets one."""
        size = len(data)
        if len(self._is_gap) <= size:
            self._padded = np.empty(size + 1 + _PADDING, dtype=np.uint8)
            self._is_gap = np.empty(size + 1, dtype=bool)
        padded = self._padded[: size + 1 + _PADDING]
        padded[:size] = np.frombuffer(data, dtype=np.uint8)
        padded[size:] = 0
        if not data.endswith(b"\n"):
            padded[size] = _LINE_FEED
            size += 1
        gaps = np.flatnonzero(np.less_equal(padded[:size], _SPACE, out=self._is_gap[:size]))
        last_gap = np.flatnonzero(padded[gaps] == _LINE_FEED)
        ends = gaps[last_gap]
        starts = np.concatenate((np.zeros(1, dtype=np.int64), ends[:-1] + 1))
        first_gap = np.concatenate((np.zeros(1, dtype=np.int64), last_gap[:-1] + 1))
        overlapping = np.ndarray((len(padded) - 7,), dtype="<u8", buffer=padded, strides=(1,))
        return Words(padded, overlapping, starts, ends, gaps, first_gap, last_gap)


def find_words(data: bytes) -> Words:
    """Return the words of one block alone."""
    return WordFinder().find(data)


class Interner:
    """Gives each distinct text a number, from 0, in the order in which texts are first seen."""

    def __init__(self, most: int = 100_000) -> None:
        self._most = most
        self._hashes = np.empty(0, dtype=np.uint64)
        self._numbers = np.empty(0, dtype=np.int64)
        self.texts: list[bytes] = []
        self._by_text: dict[bytes, int] = {}

    def number_of(self, text: bytes) -> int:
        """Return the number of one text, -1 above the bound."""
        found = self._by_text.get(text, -1)
        if found < 0 and len(self.texts) < self._most:
            self._add(find_words(text + b"\n").hashes(*(np.array([n]) for n in (0, len(text)))), [text])
            found = self._by_text[text]
        return found

    def number(self, hashes: Hashes, text_of: Callable[[int], bytes]) -> Positions:
        """Return the number of each text; `text_of` gives the text of an index. Above the bound all share -1."""
        found = self._look_up(hashes)
        unknown = np.flatnonzero(found < 0)
        if unknown.size and len(self.texts) < self._most:
            distinct, first = np.unique(hashes[unknown], return_index=True)
            taken = np.argsort(first)[: self._most - len(self.texts)]
            self._add(distinct[taken], [text_of(int(unknown[first[index]])) for index in taken])
            found[unknown] = self._look_up(hashes[unknown])
        return found

    def _add(self, hashes: Hashes, texts: list[bytes]) -> None:
        numbers = np.arange(len(self.texts), len(self.texts) + len(texts))
        self._by_text |= {text: len(self.texts) + number for number, text in enumerate(texts)}
        self.texts += texts
        self._hashes = np.concatenate((self._hashes, hashes))
        self._numbers = np.concatenate((self._numbers, numbers))
        order = np.argsort(self._hashes)
        self._hashes, self._numbers = self._hashes[order], self._numbers[order]

    def _look_up(self, hashes: Hashes) -> Positions:
        if not self.texts:
            return np.full(hashes.shape, -1, dtype=np.int64)
        at = np.minimum(np.searchsorted(self._hashes, hashes), len(self._hashes) - 1)
        return np.where(self._hashes[at] == hashes, self._numbers[at], -1)
