"""The stamps of a block's lines as seconds: one is read where the minute changes, the others differ in two digits."""

import re

import numpy as np

from hitless.explain.heads.stamps import STAMP, StampReader
from hitless.explain.scan.head_shape import HeadShape
from hitless.explain.scan.words import Mask, Positions, Words
from hitless.units import NANOSECONDS_PER_SECOND

__all__ = ["read_seconds"]

_STAMP = re.compile(STAMP)
_BSD_MINUTE = len("Nov 22 13:49")
_BSD_LENGTH = len("Nov 22 13:49:27")
_ISO_MINUTE = len("2026-11-29T02:56")
_ISO_LEAST = len("2026-11-29T02:56:22")
_LONGEST_STAMP = 40
_MARKS = {
    "bsd": ((3, " "), (6, " "), (9, ":"), (12, ":"), (15, " ")),
    "iso": ((4, "-"), (7, "-"), (10, "T"), (13, ":"), (16, ":")),
}


def read_seconds(words: Words, shape: HeadShape, stamps: StampReader) -> tuple[Positions, Positions, Mask]:
    """Return each line's second since 1970, the index in `gaps` of the end of its stamp, and whether it has one."""
    starts = words.starts
    if shape.kind == "bsd":
        # A day of one digit is padded with a space: a gap more.
        gap = words.first_gap + 2 + (words.data[starts + 4] == ord(" "))
        begin, minute = starts, _BSD_MINUTE
    else:
        gap = words.first_gap + shape.stamp_word
        begin = starts if not shape.stamp_word else _after(words, words.first_gap + shape.stamp_word - 1)
        minute = _ISO_MINUTE
    good = gap < words.last_gap
    gap = np.minimum(gap, words.last_gap)
    for at, mark in _MARKS[shape.kind]:
        good &= words.data[np.minimum(begin + at, len(words.data) - 1)] == ord(mark)
    end = words.gaps[gap]
    good &= end - begin == _BSD_LENGTH if shape.kind == "bsd" else end - begin >= _ISO_LEAST
    good &= end - begin <= _LONGEST_STAMP
    seconds = np.full(len(starts), -1, dtype=np.int64)
    lines = np.flatnonzero(good)
    if lines.size:
        seconds[lines] = _seconds(words, begin[lines], end[lines], minute, stamps)
    return seconds, gap, good & (seconds >= 0)


def _after(words: Words, gap: Positions) -> Positions:
    return words.gaps[np.minimum(gap, words.last_gap)] + 1


def _seconds(words: Words, begin: Positions, end: Positions, minute: int, stamps: StampReader) -> Positions:
    key = words.keys(begin, minute)
    if (
        minute == _ISO_MINUTE
    ):  # the zone too: the last six bytes of the stamp, "+01:00" or a part of the fraction and "Z"
        zulu = words.data[end - 1] == ord("Z")
        key ^= np.where(zulu, np.uint64(1), words.overlapping[end - 8] >> np.uint64(16))
    heads = np.concatenate((np.zeros(1, dtype=np.int64), np.flatnonzero(key[1:] != key[:-1]) + 1))
    minutes = np.empty(len(heads), dtype=np.int64)
    for number, head in enumerate(heads):
        start = int(begin[head])
        minutes[number] = _minute(words.text(start, int(end[head])), minute, stamps)
    lengths = np.diff(np.append(heads, len(begin)))
    base = np.repeat(minutes, lengths)
    tens, ones = (words.data[begin + minute + n].astype(np.int64) - ord("0") for n in (1, 2))
    good = (base >= 0) & (tens >= 0) & (tens <= 6) & (ones >= 0) & (ones <= 9)
    return np.where(good, base + tens * 10 + ones, -1)


def _minute(stamp: bytes, minute: int, stamps: StampReader) -> int:
    """Return the second since 1970 at which the minute of a stamp begins, -1 if it is no time."""
    text = stamp.decode("ascii", "replace")
    match = _STAMP.fullmatch(f"{text[:minute]}:00{text[minute + 3 :]}")
    moment = stamps.read(match) if match is not None else None
    return moment.t_ns // NANOSECONDS_PER_SECOND if moment is not None else -1
