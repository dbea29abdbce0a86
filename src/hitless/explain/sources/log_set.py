"""The logs that are looked at: their order, their compression, what is known of their time before they are read."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from hitless.errors import EvidenceError
from hitless.explain.entries import EntryReader, ReadOptions
from hitless.explain.sources.blocks import Block, SkipCount
from hitless.explain.sources.files import LogFile, open_log
from hitless.explain.sources.rotation import rotated_set
from hitless.explain.sources.spool import spool_stream
from hitless.logged import LogSource, Skipped

__all__ = ["LogSet", "open_logs", "with_rotated"]


@dataclass(slots=True)
class LogSet:
    """Open logs in the order in which they were named; rotated ones the oldest first."""

    files: list[LogFile]
    options: ReadOptions
    skips: dict[int, SkipCount] = field(default_factory=dict)

    def reader(self, file: LogFile, *, near_ns: int = 0) -> EntryReader:
        """Return a reader for lines of a file from the start on, or from lines near a time on."""
        return EntryReader(file.number, self.options, near_ns=near_ns, end_ns=file.written_ns)

    def skip_count(self, file: LogFile) -> SkipCount:
        """Return where what is left out of a file is counted."""
        return self.skips.setdefault(file.number, SkipCount(file.number))

    def blocks(self, file: LogFile, *, start: int = 0, end: int | None = None) -> Iterator[Block]:
        """Yield the lines of a file; see `LogFile.blocks`."""
        return file.blocks(self.skip_count(file), start=start, end=end)

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """What was left out so far."""
        return tuple(entry for count in self.skips.values() for entry in count.skipped)

    @property
    def sources(self) -> tuple[LogSource, ...]:
        """What the logs are."""
        zone = self.options.clock.name
        return tuple(
            LogSource(
                number=file.number,
                name=file.name,
                compression=file.compression,
                size_bytes=file.size_bytes,
                zone=zone,
            )
            for file in self.files
        )


@contextmanager
def open_logs(paths: Sequence[str], options: ReadOptions) -> Iterator[LogSet]:
    """Open logs by their paths; "-" is standard input, which is kept in a file without a name meanwhile.

    Raises: EvidenceError if one is missing or unreadable.
    """
    if not paths:
        raise EvidenceError("No log is named.", hint="Name a file, or - for standard input.")
    with ExitStack() as stack:
        files = []
        for number, path in enumerate(paths):
            file = spool_stream(number) if path == "-" else open_log(path, number)
            stack.callback(file.close)
            files.append(file)
        yield LogSet(files, options)


def with_rotated(path: str) -> tuple[str, ...]:
    """Return a log's path with those of its rotated files before it, the oldest first.

    Raises: EvidenceError if its directory cannot be listed.
    """
    place = Path(path)
    try:
        names: Iterable[str] = [entry.name for entry in place.parent.iterdir() if entry.is_file()]
    except OSError as error:
        raise EvidenceError(f"{place.parent} cannot be listed: {error.strerror}.") from error
    return tuple(str(place.parent / name) for name in rotated_set(place.name, names)) or (path,)
