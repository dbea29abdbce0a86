"""A log that is followed: when to look again, and which events are new and over. Pure."""

from dataclasses import dataclass, field

from hitless.evidence.haproxy_messages import MessageKind
from hitless.explanations import ExplainedEvent
from hitless.logged import Entry, OwnMessage, ServiceMessage, Traffic
from hitless.units import NANOSECONDS_PER_SECOND

__all__ = ["Watch"]

_K = MessageKind
_DAILY = frozenset({_K.SERVER_STATE, _K.NO_SERVER, _K.OTHER})
_SETTLE_NS = 5 * NANOSECONDS_PER_SECOND
"""So long after the first sign of a change one looks, and again, until all that was found is over."""
_NEAR_NS = 5 * NANOSECONDS_PER_SECOND
_MOST_PIDS = 10_000
_MOST_TOLD = 10_000


@dataclass(slots=True)
class Watch:
    """What is known of a service that is watched. Times are CLOCK_REALTIME; `since_ns`: older events are no news."""

    since_ns: int
    _pids: set[int] = field(default_factory=set)
    _look_ns: int = 0
    _told: list[ExplainedEvent] = field(default_factory=list)

    def take(self, entry: Entry, now_ns: int) -> None:
        """Take a line: one of a new process, or a message about processes, is a sign."""
        if isinstance(entry, Traffic):
            sign = bool(entry.pid) and entry.pid not in self._pids and bool(self._pids)
            if len(self._pids) < _MOST_PIDS and entry.pid:
                self._pids.add(entry.pid)
        else:
            sign = isinstance(entry, ServiceMessage) or (
                isinstance(entry, OwnMessage) and entry.kind not in _DAILY
            )
        if sign and not self._look_ns:
            self._look_ns = now_ns + _SETTLE_NS

    def is_due(self, now_ns: int) -> bool:
        """Whether it is time to look."""
        return bool(self._look_ns) and now_ns >= self._look_ns

    def news(self, events: tuple[ExplainedEvent, ...], now_ns: int) -> list[ExplainedEvent]:
        """Return the events that are over and were not told before; while some are not over, one looks again."""
        fresh = [
            event
            for event in events
            if event.change.at.latest_ns >= self.since_ns and not self._is_told(event)
        ]
        over = [event for event in fresh if now_ns >= event.until_ns]
        self._look_ns = now_ns + _SETTLE_NS if len(over) < len(fresh) else 0
        self._told = [*self._told, *over][-_MOST_TOLD:]
        return over

    def _is_told(self, event: ExplainedEvent) -> bool:
        change = event.change
        return any(
            told.change.kind is change.kind
            and told.change.host == change.host
            and abs(told.change.at.t_ns - change.at.t_ns)
            <= _NEAR_NS + max(told.change.at.error_ns, change.at.error_ns)
            and (told.change.old_pids == change.old_pids or not told.change.old_pids)
            for told in self._told
        )
