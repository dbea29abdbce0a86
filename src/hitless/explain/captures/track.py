"""Segments in, connections out: the table of those that live, bounded, and what is known of each when it ends. Pure."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from hitless.captured import CapturedConnection, Ending, ListenerGap
from hitless.explain.captures.conclude import conclude
from hitless.explain.captures.flow import Direction, Flow
from hitless.explain.captures.gaps import GapWatch
from hitless.explain.captures.segments import ACK, FIN, RST, SYN

if TYPE_CHECKING:
    from hitless.captured import CaptureTotals
    from hitless.explain.captures.endpoints import Listeners
    from hitless.explain.captures.segments import Segments

__all__ = ["MAX_FLOWS", "Tracker"]

MAX_FLOWS = 50_000
"""How many connections may live at once; those silent longest are forgotten (about 1 KB each)."""
_FORGOTTEN_AT_ONCE = MAX_FLOWS // 10
_LINGER_NS = 2_000_000_000
"""How long the packets that still come of an ended connection are not taken for a new one."""
_MAX_ENDED = 65_536

Found = CapturedConnection | ListenerGap
Key = tuple[int, int]


class Tracker:
    """Follows all connections of one capture, or of the files of one."""

    def __init__(self, listeners: Listeners, tally: CaptureTotals, *, max_flows: int = MAX_FLOWS) -> None:
        self._listeners = listeners
        self._tally = tally
        self._max_flows = max_flows
        self._flows: dict[Key, Flow] = {}
        self._ended: dict[Key, int] = {}
        self._order: deque[tuple[int, Key]] = deque()
        """Of `_ended`, oldest first."""
        self._gaps = GapWatch()
        self._found: list[Found] = []

    def take(self, segments: Segments) -> list[Found]:
        """Follow these segments; return what ended in them."""
        flows, buffer = self._flows, segments.buffer
        for t_ns, source, target, sequence, acknowledged, flags, size, data, end in segments.rows:
            key = (source, target) if source < target else (target, source)
            flow = flows.get(key)
            if flow is None or flags & SYN:
                flow = self._open(key, flow, t_ns, source, target, sequence, flags)
                if flow is None:
                    continue
                sequence += (flags & SYN) >> 1  # noqa: PLW2901 - a SYN takes a number of its own
            sender = flow.ends[source > target]
            if flags & ACK:
                flow.take_acknowledged(sender, t_ns, acknowledged)
            if size and not flags & RST:
                flow.take_data(sender, t_ns, sequence, size, buffer, data, end)
            if flags & RST:
                flow.take_reset(sender, t_ns, sequence)
                self._finish(key, flow, t_ns)
            elif flags & FIN and flow.take_fin(sender, t_ns, sequence + size):
                self._finish(key, flow, t_ns)
        return self._hand_over()

    def finish(self) -> list[Found]:
        """Return all that has not ended within the capture."""
        for flow in self._flows.values():
            self._conclude(flow)
        self._flows.clear()
        self._ended.clear()
        self._order.clear()
        for gap in self._gaps.finish():
            self._add_gap(gap)
        return self._hand_over()

    def _hand_over(self) -> list[Found]:
        found, self._found = self._found, []
        return found

    def _open(
        self, key: Key, flow: Flow | None, t_ns: int, source: int, target: int, sequence: int, flags: int
    ) -> Flow | None:
        """Return the connection that a segment is of, if it begins one or belongs to its handshake."""
        if flags & SYN:
            server = source if flags & ACK else target
            if server not in self._listeners and not self._listeners.learns:
                self._tally.foreign += 1
                return None
            self._listeners.learn(server)
            return self._take_handshake(key, flow, t_ns, source, sequence, flags)
        if flags & (FIN | RST) or key in self._ended:
            # Of a connection that has ended or is not known: nothing can be said of it.
            self._tally.stray += 1
            return None
        if not self._listeners.learns and key[0] not in self._listeners and key[1] not in self._listeners:
            self._tally.foreign += 1
            return None
        return self._add(key, t_ns)

    def _take_handshake(
        self, key: Key, flow: Flow | None, t_ns: int, source: int, sequence: int, flags: int
    ) -> Flow | None:
        if flags & ACK:
            if flow is None and key in self._ended:
                self._tally.stray += 1
                return None
            flow = flow or self._add(key, t_ns)
            flow.take_syn_ack(flow.ends[source == key[1]], t_ns, sequence)
            if flow.syn_ack_count == 1:
                self._add_gap(self._gaps.accepted(source, t_ns))
            return flow
        if flow is not None and not _is_repeated(flow.ends[source == key[1]], sequence):
            self._finish(key, flow, t_ns)  # the port is used again, and its end was not captured
            flow = None
        self._ended.pop(key, None)
        flow = flow or self._add(key, t_ns)
        flow.take_syn(flow.ends[source == key[1]], t_ns, sequence)
        return flow

    def _add(self, key: Key, t_ns: int) -> Flow:
        if len(self._flows) >= self._max_flows:
            self._forget()
        flow = self._flows[key] = Flow((Direction(key[0]), Direction(key[1])), t_ns, t_ns)
        return flow

    def _finish(self, key: Key, flow: Flow, t_ns: int) -> None:
        del self._flows[key]
        self._ended[key] = t_ns
        self._conclude(flow)
        order = self._order
        order.append((t_ns, key))
        while t_ns - order[0][0] > _LINGER_NS or len(order) > _MAX_ENDED:
            ended_ns, oldest = order.popleft()
            if self._ended.get(oldest) == ended_ns:
                del self._ended[oldest]

    def _forget(self) -> None:
        """Make room: conclude those that have been silent longest, from what is known of them."""
        silent = sorted(self._flows, key=lambda key: self._flows[key].last_ns)
        for key in silent[: max(1, min(_FORGOTTEN_AT_ONCE, self._max_flows // 10))]:
            self._conclude(self._flows.pop(key), forgotten=True)

    def _conclude(self, flow: Flow, *, forgotten: bool = False) -> None:
        connection = conclude(flow, self._listeners, forgotten=forgotten)
        if connection is None:
            self._tally.undirected += 1
            return
        self._tally.connections += 1
        self._tally.forgotten += connection.ending is Ending.FORGOTTEN
        self._tally.holes += connection.missing_bytes > 0
        endings = self._tally.endings
        endings[connection.ending] = endings.get(connection.ending, 0) + 1
        self._found.append(connection)
        if connection.ending is Ending.REFUSED and flow.ended is not None:
            self._gaps.refused(flow.ended.endpoint, flow.reset_ns)

    def _add_gap(self, gap: ListenerGap | None) -> None:
        if gap is not None:
            self._tally.gaps += 1
            self._found.append(gap)


def _is_repeated(sender: Direction, sequence: int) -> bool:
    """Return whether a SYN is of this very connection."""
    begins = (sequence + 1) & 0xFFFF_FFFF
    return sender.size_bytes == 0 and sender.next_sequence in {-1, begins}
