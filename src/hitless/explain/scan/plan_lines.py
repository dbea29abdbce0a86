"""The lines of a block that are in the format of a plan, and where the plan's fields are in them."""

import numpy as np

from hitless.explain.scan.fixed_text import FixedText, read_text
from hitless.explain.scan.plan import Field, WordPlan
from hitless.explain.scan.words import LONGEST_TEXT, Mask, Positions, Words

__all__ = ["PlanLines"]

_DATE = b"??/???/????:????????.???"
_NO_STATUS = -1

Bounds = tuple[Positions, Positions]


class PlanLines:
    """Lines in a format: all fields are looked at in all lines, and the lines in which one is not right are left out.

    `lines` are their numbers in the block; all others have a value for each of them. `frontend` and `termination` are
    where the texts begin and end.
    """

    def __init__(self, words: Words, plan: WordPlan, lines: Positions, message_gap: Positions) -> None:
        self._words = words
        self._first_gap = message_gap[lines]
        self._known_gaps: dict[int, Positions] = {}
        self.lines = lines
        self.date_start, date_end = self._bounds(plan.date)
        self.frontend = self._bounds(plan.frontend)
        self.termination = self._bounds(plan.termination)
        self.date = read_text(words, self.date_start, len(_DATE))
        good = self._is_within(plan.date, self.date_start, date_end) & self.date.is_like(_DATE)
        good &= date_end - self.date_start == len(_DATE)
        good &= self._is_termination(plan) & _has_length(*self.frontend)
        self.status, known = self._statuses(plan)
        good &= known
        if not good.all():
            self._keep(good)

    def _keep(self, good: Mask) -> None:
        self.lines, self.status = self.lines[good], self.status[good]
        self.date, self.date_start = self.date.of(good), self.date_start[good]
        self.frontend = self.frontend[0][good], self.frontend[1][good]
        self.termination = self.termination[0][good], self.termination[1][good]

    def _bounds(self, field: Field) -> Bounds:
        """Return where a field begins and ends, of lines that have all its words."""
        start = self._gap(field.word) + 1 + len(field.before)
        return np.minimum(start, self._words.ends[-1]), self._gap(field.word + 1) - len(field.after)

    def _gap(self, word: int) -> Positions:
        """Return where the gap before a word of the message is."""
        known = self._known_gaps.get(word)
        if known is None:
            known = self._known_gaps[word] = self._words.gaps[self._first_gap + word]
        return known

    def _has(self, text: bytes, at: Positions) -> Mask:
        data = self._words.data
        found = np.ones(len(at), dtype=bool)
        for number, byte in enumerate(text):
            found &= data[np.minimum(at + number, len(data) - 1)] == byte
        return found

    def _is_within(self, field: Field, starts: Positions, ends: Positions) -> Mask:
        """Return for which lines what stands around a field is right."""
        good = (starts <= ends) & self._has(field.before, starts - len(field.before))
        return good & self._has(field.after, ends)

    def _is_termination(self, plan: WordPlan) -> Mask:
        starts, ends = self.termination
        good = self._is_within(plan.termination, starts, ends)
        good &= ends - starts == plan.termination_length
        return good & read_text(self._words, starts, 8).is_code(plan.termination_length)

    def _statuses(self, plan: WordPlan) -> tuple[Positions, Mask]:
        if plan.status is None:
            return np.full(len(self.lines), _NO_STATUS, dtype=np.int64), np.ones(len(self.lines), dtype=bool)
        starts, ends = self._bounds(plan.status)
        good = self._is_within(plan.status, starts, ends)
        text = read_text(self._words, starts, 8)
        status, is_number = _number(text)
        negative = text.byte(0) == ord("-")
        good &= np.where(
            negative, (ends - starts == 3) | text.is_like(b"-1"), is_number & (ends - starts == 3)
        )
        return np.where(negative, _NO_STATUS, status), good


def _number(text: FixedText) -> tuple[Positions, Mask]:
    """Return the numbers of three digits that texts begin with, and which have them."""
    digits = [text.digit(place) for place in range(3)]
    good = np.ones(len(digits[0]), dtype=bool)
    for digit in digits:
        good &= (digit >= 0) & (digit <= 9)
    return digits[0] * 100 + digits[1] * 10 + digits[2], good


def _has_length(starts: Positions, ends: Positions) -> Mask:
    """Return which texts are neither empty nor too long to be numbered."""
    size = ends - starts
    found: Mask = (size > 0) & (size <= LONGEST_TEXT)
    return found
