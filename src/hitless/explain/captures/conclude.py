"""From the state of a connection to its record: who was the client, and what ended it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.captured import CapturedConnection, Ending, Protocol, Side
from hitless.explain.captures.endings import Seen, judge_ending, judge_phase
from hitless.explain.captures.endpoints import endpoint_text

if TYPE_CHECKING:
    from hitless.explain.captures.endpoints import Listeners
    from hitless.explain.captures.flow import Direction, Flow

__all__ = ["conclude"]

_TLS_FLIGHTS = 2
"""Turns of a client in a handshake of TLS, at most: its hello, and its Finished."""


def conclude(flow: Flow, listeners: Listeners, *, forgotten: bool = False) -> CapturedConnection | None:
    """Return what is known of a connection, None where neither end is known to be the proxy."""
    client = flow.client or _find_client(flow, listeners)
    if client is None:
        return None
    proxy = flow.other(client)
    seen = _look(flow, client, proxy)
    phase = judge_phase(seen)
    ending = judge_ending(seen, phase)
    if forgotten and ending is Ending.OPEN:
        ending = Ending.FORGOTTEN
    return CapturedConnection(
        client=endpoint_text(client.endpoint),
        proxy=endpoint_text(proxy.endpoint),
        ending=ending,
        phase=phase,
        ended_by=seen.ended_by,
        closed_with=seen.closed_with,
        first_ns=flow.first_ns,
        whole=seen.whole,
        syn_count=flow.syn_count,
        last_syn_ns=flow.last_syn_ns,
        established_ns=flow.established_ns,
        syn_ack_count=flow.syn_ack_count,
        requests=seen.requests,
        request_ns=client.turn_ns,
        response_ns=proxy.turn_ns,
        last_ns=flow.last_ns,
        idle_before_request_ns=flow.quiet_ns if flow.speaker is client else 0,
        client_bytes=client.size_bytes,
        proxy_bytes=proxy.size_bytes,
        missing_bytes=client.missing_bytes + proxy.missing_bytes,
        ended_ns=flow.ended_ns,
        reset_ns=flow.reset_ns,
        reset_by=_side(flow.reset, client),
        protocol=flow.protocol,
    )


def _find_client(flow: Flow, listeners: Listeners) -> Direction | None:
    low, high = flow.ends
    low_listens, high_listens = low.endpoint in listeners, high.endpoint in listeners
    if low_listens == high_listens:
        return None
    return high if low_listens else low


def _look(flow: Flow, client: Direction, proxy: Direction) -> Seen:
    handshake = _TLS_FLIGHTS if flow.protocol is Protocol.TLS else 0
    return Seen(
        ended_by=_side(flow.ended, client),
        closed_with=flow.closed_with,
        whole=flow.syn_count > 0,
        established=flow.syn_ack_count > 0 or not flow.syn_count or bool(client.turns or proxy.turns),
        syn_count=flow.syn_count,
        requests=max(min(client.turns, 1), client.turns - handshake),
        proxy_spoke=proxy.turns > 0,
        proxy_spoke_last=flow.speaker is proxy,
        is_incomplete=flow.is_incomplete,
        protocol=flow.protocol,
        said_goodbye=flow.said_goodbye,
    )


def _side(who: Direction | None, client: Direction) -> Side:
    if who is None:
        return Side.NOBODY
    return Side.CLIENT if who is client else Side.PROXY
