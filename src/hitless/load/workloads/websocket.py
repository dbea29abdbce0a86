"""Long-lived WebSocket sessions: an upgrade, then a text and its echo every `idle_s`.

Each echo is an attempt; the first of a session carries the connection and the upgrade with it (status 101). An upgrade
that is answered otherwise ends as an answer with its status: whether that is normal, the control run says.
"""

from errno import EPROTO

from wsproto import ConnectionType, WSConnection
from wsproto.connection import ConnectionState
from wsproto.events import (
    AcceptConnection,
    CloseConnection,
    Event,
    Ping,
    RejectConnection,
    RejectData,
    Request,
    TextMessage,
)
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

from hitless.load.classify import FIN, classify_answer
from hitless.load.client import Client
from hitless.load.connection import Connection
from hitless.load.http1 import request_bytes
from hitless.load.schedule import Pace
from hitless.load.session import SessionClient
from hitless.load.setup import StreamSetup
from hitless.records import Outcome

__all__ = ["make_clients"]

NORMAL_CLOSURE = 1000
"""Source: RFC 6455 section 7.4.1."""


def make_clients(setup: StreamSetup, paces: list[Pace]) -> list[Client]:
    """Return one client, with its session, for each pace."""
    setup.long_lived = True
    request_bytes(setup.stream.request, "host")  # refuses what cannot be sent in one line
    return [WebSocketClient(setup, pace) for pace in paces]


class WebSocketClient(SessionClient):
    """One session; wsproto frames and masks."""

    __slots__ = ("_echo", "_protocol", "_text")

    def __init__(self, setup: StreamSetup, pace: Pace) -> None:
        super().__init__(setup, pace)
        self._protocol = WSConnection(ConnectionType.CLIENT)
        self._text = f"hitless stream {setup.number}"
        self._echo = ""

    def transmit(self, connection: Connection) -> None:
        """Send the upgrade on a new connection, the text on a session."""
        self._echo = ""
        if connection.requests > 1:
            connection.send(self._protocol.send(TextMessage(self._text)))
            return
        self._protocol = WSConnection(ConnectionType.CLIENT)
        request, target = self.setup.stream.request, self.setup.stream.target
        host = request.host or (target.endpoint if target.port else "localhost")
        headers = [(name.encode(), value.encode()) for name, value in request.headers]
        connection.send(self._protocol.send(Request(host=host, target=request.path, extra_headers=headers)))

    def receive(self, data: bytes, now: int) -> None:
        """Take frames during an attempt."""
        connection = self.connection
        assert connection is not None
        try:
            self._protocol.receive_data(data)
            for event in self._protocol.events():
                if self.is_active:
                    self._on_event(connection, event, now)
                elif self._is_goodbye(connection, event):
                    self.cut(connection, FIN, now)
                if self.connection is not connection:
                    return
        except (RemoteProtocolError, LocalProtocolError):
            self.finish(Outcome.PROTOCOL_ERROR, now, errno=EPROTO)
        except OSError as error:
            self.lose(error.errno or FIN, now)

    def rest_event(self, connection: Connection, now: int) -> None:
        """Answer pings between two attempts; anything that ends the session is a cut stream."""
        try:
            data = connection.recv()
            if data:
                self._protocol.receive_data(data)
                if not self._is_left_by_server(connection):
                    return
        except BlockingIOError:
            return
        except RemoteProtocolError:
            self.cut(connection, EPROTO, now)
        except OSError as error:
            self.cut(connection, error.errno or FIN, now)
        else:
            self.cut(connection, FIN, now)

    def drop(self, *, linger: bool = False) -> None:
        """Say goodbye where the run ends and the session stands."""
        connection = self.connection
        if connection is not None and self.engine.stopping and self._protocol.state is ConnectionState.OPEN:
            try:
                connection.send(self._protocol.send(CloseConnection(NORMAL_CLOSURE)))
                linger = True
            except OSError:
                linger = False  # lost at the very end: nobody is left to say goodbye to
        super().drop(linger=linger)

    def _is_left_by_server(self, connection: Connection) -> bool:
        return any(self._is_goodbye(connection, event) for event in self._protocol.events())

    def _is_goodbye(self, connection: Connection, event: Event) -> bool:
        """Take an event between two attempts; return whether it ends the session."""
        if isinstance(event, Ping):
            connection.send(self._protocol.send(event.response()))
        return isinstance(event, CloseConnection)

    def _on_event(self, connection: Connection, event: Event, now: int) -> None:
        if isinstance(event, AcceptConnection):
            self.status = 101
            connection.send(self._protocol.send(TextMessage(self._text)))
        elif isinstance(event, RejectConnection):
            self.status = event.status_code
            if not event.has_body:
                self._answer(now, keep=False)
        elif isinstance(event, RejectData):
            if event.body_finished:
                self._answer(now, keep=False)
        elif isinstance(event, TextMessage):
            self._take_text(event, now)
        elif isinstance(event, Ping):
            connection.send(self._protocol.send(event.response()))
        elif isinstance(event, CloseConnection):
            self.finish(Outcome.STREAM_CUT, now)

    def _take_text(self, event: TextMessage, now: int) -> None:
        self._echo += event.data
        if not self._text.startswith(self._echo):
            self.finish(Outcome.PROTOCOL_ERROR, now, errno=EPROTO)
        elif event.message_finished:
            self._answer(now, keep=True)

    def _answer(self, now: int, *, keep: bool) -> None:
        outcome = classify_answer(self.status, now - self.start_ns, self.setup.slow_ns)
        self.finish(outcome, now, keep=keep)
