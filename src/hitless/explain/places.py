"""Lines read again by their places: the raw text behind a claim, and the values of lines that a scan has counted."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from hitless.explain.sources.blocks import LONGEST_LINE_BYTES, SkipCount
from hitless.explain.sources.files import LogFile
from hitless.explain.sources.log_set import LogSet
from hitless.logged import Entry, LinePlace, SkipReason
from hitless.units import NANOSECONDS_PER_SECOND

__all__ = ["read_places", "read_raw"]


def read_raw(logs: LogSet, places: Iterable[LinePlace]) -> dict[LinePlace, bytes]:
    """Return the lines at these places, without their ends; b"" for one that is not there any more.

    A compressed log is read from its start once, up to the last of its places.
    """
    wanted = list(places)
    by_source: dict[int, set[int]] = defaultdict(set)
    for place in wanted:
        by_source[place.source].add(place.offset)
    found = {
        source: dict(_lines_at(file, sorted(by_source[source])))
        for source, file in _files(logs, by_source).items()
    }
    return {place: found.get(place.source, {}).get(place.offset, b"") for place in wanted}


def read_places(logs: LogSet, rows: Iterable[tuple[int, int, int]]) -> Iterator[Entry]:
    """Yield what the lines of (second, source, offset) say, as `Census.trouble` has them; by source, in its order.

    The second, since 1970, tells the year of a stamp that has none.
    """
    seconds: dict[int, dict[int, int]] = defaultdict(dict)
    for second, source, offset in rows:
        seconds[source][offset] = second
    for source, file in _files(logs, seconds).items():
        for offset, raw in _lines_at(file, sorted(seconds[source])):
            reader = logs.reader(file, near_ns=seconds[source][offset] * NANOSECONDS_PER_SECOND)
            entry = reader.read(raw, offset)
            if entry is not None and not isinstance(entry, SkipReason):
                yield entry


def _files(logs: LogSet, wanted: Mapping[int, object]) -> dict[int, LogFile]:
    return {file.number: file for file in logs.files if file.number in wanted}


def _lines_at(file: LogFile, offsets: Sequence[int]) -> Iterator[tuple[int, bytes]]:
    if file.is_plain:
        for offset in offsets:
            data = file.read_at(offset, LONGEST_LINE_BYTES)
            yield offset, data.partition(b"\n")[0].rstrip(b"\r\0")
        return
    waiting = list(reversed(offsets))
    for block in file.blocks(SkipCount(file.number)):
        end = block.offset + len(block.data)
        while waiting and waiting[-1] < end:
            offset = waiting.pop()
            at = offset - block.offset
            yield offset, block.data[at : at + LONGEST_LINE_BYTES].partition(b"\n")[0].rstrip(b"\r")
        if not waiting:
            return
