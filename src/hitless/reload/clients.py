"""What a reload did to real client connections: what the kernel said becomes what a receipt keeps. Pure.

Resets to clients are of three kinds, by how much can be known of them:

- proven one by one: a connection lost in the queue of a listening socket that was closed (the reset comes from the
  thread that closed it, right after), and one refused while nobody listened on its address;
- told by their rate: what a reload causes and what happens all day as well, such as a request on a connection that was
  closed as idle just before. More of them than the time before the trigger explains are the reload's: with b of a kind
  in that time, and a window r times as long, b*r are expected, and a difference of more than three times its standard
  deviation, sqrt(b*r*(1 + r)), is not taken for chance. Where there was none before, all can be the reload's;
- noise of the network, at whatever rate.

A reset is not a lost request. A client that sends two packets to a connection that is gone gets two resets. And
HAProxy shuts an idle connection down before it closes it (h1_release() of mux_h1.c): a client that closes in between
has ended it in good order, and the kernel has nothing to reset although a request was sent (net/ipv4/tcp.c,
__tcp_close() in TCP_CLOSE). Seen with HAProxy 2.8.25 on one processor, 1 ms between the two.

Source: Linux v6.18 include/net/rstreason.h; tried with HAProxy 2.2 to 3.2 on Linux 6.18.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hitless.records import EventKind
from hitless.reloads import ClientEffects, ResetCount
from hitless.units import NANOSECONDS_PER_MILLISECOND, NANOSECONDS_PER_SECOND

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hitless.evidence.model import CounterReading, Gap, TraceStatus
    from hitless.records import Event
    from hitless.reload.own_endpoints import OwnEndpoints

__all__ = ["Kind", "Seen", "excess", "is_noise", "judge_effects", "kind_of"]

_QUEUE_NS = 200 * NANOSECONDS_PER_MILLISECOND
"""How long a thread may go on to reset what waits in the queue of the listener that it closes (4 us each)."""
_GAP_MARGIN_NS = NANOSECONDS_PER_MILLISECOND
_EXAMPLES = 5
_SHORT_BASELINE_S = 1.0
_SIGMAS = 3.0

_NOISE = "TCP_INVALID_ACK_SEQUENCE"
_QUEUE = "lost in the queue of a listening socket that was closed"
_REFUSED = "refused: nobody listened on the address"
_REMOVED = "refused: the new configuration does not have the address"
_PROVEN = frozenset({_QUEUE, _REFUSED, _REMOVED})
_MEANINGS = {
    "NO_SOCKET": "a packet for a connection that was gone",
    "TCP_ABORT_ON_CLOSE": "closed by HAProxy with bytes of the client unread",
    "TCP_ABORT_ON_DATA": "bytes of the client came after HAProxy had closed: a request on a connection closed as idle",
    "TCP_TIMEWAIT_SOCKET": "bytes of the client came when HAProxy's side of the connection had ended",
    "TCP_FLAGS": "a packet for a connection that was gone came to the listening socket",
    "TCP_STATE": "reset by HAProxy on purpose (`tcp-request connection reject`, `option nolinger`)",
    _NOISE: "a client used the port of a connection again that had just ended",
}
_OTHER = "for another reason of the kernel"
_COUNTED = {
    "TcpExt.TCPAbortOnClose": "closed with unread bytes, by any process of the namespace",
    "TcpExt.TCPAbortOnData": "bytes came after the close, in any direction",
}

_UNREAD = frozenset(
    {"TCP_ABORT_ON_CLOSE", "TCP_ABORT_ON_DATA", "TCP_TIMEWAIT_SOCKET", "TCPAbortOnClose", "TCPAbortOnData"}
)

Kind = tuple[str, str]
"""State of the socket and reason, as the kernel names them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was seen of one reload. Times are CLOCK_MONOTONIC.

    `before` counts the resets to clients from `opened_ns` to the trigger; `events` are those since, and the listening
    sockets that came and went. `counters` are labelled "opened", "trigger" and "end", as far as they could be read.
    """

    opened_ns: int
    trigger_ns: int
    end_ns: int
    status: TraceStatus
    before: Mapping[Kind, int]
    events: Sequence[Event]
    gaps: Sequence[Gap]
    counters: Sequence[CounterReading]
    own: OwnEndpoints
    removed: frozenset[str] = frozenset()
    """Endpoints that the new configuration does not have."""
    possible_gaps: Sequence[Gap] = ()
    """The gaps there are if sockets of an unknown network namespace are counted for the worst; else the same."""

    @property
    def unknown_listeners(self) -> bool:
        """Whether such sockets make a difference."""
        certain = set(self.gaps)
        return any(gap not in certain and gap.endpoint not in self.removed for gap in self.possible_gaps)

    @property
    def before_s(self) -> float:
        """How long was watched before the trigger."""
        return (self.trigger_ns - self.opened_ns) / NANOSECONDS_PER_SECOND

    @property
    def after_s(self) -> float:
        """How long was watched since."""
        return (self.end_ns - self.trigger_ns) / NANOSECONDS_PER_SECOND

    def moved(self, name: str) -> int | None:
        """Return what a counter has gained since the trigger; None where that is not known."""
        return self._gain("trigger", "end", name)

    def moved_before(self, name: str) -> int | None:
        """Return what a counter gained before the trigger."""
        return self._gain("opened", "trigger", name)

    def _gain(self, start: str, end: str, name: str) -> int | None:
        values = {reading.label: reading.values.get(name) for reading in self.counters}
        first, last = values.get(start), values.get(end)
        return None if first is None or last is None else last - first


def kind_of(event: Event) -> Kind:
    """Return what is counted together."""
    return event.state, event.reason


def is_noise(event: Event) -> bool:
    """Return whether this reset says nothing about a proxy, at whatever rate."""
    return event.reason == _NOISE


def excess(before: int, before_s: float, after: int, after_s: float) -> int:
    """Return how many of `after` the time before does not explain; see the module's docstring."""
    if before == 0 or before_s <= 0:
        return after
    longer = after_s / before_s
    expected = before * longer
    surplus = after - expected
    return math.ceil(surplus) if surplus > _SIGMAS * math.sqrt(expected * (1 + longer)) else 0


def judge_effects(seen: Seen) -> ClientEffects:
    """Return what the reload did to clients, as far as was seen; what was not seen is said in the notes."""
    traced = seen.status.source == "tracefs"
    resets = tuple(_reset_counts(seen) if traced else _counted(seen))
    before = sum(seen.before.values())
    return ClientEffects(
        source=seen.status.source,
        why=seen.status.why,
        window_s=seen.after_s,
        resets=resets,
        resets_to_clients=sum(row.count for row in resets if row.attributable),
        baseline_resets_per_s=before / seen.before_s if seen.before_s > 0 else 0.0,
        closed_with_unread_data=sum(
            row.count for row in resets if row.attributable and row.reason in _UNREAD
        ),
        queue_drops=seen.moved("TcpExt.ListenDrops"),
        migrated=seen.moved("TcpExt.TCPMigrateReqSuccess"),
        migration_failures=seen.moved("TcpExt.TCPMigrateReqFailure"),
        listener_gap_s=_longest_gap_s(seen) if traced and not seen.unknown_listeners else None,
        lost_events=seen.status.lost_events,
        notes=tuple(_notes(seen, resets)),
    )


def _longest_gap_s(seen: Seen) -> float:
    gaps_ns = (gap.duration_ns for gap in seen.gaps if gap.endpoint not in seen.removed)
    return max(gaps_ns, default=0) / NANOSECONDS_PER_SECOND


def _reset_counts(seen: Seen) -> Iterable[ResetCount]:
    proven: dict[tuple[Kind, str], list[Event]] = defaultdict(list)
    by_rate: dict[Kind, list[Event]] = defaultdict(list)
    judge = _Judge(seen)
    for event in seen.events:
        if event.kind is EventKind.KERNEL_RESET_SENT:
            meaning = judge.proven(event)
            if meaning:
                proven[kind_of(event), meaning].append(event)
            else:
                by_rate[kind_of(event)].append(event)
    for (kind, meaning), events in sorted(proven.items()):
        yield _count(seen, kind, meaning, events, len(events), attributable=True)
    for kind, events in sorted(by_rate.items()):
        meaning = _MEANINGS.get(kind[1], _OTHER)
        ours = 0
        if not is_noise(events[0]):
            ours = excess(seen.before.get(kind, 0), seen.before_s, len(events), seen.after_s)
        if ours:
            yield _count(seen, kind, meaning, events, ours, attributable=True)
        if ours < len(events):
            yield _count(seen, kind, meaning, events, len(events) - ours, attributable=False)


class _Judge:
    """Tells of single resets what proves them to be the reload's."""

    def __init__(self, seen: Seen) -> None:
        self._own = seen.own
        self._removed = seen.removed
        self._closed: dict[int, list[int]] = defaultdict(list)
        for event in seen.events:
            if event.kind is EventKind.KERNEL_UNLISTEN:
                self._closed[event.pid].append(event.t_ns)
        for times in self._closed.values():
            times.sort()
        self._gaps: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for gap in sorted(seen.gaps, key=lambda gap: gap.start_ns):
            self._gaps[gap.endpoint].append((gap.start_ns - _GAP_MARGIN_NS, gap.end_ns + _GAP_MARGIN_NS))

    def proven(self, event: Event) -> str:
        """Return what happened, "" if nothing proves it."""
        if event.state == "TCP_CLOSE" and event.reason in {"TCP_STATE", ""}:
            times = self._closed.get(event.pid, [])
            place = bisect_right(times, event.t_ns)
            if place and event.t_ns - times[place - 1] <= _QUEUE_NS:
                return _QUEUE
        if event.reason == "NO_SOCKET":
            endpoint = self._own.endpoint(event.local)
            gaps = self._gaps.get(endpoint, [])
            place = bisect_left(gaps, (event.t_ns, math.inf))
            if place and event.t_ns <= gaps[place - 1][1]:
                return _REMOVED if endpoint in self._removed else _REFUSED
        return ""


def _counted(seen: Seen) -> Iterable[ResetCount]:
    """Without the trace: what the namespace's counters say, in whichever direction."""
    for name, meaning in _COUNTED.items():
        after, before = seen.moved(name), seen.moved_before(name)
        if after:
            ours = excess(before or 0, seen.before_s if before is not None else 0.0, after, seen.after_s)
            for count, attributable in ((ours, True), (after - ours, False)):
                if count:
                    reason = name.partition(".")[2]
                    yield ResetCount(
                        reason=reason, state="", meaning=meaning, count=count, attributable=attributable
                    )


def _count(
    seen: Seen, kind: Kind, meaning: str, events: Sequence[Event], count: int, *, attributable: bool
) -> ResetCount:
    examples = [
        f"{event.remote} -> {event.local} at +{(event.t_ns - seen.trigger_ns) / NANOSECONDS_PER_SECOND:.4f} s"
        for event in events[:_EXAMPLES]
    ]
    return ResetCount(
        reason=kind[1],
        state=kind[0],
        meaning=meaning,
        count=count,
        attributable=attributable,
        examples=tuple(examples),
    )


def _notes(seen: Seen, resets: Sequence[ResetCount]) -> Iterable[str]:
    sent = seen.moved("Tcp.OutRsts")
    if sent is None:
        yield "the counters of the network namespace could not be read"
    if seen.status.source != "tracefs":
        yield (
            "without the kernel's trace these are sums of the network namespace, of all its processes and in both "
            "directions; connections lost in a queue, refused ones and times without a listener are not known"
        )
        if sent:
            yield f"{sent} resets were sent in the network namespace"
        return
    if seen.status.lost_events:
        yield f"{seen.status.lost_events} events of the kernel's trace were lost: the counts are lower bounds"
    for event in seen.status.missing:
        yield f"this kernel has no trace event {event}"
    if seen.unknown_listeners:
        yield (
            "whether somebody listened all the time is not known: listening sockets came or went by a process that was "
            "gone before its network namespace could be looked up"
        )
    counted = sum(row.count for row in resets)
    if sent is not None and counted > sent:
        yield (
            f"{counted} resets were seen on these addresses, but the network namespace sent {sent}: another namespace "
            "has the same addresses, and the counts are upper bounds"
        )
    if any(row.attributable and row.reason in _UNREAD for row in resets):
        yield (
            "a client that closes at once when it sees HAProxy's FIN can lose its request without a reset: "
            "of requests on connections closed as idle the count is a lower bound"
        )
    told_by_rate = any(row.attributable and row.meaning not in _PROVEN for row in resets)
    if told_by_rate and seen.before_s < _SHORT_BASELINE_S:
        yield (
            f"only {seen.before_s:.2f} s before the trigger were watched: resets that happen all day may be among "
            "those counted as the reload's"
        )
