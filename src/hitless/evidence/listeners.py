"""When nobody listened: from listening sockets that came and went, the gaps that a client could fall into."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from hitless.evidence.model import Gap
from hitless.records import Event, EventKind

__all__ = ["UNKNOWN_NAMESPACE", "Gap", "listener_gaps", "serving_addresses"]

UNKNOWN_NAMESPACE = "unknown-namespace"
"""The reason of an event of a listening socket that may be the watched network namespace's or another's."""


@dataclass(slots=True)
class _Sockets:
    """The open sockets of one local address: those seen to open, and those that were open before."""

    unseen: int = 0
    seen: set[int] = field(default_factory=set)

    def apply(self, event: Event) -> None:
        if event.kind is EventKind.KERNEL_LISTEN:
            self.seen.add(event.socket)
        elif event.socket in self.seen:
            self.seen.discard(event.socket)
        elif self.unseen:
            self.unseen -= 1

    def any_open(self) -> bool:
        return bool(self.unseen or self.seen)


def listener_gaps(
    events: Iterable[Event],
    endpoints: Iterable[str],
    start_ns: int,
    end_ns: int,
    *,
    initially_open: Iterable[str],
    v6_only: Iterable[str] = (),
    possible: bool = False,
) -> list[Gap]:
    """Return, by endpoint and time, the intervals without any listening socket that serves the endpoint.

    `initially_open` has the local address of each socket that listened at `start_ns`, once per socket
    ("[::]:80" twice for two shards). Events before `start_ns` tell which sockets these are, as far as they
    were seen to open: the close of any other is then some other namespace's, and no gap here.
    `v6_only` are the local addresses that serve no IPv4 although they are IPv6 wildcards. Where several
    sockets serve an endpoint (shards, old and new process, a wildcard behind a specific address), one of them
    is enough.
    Of events of an unknown namespace, those count that can only make gaps smaller: what is returned is certain. With
    `possible`, those that can only make them greater: where that makes a difference, it cannot be told who listened.
    """
    changes = [
        event
        for event in events
        if event.kind in {EventKind.KERNEL_LISTEN, EventKind.KERNEL_UNLISTEN} and event.t_ns < end_ns
    ]
    changes.sort(key=lambda event: event.t_ns)
    changes = list(_known_or_assumed(changes, start_ns, possible=possible))
    initial, only_v6 = Counter(initially_open), frozenset(v6_only)
    gaps: list[Gap] = []
    for endpoint in dict.fromkeys(endpoints):
        serving = serving_addresses(endpoint, only_v6)
        gaps.extend(_gaps_of(endpoint, serving, changes, initial, start_ns, end_ns))
    return gaps


def _known_or_assumed(changes: Iterable[Event], start_ns: int, *, possible: bool) -> Iterator[Event]:
    """Yield the changes that are known to be ours, and of the others either half.

    A socket that opened since the start makes gaps smaller, closed or not. The close of any other makes them greater.
    """
    opened: set[int] = set()
    for event in changes:
        if event.reason != UNKNOWN_NAMESPACE:
            yield event
        elif event.kind is EventKind.KERNEL_LISTEN:
            if event.t_ns >= start_ns:
                opened.add(event.socket)
                if not possible:
                    yield event
        else:
            since_start = event.socket in opened
            opened.discard(event.socket)
            if since_start != possible:
                yield event


def serving_addresses(endpoint: str, v6_only: frozenset[str] = frozenset()) -> frozenset[str]:
    """Return the local addresses of the listening sockets that a client of `endpoint` can reach.

    An IPv6 wildcard serves IPv4 too unless it is in `v6_only` (IPV6_V6ONLY, `v6only` in HAProxy).
    """
    address, _, port = endpoint.rpartition(":")
    v6_wildcard = f"[::]:{port}"
    if address.startswith("["):
        return frozenset({endpoint, v6_wildcard})
    return frozenset({endpoint, f"0.0.0.0:{port}", v6_wildcard} - (v6_only & {v6_wildcard}))


def _at_start(address: str, count: int, earlier: Sequence[Event]) -> _Sockets:
    """Return the `count` sockets that are open at the start: known by their opening, or by their number alone."""
    known = _Sockets()
    for event in earlier:
        if event.local == address:
            known.apply(event)
    if len(known.seen) > count:  # some of them are not ours, and which cannot be told
        return _Sockets(count)
    return _Sockets(count - len(known.seen), known.seen)


def _gaps_of(
    endpoint: str,
    serving: frozenset[str],
    changes: Sequence[Event],
    initial: Mapping[str, int],
    start_ns: int,
    end_ns: int,
) -> list[Gap]:
    changes = [event for event in changes if event.local in serving]
    earlier = [event for event in changes if event.t_ns < start_ns]
    sockets = {address: _at_start(address, initial.get(address, 0), earlier) for address in serving}
    gaps: list[Gap] = []
    closed_ns = None if any(group.any_open() for group in sockets.values()) else start_ns
    for event in changes[len(earlier) :]:
        sockets[event.local].apply(event)
        is_open = any(group.any_open() for group in sockets.values())
        if is_open and closed_ns is not None:
            if event.t_ns > closed_ns:
                gaps.append(Gap(endpoint=endpoint, start_ns=closed_ns, end_ns=event.t_ns))
            closed_ns = None
        elif not is_open and closed_ns is None:
            closed_ns = event.t_ns
    if closed_ns is not None and end_ns > closed_ns:
        gaps.append(Gap(endpoint=endpoint, start_ns=closed_ns, end_ns=end_ns))
    return gaps
