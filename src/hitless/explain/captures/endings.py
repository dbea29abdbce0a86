"""Judge a connection by what was seen of it: how far it was, and what ended it. Pure."""

from hitless.captured import Close, Ending, Phase, Protocol, Side
from hitless.records import Record

__all__ = ["Seen", "judge_ending", "judge_phase"]


class Seen(Record, frozen=True, gc=False):
    """What decides how a connection ended."""

    ended_by: Side = Side.NOBODY
    closed_with: Close = Close.NONE
    whole: bool = True
    """It began within the capture."""
    established: bool = True
    syn_count: int = 1
    requests: int = 0
    proxy_spoke: bool = False
    proxy_spoke_last: bool = False
    is_incomplete: bool = False
    protocol: Protocol = Protocol.UNKNOWN
    said_goodbye: bool = False
    """A WebSocket Close was sent, by either side."""


def judge_phase(seen: Seen) -> Phase:
    """Return how far the connection was."""
    if not seen.established:
        return Phase.HANDSHAKE
    if seen.protocol is Protocol.TUNNEL:
        return Phase.AFTER_RESPONSE if seen.said_goodbye else Phase.RESPONSE
    if seen.proxy_spoke_last:
        return Phase.RESPONSE if seen.is_incomplete else Phase.AFTER_RESPONSE
    return Phase.REQUEST if seen.requests or seen.proxy_spoke else Phase.BEFORE_REQUEST


def judge_ending(seen: Seen, phase: Phase) -> Ending:
    """Return what ended the connection."""
    if seen.ended_by is Side.NOBODY:
        unheard = phase is Phase.HANDSHAKE and seen.syn_count > 1
        return Ending.NO_ANSWER if unheard else Ending.OPEN
    if seen.ended_by is Side.CLIENT:
        return Ending.CLIENT
    return _judge_proxys(seen, phase)


def _judge_proxys(seen: Seen, phase: Phase) -> Ending:
    """Judge one that the proxy ended."""
    reset = seen.closed_with is Close.RST
    if phase is Phase.HANDSHAKE:
        return Ending.REFUSED
    if phase is Phase.BEFORE_REQUEST:
        return Ending.RESET_BEFORE_REQUEST if reset else Ending.CLOSED_BEFORE_REQUEST
    if phase is Phase.REQUEST:
        if seen.requests > 1 or not seen.whole:
            return Ending.STALE_REUSE
        return Ending.RESET_UNANSWERED if reset else Ending.CLOSED_UNANSWERED
    if phase is Phase.RESPONSE:
        return Ending.STREAM_CUT if seen.protocol is Protocol.TUNNEL else Ending.RESPONSE_CUT
    # A reset can overtake the end of an answer whose length is not known.
    opaque = seen.protocol in {Protocol.TLS, Protocol.UNKNOWN}
    return Ending.STREAM_CUT if reset and opaque else Ending.CLOSED_BY_PROXY
