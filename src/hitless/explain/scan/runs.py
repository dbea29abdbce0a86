"""Runs of equal values: lines of one second, minute or process stand together."""

from typing import Any

import numpy as np
import numpy.typing as npt

from hitless.explain.scan.words import Positions

__all__ = ["run_ends", "run_starts"]


def run_starts(values: npt.NDArray[Any]) -> Positions:
    """Return the index at which each run of equal values begins."""
    if not len(values):
        return np.empty(0, dtype=np.int64)
    return np.concatenate((np.zeros(1, dtype=np.int64), np.flatnonzero(values[1:] != values[:-1]) + 1))


def run_ends(starts: Positions, size: int) -> Positions:
    """Return the index behind each run of `size` values."""
    return np.append(starts[1:], size) if len(starts) else starts
