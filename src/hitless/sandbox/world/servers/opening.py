"""The first layer of every connection: it listens, decides what is spoken, and steps aside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.sandbox.world.servers.echo import Echo
from hitless.sandbox.world.servers.http1 import Http1
from hitless.sandbox.world.servers.proxy_header import after_proxy_header_v1, after_proxy_header_v2
from hitless.sandbox.world.servers.script import Conversation, find_script
from hitless.sandbox.world.servers.sniff import Spoken, sniff

if TYPE_CHECKING:
    import asyncio

    from hitless.sandbox.world.servers.layer import Layer, Sink
    from hitless.sandbox.world.servers.serving import Serving

__all__ = ["Opening"]

GREETING_AFTER_S = 0.25
"""How long a client may be silent before a server that speaks first does so. HAProxy's checks wait a second or
more for the banner; a client of the load speaks at once and gets its echo instead."""
UNDECIDED_FOR_S = 0.1
"""How long bytes that could become a request line or a PROXY header may stay incomplete."""


class Opening:
    """Collects bytes until it is clear what they are."""

    __slots__ = ("_buffer", "_inside_tls", "_serving", "_sink", "_timer")

    def __init__(
        self, sink: Sink, serving: Serving, *, inside_tls: bool = False, greets: bool = True
    ) -> None:
        self._sink = sink
        self._serving = serving
        self._inside_tls = inside_tls
        self._buffer = b""
        self._timer: asyncio.TimerHandle | None = None
        if greets and serving.greeting:
            self._timer = sink.loop.call_later(GREETING_AFTER_S, self._greet)

    def feed(self, data: bytes) -> None:
        """Decide as soon as the bytes allow."""
        self.lost()
        self._buffer = self._buffer + data if self._buffer else data
        if not self._decide():
            self._timer = self._sink.loop.call_later(UNDECIDED_FOR_S, self._give_up)

    def end(self) -> None:
        """Give back what came, then close."""
        self.lost()
        if self._buffer:
            self._sink.write(self._buffer)
        self._sink.close()

    def drained(self) -> None:
        """Nothing has been sent yet."""

    def lost(self) -> None:
        """Stop waiting."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _decide(self) -> bool:
        """Return whether the connection has found its layer, or waits for its first byte."""
        data = self._buffer
        serving = self._serving
        if serving.scripts:
            script = find_script(serving.scripts, data)
            if script is None:
                return False
            if script:
                return self._become(Conversation(self._sink, script, self._afterwards))
        spoken = sniff(data)
        if spoken is None:
            return False
        if spoken in {Spoken.PROXY_HEADER_V1, Spoken.PROXY_HEADER_V2}:
            return self._strip_proxy_header(spoken)
        return self._become(self._layer_for(spoken))

    def _layer_for(self, spoken: Spoken) -> Layer:
        if spoken is Spoken.HTTP1:
            return Http1(self._sink, self._serving)
        if spoken is Spoken.HTTP2:
            from hitless.sandbox.world.servers.http2 import Http2

            return Http2(self._sink, self._serving)
        if spoken is Spoken.TLS and self._serving.tls is not None and not self._inside_tls:
            from hitless.sandbox.world.servers.tls import Tls

            return Tls(self._sink, self._serving, self._serving.tls)
        return Echo(self._sink)

    def _strip_proxy_header(self, version: Spoken) -> bool:
        after = after_proxy_header_v1 if version is Spoken.PROXY_HEADER_V1 else after_proxy_header_v2
        try:
            rest = after(self._buffer)
        except ValueError:
            return self._become(Echo(self._sink))
        if rest is None:
            return False
        self._buffer = b""
        following = Opening(self._sink, self._serving, inside_tls=self._inside_tls)
        self._sink.layer = following
        if rest:
            following.feed(rest)
        return True

    def _afterwards(self) -> Layer:
        """Return the layer for what follows a script."""
        return Opening(self._sink, self._serving, inside_tls=self._inside_tls, greets=False)

    def _greet(self) -> None:
        self._timer = None
        self._become(Conversation(self._sink, self._serving.greeting, self._afterwards))

    def _give_up(self) -> None:
        self._timer = None
        self._become(Echo(self._sink))

    def _become(self, layer: Layer) -> bool:
        data, self._buffer = self._buffer, b""
        self._sink.layer = layer
        if data:
            layer.feed(data)
        elif isinstance(layer, Conversation):
            layer.speak()
        return True
