"""The state of one connection while its packets go by. No bytes of it are kept but the last few of an answer.

Which end is the client is often not known until late, so both directions are treated alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hitless.captured import Close, Protocol
from hitless.explain.captures.speech import (
    HEAD_BYTES,
    TAIL_BYTES,
    closes_websocket,
    is_farewell,
    is_tls,
    read_answer,
)

if TYPE_CHECKING:
    from hitless.explain.captures.speech import Answer

__all__ = ["Direction", "Flow"]

_DUPLICATE_NS = 200_000_000
"""The same SYN within this time was captured twice, not sent twice. Source: Linux 6.1 TCP_TIMEOUT_INIT is 1 s;
TCP_RTO_MIN is 200 ms."""
_WRAP = 0xFFFF_FFFF
_AHEAD = 0x8000_0000
_PLAUSIBLE_BYTES = 1 << 30
"""More than this can neither be in flight nor missing (RFC 7323: the largest window)."""


class Direction(msgspec.Struct, gc=False):
    """What one end has sent. Without cycles, so that the collector need not look at thousands of them."""

    endpoint: int
    next_sequence: int = -1
    size_bytes: int = 0
    missing_bytes: int = 0
    """How many of these are not in the capture."""
    turns: int = 0
    """How often it began to send after the other end had."""
    turn_ns: int = 0
    turn_bytes: int = 0
    last_ns: int = 0
    """Its last new byte."""
    fin_ns: int = 0
    needed_bytes: int = -1
    """How long this turn will be; -1: not known."""
    is_chunked: bool = False
    tail: bytes = b""


class Flow(msgspec.Struct, gc=False):
    """One connection."""

    ends: tuple[Direction, Direction]
    """The one with the lower number first."""
    first_ns: int
    last_ns: int
    client: Direction | None = None
    speaker: Direction | None = None
    """Who sent the last byte."""
    syn_count: int = 0
    last_syn_ns: int = 0
    syn_ack_count: int = 0
    last_syn_ack_ns: int = 0
    established_ns: int = 0
    quiet_ns: int = 0
    """How long the other end had been silent when this turn began."""
    ended: Direction | None = None
    """Who sent the first FIN or RST."""
    closed_with: Close = Close.NONE
    ended_ns: int = 0
    reset: Direction | None = None
    reset_ns: int = 0
    protocol: Protocol = Protocol.UNKNOWN
    is_to_head: bool = False
    """The last request's method was HEAD."""
    is_interim: bool = False
    """The last answer was one like "100 Continue"."""
    said_goodbye: bool = False

    def other(self, end: Direction) -> Direction:
        """Return the other end."""
        return self.ends[end is self.ends[0]]

    def take_syn(self, sender: Direction, t_ns: int, sequence: int) -> None:
        """Take the client's SYN, the first one or a repetition."""
        self.client = sender
        if not self.syn_count:
            self.first_ns = t_ns
        elif t_ns - self.last_syn_ns < _DUPLICATE_NS:
            return
        self.syn_count += 1
        self.last_syn_ns = self.last_ns = t_ns
        sender.next_sequence = (sequence + 1) & _WRAP

    def take_syn_ack(self, sender: Direction, t_ns: int, sequence: int) -> None:
        """Take the proxy's SYN-ACK, the first one or a repetition."""
        self.client = self.other(sender)
        if self.syn_ack_count and t_ns - self.last_syn_ack_ns < _DUPLICATE_NS:
            return
        self.syn_ack_count += 1
        self.last_syn_ack_ns = self.last_ns = t_ns
        if self.syn_ack_count == 1:
            self.established_ns = t_ns
            sender.next_sequence = (sequence + 1) & _WRAP

    def take_data(
        self, sender: Direction, t_ns: int, sequence: int, size: int, buffer: bytes, data: int, end: int
    ) -> None:
        """Take bytes, those that are new; `buffer[data:end]` is what was captured of them."""
        new = size
        if sender.next_sequence >= 0:
            new = (sequence + size - sender.next_sequence) & _WRAP
            if new == 0 or new > _AHEAD:
                return
        sender.next_sequence = (sequence + size) & _WRAP
        sender.size_bytes += new
        sender.missing_bytes += new - min(new, size)
        self.last_ns = t_ns
        if self.speaker is not sender and not self._begin_turn(
            sender, t_ns, size, buffer[data : min(end, data + HEAD_BYTES)]
        ):
            return
        sender.last_ns = t_ns
        sender.turn_bytes += new
        if sender.is_chunked or self.protocol is Protocol.TUNNEL:
            # Where not all was captured, the end is not known.
            sender.tail = (
                buffer[max(data, data + size - TAIL_BYTES) : data + size] if data + size <= end else b""
            )
            if self.protocol is Protocol.TUNNEL and closes_websocket(buffer[data : data + 1], sender.tail):
                self.said_goodbye = True

    def take_acknowledged(self, sender: Direction, t_ns: int, number: int) -> None:
        """Take what the sender has received: more than was captured of the other end is missing from the capture."""
        other = self.ends[sender is self.ends[0]]
        if other.next_sequence != number:
            self._take_missing(other, t_ns, number)

    def take_fin(self, sender: Direction, t_ns: int, sequence: int) -> bool:
        """Take a FIN, and its number; return whether both ends have closed."""
        if not sender.fin_ns:
            self._take_missing(sender, t_ns, sequence)
            sender.fin_ns = self.last_ns = t_ns
            sender.next_sequence = (sequence + 1) & _WRAP
            self._end(sender, Close.FIN, t_ns)
        return bool(self.other(sender).fin_ns)

    def take_reset(self, sender: Direction, t_ns: int, sequence: int) -> None:
        """Take a RST, and its number."""
        if sequence:  # 0 answers a SYN
            self._take_missing(sender, t_ns, sequence)
        self.reset, self.reset_ns, self.last_ns = sender, t_ns, t_ns
        self._end(sender, Close.RST, t_ns)

    @property
    def is_incomplete(self) -> bool:
        """Whether the answer that has begun is known to lack its end."""
        speaker = self.speaker
        if speaker is None or self.protocol is not Protocol.HTTP1:
            return False
        if speaker.is_chunked:
            return bool(speaker.tail) and not speaker.tail.endswith(b"0\r\n\r\n")
        return speaker.turn_bytes < speaker.needed_bytes

    def _take_missing(self, end: Direction, t_ns: int, number: int) -> None:
        """Take note of what an end has sent below this number and nobody captured: bytes, or its FIN."""
        missing = (number - end.next_sequence) & _WRAP
        if end.next_sequence < 0 or not missing or missing > _PLAUSIBLE_BYTES:
            return
        end.missing_bytes += missing
        end.next_sequence = number & _WRAP
        if missing == 1:
            end.fin_ns = end.fin_ns or t_ns
            self._end(end, Close.FIN, t_ns)
            return
        end.size_bytes += missing
        end.last_ns = t_ns
        if self.speaker is not end:
            self._turn(end, t_ns)
        end.turn_bytes += missing
        end.needed_bytes, end.is_chunked, end.tail = -1, False, b""

    def _end(self, sender: Direction, how: Close, t_ns: int) -> None:
        if self.ended is None:
            self.ended, self.closed_with, self.ended_ns = sender, how, t_ns

    def _begin_turn(self, sender: Direction, t_ns: int, size: int, head: bytes) -> bool:
        """Return whether what begins here is a turn, and no mere farewell."""
        if self.protocol is Protocol.UNKNOWN and is_tls(head):
            self.protocol = Protocol.TLS
        after_fin = bool(self.other(sender).fin_ns)
        if self.protocol is Protocol.TLS and is_farewell(head, size, after_fin=after_fin):
            return False
        self._turn(sender, t_ns)
        if self.protocol is not Protocol.TLS and self.protocol is not Protocol.TUNNEL:
            answer = read_answer(head, is_to_head=self.is_to_head)
            if answer is not None:
                self._take_answer(sender, answer)
            self.is_to_head = head.startswith(b"HEAD ")
        return True

    def _turn(self, sender: Direction, t_ns: int) -> None:
        other = self.other(sender)
        self.speaker = sender
        self.quiet_ns = t_ns - other.last_ns if other.last_ns else 0
        sender.turn_ns, sender.turn_bytes = t_ns, 0
        sender.needed_bytes, sender.is_chunked, sender.tail = -1, False, b""
        # What follows "100 Continue" belongs to the same request.
        sender.turns += not self.is_interim
        self.is_interim = False

    def _take_answer(self, sender: Direction, answer: Answer) -> None:
        self.protocol = Protocol.TUNNEL if answer.opens_tunnel else Protocol.HTTP1
        self.client = self.client or self.other(sender)
        self.is_interim = answer.is_interim
        sender.needed_bytes, sender.is_chunked = answer.size_bytes, answer.is_chunked
