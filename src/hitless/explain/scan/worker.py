"""The process that scans a part of a log; it may be ours or one of several."""

import ctypes
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from hitless.explain.entries import EntryReader, ReadOptions
from hitless.explain.scan.part import scan_part
from hitless.explain.scan.tally import Tally
from hitless.explain.sources.blocks import SkipCount
from hitless.explain.sources.files import open_log
from hitless.explain.window import Window

__all__ = ["Part", "prepare_worker", "scan"]

_PR_SET_PDEATHSIG = 1  # Linux v6.18 include/uapi/linux/prctl.h


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes of one log; `end` None: all of a compressed one. It is opened by its `path`, and called `name`."""

    path: str
    name: str
    number: int
    start: int
    end: int | None
    near_ns: int
    """A time near the first line, 0 if not known."""
    written_ns: int
    size_bytes: int


def scan(
    part: Part, options: ReadOptions, window: Window, progress: Callable[[int], None] | None = None
) -> Tally:
    """Return the tally of a part.

    Raises: EvidenceError if it cannot be read.
    """
    file = open_log(part.path, part.number)
    try:
        skips = SkipCount(part.number)
        reader = EntryReader(part.number, options, near_ns=part.near_ns, end_ns=part.written_ns)
        blocks = file.blocks(skips, start=part.start, end=part.end)
        scanned = partial(scan_part, blocks, reader, options, Tally(part.number), skips=skips, window=window)
        return scanned(seen=progress) if progress is not None else scanned()
    finally:
        file.close()


def prepare_worker(parent_pid: int) -> None:
    """End with the process that started this one, and leave Ctrl-C to it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent_pid:
        os._exit(1)  # it was gone before the death signal was asked for
