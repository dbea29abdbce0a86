"""TLS as a layer that is a sink: OpenSSL without a socket, so that bytes that were sniffed are not lost."""

from __future__ import annotations

import contextlib
import ssl
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio

    from hitless.sandbox.world.servers.layer import Layer, Sink
    from hitless.sandbox.world.servers.serving import Serving

__all__ = ["Tls", "server_context"]

_PIECE_SIZE_BYTES = 64 * 1024


def server_context(certificate: str) -> ssl.SSLContext:
    """Return the context of the world's certificate, a PEM file with its key.

    Raises: OSError, ssl.SSLError if the file cannot be read or holds no such pair.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context


class Tls:
    """The server's side of a TLS connection."""

    __slots__ = ("_closing", "_incoming", "_object", "_outgoing", "_shaken", "_sink", "layer", "loop")

    def __init__(self, sink: Sink, serving: Serving, context: ssl.SSLContext) -> None:
        from hitless.sandbox.world.servers.opening import Opening

        self._sink = sink
        self.loop: asyncio.AbstractEventLoop = sink.loop
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._object = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._shaken = self._closing = False
        self.layer: Layer = Opening(self, serving, inside_tls=True)

    # The layer.

    def feed(self, data: bytes) -> None:
        """Take records; give what they carry to the layer inside."""
        self._incoming.write(data)
        try:
            if not self._shaken:
                self._object.do_handshake()
                self._shaken = True
            self._flush()
            while not self._closing:
                plain = self._object.read(_PIECE_SIZE_BYTES)
                if not plain:  # close_notify
                    self.layer.end()
                    return
                self.layer.feed(plain)
        except ssl.SSLWantReadError:
            self._flush()
        except ssl.SSLError:
            # The alert that says why is in the outgoing buffer.
            self._flush()
            self._closing = True
            self._sink.close()

    def end(self) -> None:
        """The peer closed without close_notify."""
        if self._shaken:
            self.layer.end()
        else:
            self._sink.close()

    def drained(self) -> None:
        """Pass it on."""
        self.layer.drained()

    def lost(self) -> None:
        """Pass it on."""
        self._closing = True
        self.layer.lost()

    # The sink of the layer inside.

    @property
    def full(self) -> bool:
        """True while the connection takes no more."""
        return self._sink.full

    def write(self, data: bytes) -> None:
        """Encrypt and send."""
        if self._closing or not self._shaken:
            return
        self._object.write(data)
        self._flush()

    def close(self) -> None:
        """Say close_notify, then close."""
        if self._closing:
            return
        self._closing = True
        with contextlib.suppress(
            ssl.SSLError
        ):  # the peer's close_notify is not waited for (RFC 8446 section 6.1)
            self._object.unwrap()
        self._flush()
        self._sink.close()

    def pause(self) -> None:
        """Stop reading from the peer."""
        self._sink.pause()

    def resume(self) -> None:
        """Read again."""
        self._sink.resume()

    def _flush(self) -> None:
        if self._outgoing.pending:
            self._sink.write(self._outgoing.read())
