"""HTTP/2 (RFC 9113), by prior knowledge or behind TLS; WebSocket by extended CONNECT (RFC 8441)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    RequestReceived,
    StreamEnded,
    StreamReset,
    WindowUpdated,
)
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes, Settings

from hitless.sandbox.world.servers.exchange import Exchange
from hitless.sandbox.world.servers.h2_stream import H2Stream
from hitless.sandbox.world.servers.websocket import WebSocketEcho

if TYPE_CHECKING:
    from h2.events import Event

    from hitless.sandbox.world.servers.layer import Sink
    from hitless.sandbox.world.servers.serving import Serving

__all__ = ["Http2"]

_CONFIGURATION = H2Configuration(
    client_side=False,
    header_encoding=None,
    validate_inbound_headers=False,  # HAProxy's checks have no :authority
)
_SETTINGS = {
    SettingCodes.ENABLE_CONNECT_PROTOCOL: 1,
    SettingCodes.MAX_CONCURRENT_STREAMS: 256,
    SettingCodes.MAX_HEADER_LIST_SIZE: 64 * 1024,
}


class Http2:
    """One connection and its streams."""

    __slots__ = ("_connection", "_serving", "_sink", "_streams")

    def __init__(self, sink: Sink, serving: Serving) -> None:
        self._sink = sink
        self._serving = serving
        self._streams: dict[int, H2Stream] = {}
        self._connection = H2Connection(_CONFIGURATION)
        # In place before the first SETTINGS frame: an update would wait for an acknowledgement.
        self._connection.local_settings = Settings(client=False, initial_values=_SETTINGS)
        self._connection.initiate_connection()
        self.flush()

    def feed(self, data: bytes) -> None:
        """Take frames; start the answers they ask for."""
        try:
            for event in self._connection.receive_data(data):
                self._handle(event)
        except ProtocolError:
            self.flush()  # the GOAWAY that says why
            self._sink.close()
            return
        self.flush()
        if self._sink.full:
            self._sink.pause()

    def end(self) -> None:
        """The peer is gone: no stream can be answered any more."""
        self._sink.close()

    def drained(self) -> None:
        """Go on with the streams that were held up."""
        self._sink.resume()
        self._continue()

    def lost(self) -> None:
        """Stop every answer."""
        for stream in self._streams.values():
            stream.cancel()
        self._streams.clear()

    def flush(self) -> None:
        """Send the frames that have been made."""
        data = self._connection.data_to_send()
        if data:
            self._sink.write(data)

    def forget(self, number: int) -> None:
        """The stream has been answered."""
        self._streams.pop(number, None)

    def _handle(self, event: Event) -> None:
        match event:
            case RequestReceived():
                self._begin(event)
            case DataReceived():
                self._connection.acknowledge_received_data(event.flow_controlled_length or 0, event.stream_id)
                stream = self._streams.get(event.stream_id)
                if stream is not None:
                    stream.feed(event.data or b"")
                    if stream.overflows:
                        self._connection.reset_stream(event.stream_id, ErrorCodes.ENHANCE_YOUR_CALM)
                        self._reset(event.stream_id)
            case StreamEnded():
                stream = self._streams.get(event.stream_id)
                if stream is not None:
                    stream.end()
            case StreamReset():
                self._reset(event.stream_id)
            case WindowUpdated():
                self._continue()
            case ConnectionTerminated():
                self._sink.close()
            case _:
                pass  # h2 answers settings and pings itself

    def _begin(self, event: RequestReceived) -> None:
        headers = {bytes(name): bytes(value) for name, value in event.headers or ()}
        method, path = headers.get(b":method", b""), headers.get(b":path", b"")
        stream = H2Stream(self, self._connection, event.stream_id, self._sink)
        self._streams[event.stream_id] = stream
        if method == b"CONNECT" and headers.get(b":protocol") == b"websocket":
            stream.accept(WebSocketEcho(stream))
            return
        answer = self._serving.answers.decide(method, path, headers.get(b"x-hitless"))
        stream.exchange = Exchange(self._sink.loop, stream, answer, without_body=method == b"HEAD")

    def _reset(self, number: int) -> None:
        stream = self._streams.pop(number, None)
        if stream is not None:
            stream.cancel()

    def _continue(self) -> None:
        for stream in list(self._streams.values()):
            stream.drained()
        self.flush()
