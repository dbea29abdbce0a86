"""Tallies of parts into one, and the census that it makes."""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from hitless.explain.detect.activity import ProcessActivity
from hitless.explain.scan.census import ACCEPTED, ENDED, TROUBLE, Census
from hitless.explain.scan.rows import Rows
from hitless.explain.scan.tally import Extent, ProcessKey, Tally
from hitless.explain.scan.words import Positions
from hitless.logged import Clock, Entry, LinePlace, LogSource, Moment, Skipped, SkipReason
from hitless.units import NANOSECONDS_PER_MILLISECOND, NANOSECONDS_PER_SECOND

__all__ = ["make_census", "merge_tallies"]


def merge_tallies(parts: Iterable[Tally]) -> Tally:
    """Return the sum of parts, each added when it comes; they are not to be used any more. There is at least one."""
    total: Tally | None = None
    for part in parts:
        part.finish()
        if total is None:
            total = part
        else:
            _add(total, part)
    if total is None:
        raise ValueError("no parts")
    return total


def _add(total: Tally, part: Tally) -> None:
    _add_rows(total, part)
    for key, number in part.processes.items():
        total.extents[total.process(key)].join(part.extents[number])
    total.trouble.join(part.trouble)
    entries: list[Entry] = [*part.messages, *part.services, *part.unknown]
    for entry in entries:
        total.take(entry)
    total.lines += part.lines
    total.size_bytes += part.size_bytes
    total.skipped = _summed((*total.skipped, *part.skipped))
    total.dropped_messages += part.dropped_messages


def _add_rows(total: Tally, part: Tally) -> None:
    """Add rows with their numbers changed to those of the total."""
    process = np.array([total.process(key) for key in part.processes], dtype=np.int64)
    frontend = _renumbered([total.frontends.number_of(text) for text in part.frontends.texts])
    termination = _renumbered([total.terminations.number_of(text) for text in part.terminations.texts])
    for mine, theirs in ((total.ended, part.ended), (total.accepted, part.accepted)):
        mine.coarsen_to(theirs.bucket_s)
    ended, accepted = part.ended.table.copy(), part.accepted.table.copy()
    for rows in (ended, accepted):
        if len(rows):
            rows[:, 1] = process[rows[:, 1]]
            rows[:, 2] = frontend[rows[:, 2]]
    if len(ended):
        ended[:, 4] = termination[ended[:, 4]]
    total.ended.add_rows(ended)
    total.accepted.add_rows(accepted)


def _renumbered(numbers: Sequence[int]) -> Positions:
    """Return a table in which -1 (a text beyond the bound) stays -1."""
    return np.array([*numbers, -1], dtype=np.int64)


def make_census(total: Tally, sources: Sequence[LogSource], skipped: Sequence[Skipped]) -> Census:
    """Return a tally as a census."""
    trouble = total.trouble.table
    trouble = trouble[np.argsort(trouble[:, 0], kind="stable")]
    # Origins that were seen before no line of traffic are no processes.
    active = np.array([extent.lines > 0 for extent in total.extents], dtype=bool)
    number = np.cumsum(active) - 1
    notes = []
    if total.dropped_messages:
        notes.append(f"{total.dropped_messages} messages were counted and not kept.")
    return Census(
        ended=_records(total.ended, ENDED, number),
        accepted=_records(total.accepted, ACCEPTED, number),
        processes=tuple(_activities(total)),
        frontends=_texts(total.frontends.texts),
        terminations=_texts(total.terminations.texts),
        trouble=np.rec.fromarrays(trouble.T, dtype=TROUBLE),
        ended_bucket_s=total.ended.bucket_s,
        accepted_bucket_s=total.accepted.bucket_s,
        trouble_lines=total.trouble.lines,
        messages=tuple(sorted(total.messages, key=lambda m: m.at.t_ns)),
        services=tuple(sorted(total.services, key=lambda m: m.at.t_ns)),
        unknown=tuple(total.unknown),
        lines=total.lines,
        size_bytes=total.size_bytes,
        skipped=_summed([*total.skipped, *skipped]),
        sources=tuple(sources),
        notes=tuple(notes),
    )


def _records(rows: Rows, dtype: np.dtype[np.void], number: Positions) -> npt.NDArray[np.void]:
    """Return rows as records whose processes have the numbers of the census."""
    table = rows.table
    found = np.empty(len(table), dtype=dtype)
    for column, name in enumerate(dtype.names or ()):
        found[name] = number[table[:, column]] if name == "process" else table[:, column]
    return found


def _texts(texts: Sequence[bytes]) -> tuple[str, ...]:
    return tuple(text.decode("utf-8", "backslashreplace").removesuffix("~") for text in texts)


def _activities(total: Tally) -> list[ProcessActivity]:
    frontends = _texts(total.frontends.texts)
    of_process: dict[int, set[str]] = {}
    for _, process, frontend, *_ in total.ended.table[:, :3].tolist():
        if frontend >= 0:
            of_process.setdefault(process, set()).add(frontends[frontend])
    accepts: dict[int, dict[int, int]] = {}
    for second, process, _, count in total.accepted.table.tolist():
        seconds = accepts.setdefault(process, {})
        seconds[second] = seconds.get(second, 0) + count
    return [
        _activity(
            key, total.extents[n], of_process.get(n, set()), accepts.get(n, {}), total.accepted.bucket_s
        )
        for key, n in total.processes.items()
        if total.extents[n].lines
    ]


def _activity(
    key: ProcessKey, extent: Extent, frontends: set[str], accepts: dict[int, int], bucket_s: int
) -> ProcessActivity:
    places = [
        LinePlace(source=extent.source, offset=offset, size_bytes=0)
        for offset in (extent.first_offset, extent.last_offset)
    ]
    return ProcessActivity(
        *key,
        lines=extent.lines,
        first_line=_second(extent.first_s),
        last_line=_second(extent.last_s),
        first_accept=_millisecond(extent.first_accept_ms),
        last_accept=_millisecond(extent.last_accept_ms),
        accepts=accepts,
        bucket_s=bucket_s,
        frontends=frontends,
        places=places,
    )


def _second(second: int) -> Moment | None:
    if second < 0:
        return None
    return Moment(t_ns=second * NANOSECONDS_PER_SECOND, error_ns=NANOSECONDS_PER_SECOND, clock=Clock.SYSLOG)


def _millisecond(millisecond: int) -> Moment | None:
    if millisecond < 0:
        return None
    return Moment(
        t_ns=millisecond * NANOSECONDS_PER_MILLISECOND,
        error_ns=NANOSECONDS_PER_MILLISECOND,
        clock=Clock.HAPROXY,
    )


def _summed(parts: Sequence[Skipped]) -> tuple[Skipped, ...]:
    found: dict[tuple[int, SkipReason], Skipped] = {}
    for part in parts:
        key = (part.source, part.reason)
        before = found.get(key)
        found[key] = part if before is None else _joined(before, part)
    return tuple(found.values())


def _joined(one: Skipped, other: Skipped) -> Skipped:
    return Skipped(
        source=one.source,
        reason=one.reason,
        lines=one.lines + other.lines,
        size_bytes=one.size_bytes + other.size_bytes,
        first_offset=min(one.first_offset, other.first_offset),
        detail=one.detail or other.detail,
    )
