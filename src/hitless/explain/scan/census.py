"""What a scan of whole logs found: counts, processes, messages, and where the lines are that went wrong."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from hitless.explain.detect.activity import ProcessActivity
from hitless.logged import LogSource, OwnMessage, ServiceMessage, Skipped, UnknownText

__all__ = ["ACCEPTED", "ENDED", "TROUBLE", "Census"]

ENDED = np.dtype(
    [
        ("second", "i8"),
        ("process", "i4"),
        ("frontend", "i4"),
        ("status", "i2"),
        ("termination", "i4"),
        ("lines", "i8"),
    ]
)
"""Lines by the second in which they were written. `process`, `frontend`, `termination` are indices of the census."""
ACCEPTED = np.dtype([("second", "i8"), ("process", "i4"), ("frontend", "i4"), ("lines", "i8")])
"""Lines by the second in which what they are about began."""
TROUBLE = np.dtype([("second", "i8"), ("source", "i4"), ("offset", "i8")])
"""A line with a 5xx, or a termination state other than normal or local: by its place."""


@dataclass(frozen=True, slots=True)
class Census:
    """Counts over all lines of a window of logs.

    Units: seconds are since 1970 UTC and begin a bucket of `ended_bucket_s` or `accepted_bucket_s` seconds: 1, and more
    where logs are so long that seconds would not fit in memory.
    """

    ended: npt.NDArray[np.void]
    """Of type `ENDED`."""
    accepted: npt.NDArray[np.void]
    """Of type `ACCEPTED`."""
    processes: tuple[ProcessActivity, ...]
    frontends: tuple[str, ...]
    terminations: tuple[str, ...]
    trouble: npt.NDArray[np.void]
    """Of type `TROUBLE`, in order of time: `hitless.explain.places.read_places` reads the lines."""
    ended_bucket_s: int = 1
    accepted_bucket_s: int = 1
    trouble_lines: int = 0
    """How many such lines there were; more than `trouble` has where its bound was reached."""
    messages: tuple[OwnMessage, ...] = ()
    services: tuple[ServiceMessage, ...] = ()
    unknown: tuple[UnknownText, ...] = ()
    """The first lines that were not understood."""
    lines: int = 0
    size_bytes: int = 0
    skipped: tuple[Skipped, ...] = ()
    sources: tuple[LogSource, ...] = ()
    notes: tuple[str, ...] = field(default=())
