"""The one clock that evidence is joined on.

Every `t_ns` in hitless is CLOCK_MONOTONIC: Python's `time.monotonic_ns`, the kernel's trace clock "mono"
and the load engine all read it, so no offset has to be estimated between them.
"""

import time
from dataclasses import dataclass

__all__ = ["ClockPair", "now_ns", "read_clock_pair"]

now_ns = time.monotonic_ns


@dataclass(frozen=True, slots=True)
class ClockPair:
    """CLOCK_MONOTONIC and CLOCK_REALTIME read together, to show evidence in wall time.

    Units: nanoseconds; `error_ns` bounds how far apart the two readings are.
    """

    monotonic_ns: int
    realtime_ns: int
    error_ns: int


def read_clock_pair() -> ClockPair:
    """Read both clocks; the monotonic one twice around, so that the error is known."""
    before = time.monotonic_ns()
    real = time.time_ns()
    after = time.monotonic_ns()
    return ClockPair((before + after) // 2, real, after - before)
