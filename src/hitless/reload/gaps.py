"""The times in which nobody listened, from the times in which listening sockets were watched. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hitless.evidence.listeners import listener_gaps, serving_addresses

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hitless.evidence.model import Gap
    from hitless.host.inet_diag import Listener
    from hitless.records import Event

__all__ = ["WatchedTime", "find_gaps"]


@dataclass(frozen=True, slots=True)
class WatchedTime:
    """A time in which the kernel was asked for changes of listening sockets, and who listened at both ends of it."""

    start_ns: int
    end_ns: int
    listening_before: tuple[Listener, ...]
    listening_after: tuple[Listener, ...]


def find_gaps(
    times: Sequence[WatchedTime], events: Sequence[Event], endpoints: Sequence[str], *, possible: bool = False
) -> list[Gap]:
    """Return the times without a listener, by endpoint: the certain ones, or all that are possible.

    One that goes on to the end, where somebody is known to listen, is left out: the socket that was seen to close was
    another namespace's.
    """
    gaps: list[Gap] = []
    for time in times:
        v6_only = frozenset(one.endpoint for one in time.listening_before if one.v6_only)
        found = listener_gaps(
            [event for event in events if event.t_ns < time.end_ns],
            endpoints,
            time.start_ns,
            time.end_ns,
            initially_open=[one.endpoint for one in time.listening_before],
            v6_only=v6_only,
            possible=possible,
        )
        after = {one.endpoint for one in time.listening_after}
        gaps += [
            gap
            for gap in found
            if gap.end_ns < time.end_ns or not after & serving_addresses(gap.endpoint, v6_only)
        ]
    return gaps
