"""The stamps of a block's lines as seconds: one is read where the minute changes, the others differ in two digits."""

import re
from dataclasses import dataclass

import numpy as np

from hitless.explain.heads.stamps import STAMP, StampReader
from hitless.explain.scan.fixed_text import FixedText, read_text
from hitless.explain.scan.head_shape import HeadShape
from hitless.explain.scan.runs import run_ends, run_starts
from hitless.explain.scan.words import Mask, Positions, Words
from hitless.units import NANOSECONDS_PER_SECOND

__all__ = ["read_seconds"]

_STAMP = re.compile(STAMP)
_LONGEST_STAMP = 40


@dataclass(frozen=True, slots=True)
class _Form:
    """How stamps of a kind look; the colon before the seconds is behind `minute` bytes."""

    template: bytes
    minute: int
    least: int
    most: int


_BSD = _Form(b"??? ?? ??:??:?? ", minute=len("Nov 22 13:49"), least=15, most=15)
_ISO = _Form(b"????-??-??T??:??:", minute=len("2026-11-29T02:56"), least=19, most=_LONGEST_STAMP)


def read_seconds(words: Words, shape: HeadShape, stamps: StampReader) -> tuple[Positions, Positions, Mask]:
    """Return each line's second since 1970, the index in `gaps` of the end of its stamp, and whether it has one."""
    begin = words.starts
    if shape.kind == "bsd":
        # A day of one digit is padded with a space: a gap more.
        form, gap = _BSD, words.first_gap + 2 + (words.data[begin + 4] == ord(" "))
    else:
        form, gap = _ISO, words.first_gap + shape.stamp_word
        if shape.stamp_word:
            begin = _after(words, words.first_gap + shape.stamp_word - 1)
    good = gap < words.last_gap
    gap = np.minimum(gap, words.last_gap)
    text = read_text(words, begin, form.minute + 3)
    end = words.gaps[gap]
    size = end - begin
    good &= text.is_like(form.template) & (size >= form.least) & (size <= form.most)
    if good.all():
        seconds = _seconds(words, begin, end, text, form, stamps)
    else:
        seconds = np.full(len(begin), -1, dtype=np.int64)
        seconds[good] = _seconds(words, begin[good], end[good], text.of(good), form, stamps)
    return seconds, gap, good & (seconds >= 0)


def _after(words: Words, gap: Positions) -> Positions:
    return words.gaps[np.minimum(gap, words.last_gap)] + 1


def _seconds(
    words: Words, begin: Positions, end: Positions, text: FixedText, form: _Form, stamps: StampReader
) -> Positions:
    key = text.keys(form.minute)
    if form is _ISO:
        # The zone too: the last six bytes of the stamp, "+01:00" or a part of the fraction and "Z".
        zulu = words.data[end - 1] == ord("Z")
        key ^= np.where(zulu, np.uint64(1), words.overlapping[end - 8] >> np.uint64(16))
    heads = run_starts(key)
    minutes = np.empty(len(heads), dtype=np.int64)
    for number, head in enumerate(heads):
        start = int(begin[head])
        minutes[number] = _minute(words.text(start, int(end[head])), form.minute, stamps)
    base = np.repeat(minutes, run_ends(heads, len(key)) - heads)
    tens, ones = text.digit(form.minute + 1), text.digit(form.minute + 2)
    good = (base >= 0) & (tens >= 0) & (tens <= 6) & (ones >= 0) & (ones <= 9)
    return np.where(good, base + tens * 10 + ones, -1)


def _minute(stamp: bytes, minute: int, stamps: StampReader) -> int:
    """Return the second since 1970 at which the minute of a stamp begins, -1 if it is no time."""
    text = stamp.decode("ascii", "replace")
    match = _STAMP.fullmatch(f"{text[:minute]}:00{text[minute + 3 :]}")
    moment = stamps.read(match) if match is not None else None
    return moment.t_ns // NANOSECONDS_PER_SECOND if moment is not None else -1
