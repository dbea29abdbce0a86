"""How long after the start of a worker the next reload may come."""

from __future__ import annotations

__all__ = ["spacing_s", "wait_left_s"]

_PARALLEL_LOADING = (3, 1)
"""From here on the worker itself loads the configuration, and several may do so at once."""
_LONG_S = 2.0
_SHORT_S = 0.5


def spacing_s(version: tuple[int, int]) -> float:
    """Return the least time from the start of a worker to the next trigger, in seconds.

    A worker of 3.1 and later that has just become ready waits up to 2 s for its master's word and hands over no sockets
    meanwhile (3.4.0: 16 resets with signals 50 ms apart; 3.2.26 on a busy machine: 24 with 250 and 500 ms). Before, the
    master needs a moment to be there again. Source: HAProxy 51d6f1ca4; measured.
    """
    return _LONG_S if version >= _PARALLEL_LOADING else _SHORT_S


def wait_left_s(version: tuple[int, int], age_s: float) -> float:
    """Return how long to wait, given the age of the current worker."""
    return max(0.0, spacing_s(version) - age_s)
