"""Scan logs whole: each in parts, on several processors, into one census."""

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field

from hitless.errors import EvidenceError
from hitless.explain.bisection import find_range, look
from hitless.explain.scan.census import Census
from hitless.explain.scan.merge import make_census, merge_tallies
from hitless.explain.scan.tally import Tally
from hitless.explain.scan.worker import Part, prepare_worker, scan
from hitless.explain.sources.files import LogFile
from hitless.explain.sources.log_set import LogSet
from hitless.explain.window import ALWAYS, Window

__all__ = ["Progress", "scan_logs"]

Progress = Callable[[int], None]
"""Is told how many bytes more were scanned."""

_PART_BYTES = 32 * 1024 * 1024
_PARTS_AHEAD = 2
"""A process has so many parts: the one that it scans, and one that it finds when it is done."""
_WORTH_PROCESSES_BYTES = 384 * 1024 * 1024
"""Below this processes take longer to start than they save."""
_MOST_WORKERS = 4


def scan_logs(
    logs: LogSet, window: Window = ALWAYS, *, workers: int = 0, progress: Progress = lambda _: None
) -> Census:
    """Count every line of a window of logs.

    `workers` 0: as many processes as there are processors for us, at most four, and only where it pays. They import the
    main module: it must be one that can be (a script behind `if __name__ == "__main__"`).

    Raises: EvidenceError if a log cannot be read, or a process of ours ended before its work.
    """
    parts = [part for file in logs.files for part in _parts(logs, file, window)]
    size = sum(part.size_bytes for part in parts)
    if not workers:
        workers = min(_MOST_WORKERS, len(os.sched_getaffinity(0)))
        workers = workers if size >= _WORTH_PROCESSES_BYTES else 1
    if workers < 2 or len(parts) < 2:
        tallies: Iterator[Tally] = (scan(part, logs.options, window, progress) for part in parts)
    else:
        tallies = _scan_in_processes(parts, logs, window, workers, progress)
    return make_census(merge_tallies(tallies), logs.sources, logs.skipped)


def _parts(logs: LogSet, file: LogFile, window: Window) -> Iterator[Part]:
    found = find_range(logs, file, window.since_ns, window.until_ns)
    # A process opens what we have open: also what has no name, or lost it to a rotation meanwhile.
    path = f"/proc/{os.getpid()}/fd/{file.file.fileno()}"
    if not file.is_plain:
        yield Part(path, file.name, file.number, 0, None, 0, file.written_ns, file.size_bytes)
        return
    start, near_ns = found.start, found.near_ns
    while True:
        end = min(start + _PART_BYTES, found.end)
        yield Part(path, file.name, file.number, start, end, near_ns, file.written_ns, end - start)
        start = end
        if start >= found.end:
            return
        sight = look(logs, file, start)
        near_ns = sight.t_ns if sight is not None else 0


def _scan_in_processes(
    parts: Sequence[Part], logs: LogSet, window: Window, workers: int, progress: Progress
) -> Iterator[Tally]:
    """Yield the tallies of parts in their order."""
    helpers = min(workers, len(parts)) - 1
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(
        helpers, mp_context=context, initializer=prepare_worker, initargs=(os.getpid(),)
    )
    try:
        yield from _Crew(pool, helpers, parts, logs, window, progress).tallies()
    except BrokenProcessPool as error:
        raise EvidenceError(
            "A process that scanned logs ended before its work.", hint="Is memory short?"
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@dataclass(slots=True)
class _Crew:
    """This process and its helpers: it scans as they do, from the start on, while they are still being started."""

    pool: ProcessPoolExecutor
    helpers: int
    parts: Sequence[Part]
    logs: LogSet
    window: Window
    progress: Progress
    _next: int = 0
    _waiting: dict[Future[Tally], int] = field(default_factory=dict)
    _done: dict[int, Tally] = field(default_factory=dict)

    def tallies(self) -> Iterator[Tally]:
        """Yield the tally of each part, in order."""
        for number in range(len(self.parts)):
            while number not in self._done:
                self._work()
            yield self._done.pop(number)

    def _work(self) -> None:
        """See that the helpers have work, scan a part too if there is one, take what is done."""
        while self._is_more and len(self._waiting) < self.helpers * _PARTS_AHEAD:
            number = self._take()
            future = self.pool.submit(scan, self.parts[number], self.logs.options, self.window)
            self._waiting[future] = number
        timeout_s = None
        if self._is_more:
            number, timeout_s = self._take(), 0
            self._done[number] = scan(self.parts[number], self.logs.options, self.window, self.progress)
        for future in wait(self._waiting, timeout_s, return_when=FIRST_COMPLETED).done:
            number = self._waiting.pop(future)
            self._done[number] = future.result()
            self.progress(self._done[number].size_bytes)

    @property
    def _is_more(self) -> bool:
        return self._next < len(self.parts)

    def _take(self) -> int:
        self._next += 1
        return self._next - 1
