"""What a capture shows: connections and how each ended, times nobody listened, how much was read and skipped.

A capture knows only wall time: every `…_ns` here is CLOCK_REALTIME of the machine that captured, in nanoseconds, and 0
where that point was never seen. Endpoints are written as in `hitless.records.Target.endpoint`.
"""

from enum import StrEnum

import msgspec

from hitless.records import Record

__all__ = [
    "VICTIMS",
    "CaptureTotals",
    "CapturedConnection",
    "Close",
    "Ending",
    "ListenerGap",
    "Phase",
    "Protocol",
    "Side",
    "Skipped",
]


class Side(StrEnum):
    """Who did something; NOBODY has ended a connection that is open at the capture's end."""

    CLIENT = "client"
    PROXY = "proxy"
    NOBODY = ""


class Close(StrEnum):
    """By what a side ended a connection."""

    FIN = "fin"
    RST = "rst"
    NONE = ""


class Phase(StrEnum):
    """How far a connection was when it ended."""

    HANDSHAKE = "handshake"
    """No SYN-ACK yet."""
    BEFORE_REQUEST = "before_request"
    """Established; the client has sent nothing yet."""
    REQUEST = "request"
    """The client has sent something since the proxy last did: a request without an answer."""
    RESPONSE = "response"
    """The answer had begun and is known to lack its end, or a tunnel (WebSocket) was open."""
    AFTER_RESPONSE = "after_response"
    """The proxy spoke last, and its answer is complete or cannot be known to be incomplete."""


class Protocol(StrEnum):
    """What was seen to be spoken."""

    HTTP1 = "http/1"
    TUNNEL = "tunnel"
    """HTTP/1 up to an answer 101: a WebSocket."""
    TLS = "tls"
    """Opaque: whether an answer is complete is not visible, and flights of the handshake count as requests."""
    UNKNOWN = ""


class Ending(StrEnum):
    """What ended a connection: exactly one for each. What was seen, not why; docs/captures.md."""

    OPEN = "open"
    """Nobody has ended it within the capture."""
    FORGOTTEN = "forgotten"
    """The table of connections was full, and this one had been silent longest."""
    CLIENT = "client"
    """The client ended it first."""
    CLOSED_BY_PROXY = "closed_by_proxy"
    """The proxy's FIN came first, after its answer; nothing is known to be lost."""
    CLOSED_BEFORE_REQUEST = "closed_before_request"
    """The proxy's FIN came before the client had sent anything: a timeout, or an idle pre-connect."""
    REFUSED = "refused"
    """The SYN was answered by a reset: nobody listens."""
    NO_ANSWER = "no_answer"
    """The SYN was repeated and never answered."""
    RESET_BEFORE_REQUEST = "reset_before_request"
    """Reset after the handshake, before the client had sent anything (an accept queue thrown away)."""
    RESET_UNANSWERED = "reset_unanswered"
    """The first request, sent, and then a reset without one byte: what an accept queue thrown away looks like."""
    CLOSED_UNANSWERED = "closed_unanswered"
    """The first request, sent, and then a FIN without one byte."""
    STALE_REUSE = "stale_reuse"
    """A later request on a kept-alive connection, which the proxy closed or reset without an answer to it."""
    RESPONSE_CUT = "response_cut"
    """The proxy ended it in an answer that is known to be incomplete."""
    STREAM_CUT = "stream_cut"
    """The proxy ended a tunnel without a WebSocket Close, or reset a connection of which it had sent the last byte."""


VICTIMS = frozenset(
    {
        Ending.REFUSED,
        Ending.NO_ANSWER,
        Ending.RESET_BEFORE_REQUEST,
        Ending.RESET_UNANSWERED,
        Ending.CLOSED_UNANSWERED,
        Ending.STALE_REUSE,
        Ending.RESPONSE_CUT,
        Ending.STREAM_CUT,
    }
)
"""The endings that hurt a client who had done nothing wrong."""


class CapturedConnection(Record, frozen=True, gc=False):
    """One connection of a client to the proxy, and what ended it."""

    client: str
    proxy: str
    ending: Ending
    phase: Phase
    ended_by: Side = Side.NOBODY
    """Who sent the first FIN or RST."""
    closed_with: Close = Close.NONE
    first_ns: int = 0
    """Its first packet in the capture."""
    whole: bool = False
    """Its SYN is in the capture: `first_ns` is when the client began, counts of bytes and requests are all."""
    syn_count: int = 0
    last_syn_ns: int = 0
    """1 s, 3 s, 7 s … after `first_ns`: SYNs (or their answers) were lost."""
    established_ns: int = 0
    """The first SYN-ACK."""
    syn_ack_count: int = 0
    """More than one: the client's ACK was not taken (the accept queue was full) or lost."""
    requests: int = 0
    """How often the client began to send after the proxy had: for HTTP/1 the number of requests. In TLS a lower bound,
    the flights of its handshake taken off."""
    request_ns: int = 0
    """When the client began to send last."""
    response_ns: int = 0
    """When the proxy began to send last."""
    last_ns: int = 0
    """The last byte or flag in either direction up to the end."""
    idle_before_request_ns: int = 0
    """How long the proxy had been silent when the last request began."""
    client_bytes: int = 0
    proxy_bytes: int = 0
    missing_bytes: int = 0
    """Bytes of it that the capture lacks, as later packets show: above 0 the rest here is only likely."""
    ended_ns: int = 0
    """The first FIN or RST."""
    reset_ns: int = 0
    """The first RST, also one that followed a FIN."""
    reset_by: Side = Side.NOBODY
    protocol: Protocol = Protocol.UNKNOWN

    @property
    def is_victim(self) -> bool:
        """Whether a client was hurt."""
        return self.ending in VICTIMS

    @property
    def connect_ns(self) -> int:
        """How long the client waited for the SYN-ACK; 0 if not known."""
        return self.established_ns - self.first_ns if self.whole and self.established_ns else 0


class ListenerGap(Record, frozen=True):
    """A time in which nobody listened at an endpoint of the proxy: refused connects in a row, none accepted between."""

    proxy: str
    first_refused_ns: int
    last_refused_ns: int
    refused: int
    accepted_before_ns: int = 0
    """The last SYN-ACK before: the gap began between this and `first_refused_ns`."""
    accepted_after_ns: int = 0
    """The first SYN-ACK after; 0: none within the capture."""


class Skipped(Record, frozen=True):
    """Bytes of a file that could not be read, and why."""

    file: str
    offset_bytes: int
    size_bytes: int
    why: str


class CaptureTotals(msgspec.Struct, kw_only=True, omit_defaults=True):
    """How much was read, and what had to be left out; counted up while captures are read.

    Counts are packets unless the name says otherwise.
    """

    files: int = 0
    size_bytes: int = 0
    first_ns: int = 0
    last_ns: int = 0
    packets: int = 0
    tcp: int = 0
    """Segments of TCP whose headers are whole."""
    other: int = 0
    """Not IP, or not TCP: not looked at."""
    fragments: int = 0
    """Fragments of IP: not put together."""
    cut: int = 0
    """Packets of which too little was captured (snap length) to see flags and ports."""
    unknown_link: int = 0
    """Packets of a link type that is not read here."""
    without_time: int = 0
    """Packets without a time stamp (pcapng Simple Packet Blocks)."""
    dropped_by_kernel: int | None = None
    """Packets that the capturing program reported as lost; None where it reported nothing (pcap cannot)."""
    foreign: int = 0
    """Segments between endpoints of which none is the proxy's, where those were given."""
    stray: int = 0
    """FIN and RST of connections that are not known, or had ended."""
    connections: int = 0
    undirected: int = 0
    """Connections begun before the capture of which neither end is known to be the proxy; not among `connections`."""
    forgotten: int = 0
    holes: int = 0
    """Connections of which packets are missing from the capture."""
    endings: dict[str, int] = msgspec.field(default_factory=dict)
    """How many connections ended how, by `Ending`."""
    gaps: int = 0
    skipped: tuple[Skipped, ...] = ()
