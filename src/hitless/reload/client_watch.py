"""Watch what a reload does to real client connections, cheaply enough for a load balancer under full load.

Only resets are traced all the time. Listening sockets are watched from the trigger to the takeover alone: to find their
changes the kernel has to look at every change of state of every connection.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from typing import TYPE_CHECKING, Self

import msgspec

from hitless.clock import now_ns
from hitless.errors import EvidenceError, HitlessError
from hitless.evidence.model import CounterReading, TraceStatus
from hitless.evidence.namespaces import listens_in, living_threads
from hitless.evidence.trace import FORK, SEND_RESET, SET_STATE, KernelTrace, TraceCost
from hitless.evidence.trace_events import TraceFilter
from hitless.evidence.tracefs import sweep_stale_instances
from hitless.host.processes import PROC
from hitless.records import Event, EventKind
from hitless.reload.clients import Kind, Seen, is_noise, judge_effects, kind_of
from hitless.reload.gaps import WatchedTime, find_gaps
from hitless.reload.own_endpoints import OwnEndpoints
from hitless.reload.service_namespace import ServiceNamespace
from hitless.reloads import ClientEffects

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path
    from types import TracebackType

    from hitless.host.inet_diag import Listener

__all__ = ["COST", "ClientWatch"]

_OF_LISTENERS = (FORK, SET_STATE)
COST = TraceCost(
    events=(SEND_RESET, *_OF_LISTENERS),
    later=frozenset(_OF_LISTENERS),
    read_interval_s=0.25,
    buffer_kb=16 * 1024,
)
"""A proxy's trace is read four times a second."""
_MOST_EVENTS = 100_000


class ClientWatch:
    """A context manager around a reload: opened before the preflight, finished some time after the takeover.

    `endpoints` are the listening addresses before the reload as the kernel writes them ("0.0.0.0:80", "[::]:443");
    unix sockets among them are passed over. `pid` is a process of the service: its network namespace is watched, also
    after it has ended.

    The longer it is open before the trigger, the better it can tell what happens all day. It never stands in the way of
    a reload: what it could not see is said in the effects. Where tracefs is not available, the counters of the network
    namespace stand in.
    """

    def __init__(
        self,
        endpoints: Collection[str],
        pid: int,
        *,
        cost: TraceCost = COST,
        proc: Path = PROC,
    ) -> None:
        self._endpoints = tuple(dict.fromkeys(name for name in endpoints if _is_tcp(name)))
        self._ports = frozenset(int(name.rpartition(":")[2]) for name in self._endpoints)
        self._removed: frozenset[str] = frozenset()
        self._namespace = ServiceNamespace(pid, proc)
        self._cost = cost
        self._proc = proc
        self._resources = contextlib.ExitStack()
        self._notes: list[str] = []
        self._trace: KernelTrace | None = None
        self._own = OwnEndpoints(self._endpoints, (), ())
        self._readings: list[CounterReading] = []
        self._watched: list[WatchedTime] = []
        self._watching: tuple[int, tuple[Listener, ...]] | None = None
        self._before: Counter[Kind] = Counter()
        self._events: list[Event] = []
        self._no_room = 0
        self._resets = 0
        self._opened_ns = self._trigger_ns = 0

    def __enter__(self) -> Self:
        if not self._endpoints:
            self._notes.append("the service listens on no TCP address")
        with self._noted("the network namespace is not watched"):
            self._resources.enter_context(self._namespace)
            listeners = self._namespace.read_listeners(self._ports)
            addresses = self._namespace.addresses
            self._own = OwnEndpoints(
                self._endpoints,
                (one.address for one in addresses.addresses),
                addresses.local_networks,
                others={one.endpoint for one in listeners} - set(self._endpoints),
                v6_only={one.endpoint for one in listeners if one.v6_only},
            )
            self._start_trace()
        self._opened_ns = now_ns()
        self._read_counters("opened")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._noted("the watch did not end well"):
            self._resources.close()

    def leave_out(self, removed: Collection[str]) -> None:
        """Say which endpoints the new configuration does not have, once that is known."""
        self._removed = frozenset(removed)

    def mark_trigger(self) -> int:
        """Say that the reload is triggered now; return the time (ns) from which on its effects count.

        To be called right before the trigger: listening sockets are watched from here. Again, for the reload of a
        rollback: they are watched again, and the window of the first goes on.
        """
        self._end_watching()
        with self._noted("the listening sockets are not watched"):
            if self._trace is not None:
                self._watch_listeners(self._trace, enabled=True)
                listeners = self._namespace.read_listeners(self._ports)
                self._watching = (now_ns(), listeners)
        if not self._trigger_ns:
            self._read_counters("trigger")
            self._trigger_ns = now_ns()
        return self._trigger_ns

    def mark_takeover(self) -> None:
        """Say that the new process is proven to have taken over, and no old one listens any more."""
        self._end_watching()

    def resets_seen(self) -> int | None:
        """Return how many resets were sent to clients since the opening; None where they cannot be seen."""
        if self._trace is None or self._trace.status().source != "tracefs":
            return None
        try:
            self._take(self._trace.drain())
        except EvidenceError as error:
            self._notes.append(error.message)
            return None
        return self._resets

    def finish(self) -> ClientEffects:
        """End the watch and return what was seen."""
        self._end_watching()
        self._read_counters("end")
        end_ns = now_ns()
        status = self._stop_trace()
        if not self._trigger_ns:
            return ClientEffects(source="none", why="no reload was triggered")
        self._events.sort(key=lambda event: event.t_ns)
        traced = status.source == "tracefs"
        gaps = find_gaps(self._watched, self._events, self._endpoints) if traced else []
        possible = find_gaps(self._watched, self._events, self._endpoints, possible=True) if traced else []
        seen = Seen(
            opened_ns=self._opened_ns,
            trigger_ns=self._trigger_ns,
            end_ns=end_ns,
            status=status,
            before=self._before,
            events=self._events,
            gaps=gaps,
            possible_gaps=possible,
            counters=self._readings,
            own=self._own,
            removed=self._removed,
        )
        effects = judge_effects(seen)
        return msgspec.structs.replace(effects, notes=(*effects.notes, *dict.fromkeys(self._notes)))

    def _start_trace(self) -> None:
        with contextlib.suppress(EvidenceError):  # no tracefs: then there is nothing to sweep
            sweep_stale_instances()
        listens_here = listens_in(self._namespace.inode, self._proc)
        wanted = TraceFilter(
            endpoints=frozenset(self._endpoints),
            listens_here=listens_here,
            living=living_threads(listens_here, self._proc),
        )
        if self._endpoints:  # without any, a filter would take all
            trace = KernelTrace(wanted, suffix="watch", capacity=_MOST_EVENTS, cost=self._cost)
            self._trace = self._resources.enter_context(trace)

    def _stop_trace(self) -> TraceStatus:
        source = "counters" if self._readings else "none"
        if self._trace is None:
            return TraceStatus(source=source, why="; ".join(self._notes))
        try:
            self._take(self._trace.stop())
        except EvidenceError as error:
            return TraceStatus(source=source, why=error.message)
        status = self._trace.status()
        return msgspec.structs.replace(status, lost_events=status.lost_events + self._no_room)

    def _take(self, events: list[Event]) -> None:
        """Keep what is ours; of the time before the trigger only how many there were."""
        for event in events:
            if event.kind is EventKind.KERNEL_RESET_SENT:
                if not self._own.endpoint(event.local):
                    continue
                self._resets += not is_noise(event)
                if not self._trigger_ns or event.t_ns < self._trigger_ns:
                    self._before[kind_of(event)] += 1
                    continue
            if len(self._events) < _MOST_EVENTS:
                self._events.append(event)
            else:
                self._no_room += 1

    def _end_watching(self) -> None:
        if self._watching is None or self._trace is None:
            return
        (start_ns, before), self._watching = self._watching, None
        with self._noted("times without a listener are not known"):
            end_ns = now_ns()
            after = self._namespace.read_listeners(self._ports)
            self._watched.append(WatchedTime(start_ns, end_ns, before, after))
            self._watch_listeners(self._trace, enabled=False)

    def _watch_listeners(self, trace: KernelTrace, *, enabled: bool) -> None:
        for event in _OF_LISTENERS:
            trace.enable(event, enabled=enabled)

    def _read_counters(self, label: str) -> None:
        with self._noted("no network counters"):
            self._readings.append(self._namespace.read_counters(label))

    @contextlib.contextmanager
    def _noted(self, what: str) -> Iterator[None]:
        """Turn what goes wrong into a note: a reload does not fail because it could not be watched."""
        try:
            yield
        except HitlessError as error:
            self._notes.append(f"{what}: {error.message}")


def _is_tcp(endpoint: str) -> bool:
    _, colon, port = endpoint.rpartition(":")
    return bool(colon) and port.isascii() and port.isdigit() and not endpoint.startswith(("/", "@"))
