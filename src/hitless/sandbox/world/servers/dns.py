"""The DNS answerer on its sockets: datagrams, and messages with a length over TCP (RFC 1035 section 4.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket

    from hitless.sandbox.world.servers.dns_wire import DnsAnswerer
    from hitless.sandbox.world.servers.layer import Sink

__all__ = ["DnsStream", "answer_datagrams"]

_QUERY_SIZE_BYTES = 4096
_BATCH = 64


def answer_datagrams(receiver: socket.socket, answerer: DnsAnswerer) -> None:
    """Answer what lies in a nonblocking socket, so much at a time that the servers are not held up."""
    for _ in range(_BATCH):
        try:
            query, client = receiver.recvfrom(_QUERY_SIZE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            continue  # an ICMP error of an earlier answer, whose client is gone
        response = answerer.answer(query)
        if response is not None:
            try:
                receiver.sendto(response, client)
            except OSError:
                continue  # the client asks again


class DnsStream:
    """Queries over TCP."""

    __slots__ = ("_answerer", "_buffer", "_sink")

    def __init__(self, sink: Sink, answerer: DnsAnswerer) -> None:
        self._sink = sink
        self._answerer = answerer
        self._buffer = b""

    def feed(self, data: bytes) -> None:
        """Answer every complete query."""
        self._buffer += data
        while len(self._buffer) >= 2:
            end = 2 + int.from_bytes(self._buffer[:2])
            if len(self._buffer) < end:
                break
            response = self._answerer.answer(self._buffer[2:end], over_tcp=True)
            self._buffer = self._buffer[end:]
            if response is not None:
                self._sink.write(len(response).to_bytes(2) + response)
        if self._sink.full:
            self._sink.pause()

    def end(self) -> None:
        """Close."""
        self._sink.close()

    def drained(self) -> None:
        """Read again."""
        self._sink.resume()

    def lost(self) -> None:
        """Nothing is kept."""
