"""One resource that a further generation needs, and whether it is there."""

from dataclasses import dataclass
from enum import IntEnum

__all__ = ["Fit", "RoomFinding"]


class Fit(IntEnum):
    """From good to bad."""

    FITS = 0
    TIGHT = 1
    DOES_NOT_FIT = 2


@dataclass(frozen=True, slots=True)
class RoomFinding:
    """The numbers with what follows from them, and where they come from."""

    text: str
    fit: Fit
    source: str
