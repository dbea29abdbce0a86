"""Captures to connections: files in, one after the other, records out; memory does not grow with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from hitless.captured import CaptureTotals
from hitless.explain.captures.reader import CaptureFile
from hitless.explain.captures.segments import find_segments
from hitless.explain.captures.track import MAX_FLOWS, Tracker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.captured import Skipped
    from hitless.explain.captures.endpoints import Listeners
    from hitless.explain.captures.reader import Readable
    from hitless.explain.captures.track import Found

__all__ = ["CaptureReader"]


class CaptureReader:
    """Reads the files of one capture (a rotated one has several, oldest first): `read` each, then `finish`."""

    def __init__(self, listeners: Listeners, *, max_flows: int = MAX_FLOWS) -> None:
        ports = listeners.only_ports
        self._ports = None if ports is None else np.array(sorted(ports), np.int64)
        self._totals = CaptureTotals()
        self._tracker = Tracker(listeners, self._totals, max_flows=max_flows)
        self._skipped: list[Skipped] = []

    def read(self, stream: Readable, name: str) -> Iterator[Found]:
        """Yield the connections that end in a file, in the order in which they do, and gaps when they do.

        Raises: EvidenceError if the file is no capture.
        """
        file = CaptureFile(stream, name, self._totals)
        for frames in file:
            self._note_times(frames.t_ns)
            segments = find_segments(frames, self._totals, self._ports)
            if segments is not None:
                yield from self._tracker.take(segments)
        if file.skipped is not None:
            self._skipped.append(file.skipped)

    def finish(self) -> Iterator[Found]:
        """Yield what is open at the end of the last file."""
        yield from self._tracker.finish()

    def totals(self) -> CaptureTotals:
        """Return how much was read so far, and what was left out."""
        return msgspec.structs.replace(
            self._totals, endings=dict(self._totals.endings), skipped=tuple(self._skipped)
        )

    def _note_times(self, t_ns: np.ndarray[tuple[int], np.dtype[np.int64]]) -> None:
        first, last = int(t_ns.min()), int(t_ns.max())
        self._totals.first_ns = min(self._totals.first_ns or first, first)
        self._totals.last_ns = max(self._totals.last_ns, last)
