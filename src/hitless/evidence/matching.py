"""Which event hurt which attempt: joined by address and time, for millions of rows at once.

Rows of the table of attempts know their stream (and so target, frontend and source address) and their local
port; events know both ends of the connection, log lines the client's end and the frontend. All times are
CLOCK_MONOTONIC of one machine: there is no offset to estimate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from hitless.records import Event, EventKind
from hitless.sources import client_host, source_of
from hitless.units import NANOSECONDS_PER_MILLISECOND

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import numpy.typing as npt

    from hitless.records import Stream
    from hitless.sources import Source

    Indices = npt.NDArray[np.int64]

__all__ = ["NO_EVENT", "match_events", "match_log_lines", "match_resets"]

NO_EVENT = -1
RESET_BEFORE_NS = 5 * NANOSECONDS_PER_MILLISECOND
RESET_AFTER_NS = 50 * NANOSECONDS_PER_MILLISECOND
"""A client that reads a FIN ends its attempt; the reset that answers what it had already sent comes after."""
LOG_BEFORE_NS = 2 * NANOSECONDS_PER_MILLISECOND
LOG_AFTER_NS = 1000 * NANOSECONDS_PER_MILLISECOND
"""HAProxy logs at the end of a session, which on a busy machine can be long after the client's."""

_MAX_STREAMS = 1 << 16
_HOST_SHIFT, _SOURCE_SHIFT, _PLACE_SHIFT = 16, 24, 40
"""A key: place, source (0: any), the last byte of its address, local port."""

_Name = TypeVar("_Name", str, bytes)


class _Candidates(NamedTuple):
    """Events that rows can be joined with, one entry per key; sorted by key, then time."""

    keys: Indices
    times_ns: Indices
    indices: Indices


class _Window(NamedTuple):
    """Per row: when an event may have happened, and the moment to which the nearest one is taken."""

    earliest_ns: Indices
    wanted_ns: Indices
    latest_ns: Indices


def match_resets(rows: npt.NDArray[np.void], streams: Sequence[Stream], events: Sequence[Event]) -> Indices:
    """Return for each row the index in `events` of the reset that its connection met, or NO_EVENT.

    Of several within the connection's life, the one nearest to the attempt's end. A reset that was seen being
    sent is preferred to one that was seen being received: it has the kernel's reason. Where a stream has no
    source address (the kernel chose), the port alone stands for the client.
    """
    opened_ns = np.where(rows["opened_ns"] > 0, rows["opened_ns"], rows["start_ns"])
    window = _Window(opened_ns - RESET_BEFORE_NS, rows["end_ns"], rows["end_ns"] + RESET_AFTER_NS)
    directory = _Directory(streams, lambda stream: stream.target.endpoint)
    keys = directory.row_keys(rows)
    sent = (
        (index, event.t_ns, event.remote, event.local)
        for index, event in enumerate(events)
        if event.kind is EventKind.KERNEL_RESET_SENT
    )
    received = (
        (index, event.t_ns, event.local, event.remote)
        for index, event in enumerate(events)
        if event.kind is EventKind.KERNEL_RESET_RECEIVED
    )
    found = _join(keys, window, directory.candidates(sent))
    return np.where(found == NO_EVENT, _join(keys, window, directory.candidates(received)), found)


def match_log_lines(
    rows: npt.NDArray[np.void], streams: Sequence[Stream], events: Sequence[Event]
) -> Indices:
    """Return for each row the index in `events` of HAProxy's log line about it, or NO_EVENT.

    Of several lines about the connection, the one nearest to the attempt's end. HAProxy logs nothing about a
    connection that was reset before it accepted it, or closed while idle.
    """
    window = _Window(rows["start_ns"] - LOG_BEFORE_NS, rows["end_ns"], rows["end_ns"] + LOG_AFTER_NS)
    directory = _Directory(streams, lambda stream: stream.target.frontend)
    lines = (
        (index, event.t_ns, event.remote, event.reason)
        for index, event in enumerate(events)
        if event.kind is EventKind.LOG_LINE and event.remote
    )
    return _join(directory.row_keys(rows), window, directory.candidates(lines))


def match_events(
    rows: npt.NDArray[np.void], indices: Indices, streams: Sequence[Stream], events: Sequence[Event]
) -> dict[int, tuple[Event, ...]]:
    """Return, for each of the rows at `indices` that has any, its reset and its log line, in this order."""
    chosen = rows[indices]
    resets, lines = match_resets(chosen, streams, events), match_log_lines(chosen, streams, events)
    found: dict[int, tuple[Event, ...]] = {}
    for row, reset, line in zip(indices.tolist(), resets.tolist(), lines.tolist(), strict=True):
        matched = tuple(events[index] for index in (reset, line) if index != NO_EVENT)
        if matched:
            found[row] = matched
    return found


class _Directory:
    """Numbers for the places that streams go to and the addresses that they come from; keys made of them."""

    def __init__(self, streams: Sequence[Stream], place_of: Callable[[Stream], str]) -> None:
        self._places = _numbered(place_of(stream) for stream in streams)
        self._sources = _numbered(
            source_of(source)[0] for stream in streams if (source := stream.target.source_address)
        )
        self._any_source = any(not stream.target.source_address for stream in streams)
        self._prefixes = np.full(_MAX_STREAMS, NO_EVENT, np.int64)
        self._spread = np.zeros(_MAX_STREAMS, np.bool_)
        for stream in streams:
            self._prefixes[stream.number] = self._places[place_of(stream)] << _PLACE_SHIFT
            source = stream.target.source_address
            if source:
                shared, host = source_of(source)
                self._spread[stream.number] = "/" in source
                self._prefixes[stream.number] |= self._sources[shared] << _SOURCE_SHIFT | host << _HOST_SHIFT

    def row_keys(self, rows: npt.NDArray[np.void]) -> Indices:
        """Return the key of each row; NO_EVENT for a row of an unknown stream."""
        prefixes = self._prefixes[rows["stream"]]
        hosts = np.where(
            self._spread[rows["stream"]], client_host(rows["connection"].astype(np.int64)), np.int64(0)
        )
        return np.where(prefixes < 0, NO_EVENT, prefixes | hosts << _HOST_SHIFT | rows["local_port"])

    def candidates(self, ends: Iterable[tuple[int, int, str, str]]) -> _Candidates:
        """Return the candidates among (index, time, client endpoint, place); also under "any source" if needed."""
        entries = np.array([*self._entries(ends)], np.int64).reshape(-1, 3)
        entries = entries[np.lexsort((entries[:, 1], entries[:, 0]))]
        return _Candidates(entries[:, 0].copy(), entries[:, 1].copy(), entries[:, 2].copy())

    def _entries(self, ends: Iterable[tuple[int, int, str, str]]) -> Iterator[tuple[int, int, int]]:
        for index, t_ns, client, place_name in ends:
            place = self._places.get(place_name)
            address, _, port = client.rpartition(":")
            if place is None or not port.isdecimal():
                continue
            key = place << _PLACE_SHIFT | int(port)
            if self._any_source:
                yield key, t_ns, index
            shared, host = _client(address)
            source = self._sources.get(shared)
            if source:
                yield key | source << _SOURCE_SHIFT | host << _HOST_SHIFT, t_ns, index


def _client(address: str) -> Source:
    """Return where a client's address stands; that of nobody for what is no address (a log line may say anything)."""
    try:
        return source_of(address.strip("[]"))
    except ValueError:
        return b"", 0


def _numbered(names: Iterable[_Name]) -> dict[_Name, int]:
    return {name: number for number, name in enumerate(dict.fromkeys(names), start=1)}


def _join(keys: Indices, window: _Window, candidates: _Candidates) -> Indices:
    """Return per key the index of the candidate with that key, in the window, nearest to the wanted time."""
    count = len(candidates.keys)
    if count == 0 or len(keys) == 0:
        return np.full(len(keys), NO_EVENT, np.int64)
    unique_keys, group = np.unique(candidates.keys, return_inverse=True)
    times = np.unique(candidates.times_ns)
    # Keys and times do not fit into one integer; their ranks do.
    position = group * (len(times) + 1) + np.searchsorted(times, candidates.times_ns)
    row_group = np.searchsorted(unique_keys, keys).clip(max=len(unique_keys) - 1)
    wanted_rank = np.searchsorted(times, window.wanted_ns, side="right") - 1
    before = np.searchsorted(position, row_group * (len(times) + 1) + wanted_rank, side="right") - 1
    best = np.full(len(keys), NO_EVENT, np.int64)
    distance = np.full(len(keys), np.iinfo(np.int64).max)
    for slot in (before, before + 1):
        at = slot.clip(0, count - 1)
        t_ns = candidates.times_ns[at]
        away = np.abs(t_ns - window.wanted_ns)
        fits = (slot == at) & (candidates.keys[at] == keys)
        fits &= (t_ns >= window.earliest_ns) & (t_ns <= window.latest_ns) & (away < distance)
        best[fits], distance[fits] = candidates.indices[at][fits], away[fits]
    return best
