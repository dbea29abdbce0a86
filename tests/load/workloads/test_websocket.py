"""WebSocket sessions: the upgrade, echoes, pings, and servers that leave or never were one."""

import socket
from pathlib import Path

import pytest
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, CloseConnection, Event, Ping, Pong, Request, TextMessage

from hitless import records
from hitless.attempts import OUTCOMES
from hitless.errors import LoadError
from hitless.records import Outcome, Stream, Workload
from tests.load.engine_bed import Behaviour, FaultServer, answer, close, outcomes_of, run_stream, target_of


def stream_to(port: int, *, idle_s: float = 0.05, **fields: object) -> Stream:
    return Stream(
        number=0,
        workload=Workload.WEBSOCKET,
        target=target_of(port),
        idle_s=idle_s,
        **fields,  # type: ignore[arg-type]
    )


class Peer:
    """The server's side of sessions: what it saw, and how it behaves."""

    def __init__(self, *, echoes: int, goodbye: Behaviour, ping: bool = False, prefix: str = "") -> None:
        self.requests: list[Request] = []
        self.pongs = 0
        self.closes: list[int] = []
        self._echoes = echoes
        self._goodbye = goodbye
        self._ping = ping
        self._prefix = prefix

    def __call__(self, connection: socket.socket) -> None:
        protocol = WSConnection(ConnectionType.SERVER)
        left = self._echoes
        while left and not self.closes and (data := connection.recv(4096)):
            protocol.receive_data(data)
            for event in protocol.events():
                connection.sendall(self._reply(protocol, event))
                left -= isinstance(event, TextMessage)
                self.pongs += isinstance(event, Pong)
        self._goodbye(connection)

    def _reply(self, protocol: WSConnection, event: Event) -> bytes:
        if isinstance(event, Request):
            self.requests.append(event)
            return protocol.send(AcceptConnection())
        if isinstance(event, TextMessage):
            pings = protocol.send(Ping(b"x")) if self._ping else b""
            return protocol.send(TextMessage(self._prefix + event.data)) + pings
        if isinstance(event, CloseConnection):
            self.closes.append(event.code)
            return protocol.send(event.response())
        return b""


@pytest.mark.parametrize("ping", [False, True])
def test_a_session_cut_between_two_echoes(tmp_path: Path, ping: bool) -> None:  # noqa: FBT001 - a parameter
    peer = Peer(echoes=2, goodbye=close, ping=ping)
    with FaultServer(peer) as server:
        rows = run_stream(tmp_path, stream_to(server.port), rows=3)
    assert [OUTCOMES[code] for code in rows["outcome"][:3]] == [Outcome.OK, Outcome.OK, Outcome.STREAM_CUT]
    assert rows["status"][0] == 101
    assert rows["request_number"].tolist()[:3] == [1, 2, 3]
    assert bool(peer.pongs) is ping


def test_the_upgrade_is_the_request_that_was_asked_for(tmp_path: Path) -> None:
    peer = Peer(echoes=1, goodbye=close)
    request = records.Request(path="/chat?room=1", host="chat.example.com", headers=(("X-Token", "t"),))
    with FaultServer(peer) as server:
        assert outcomes_of(tmp_path, stream_to(server.port, request=request), 1) == [Outcome.OK]
    asked = peer.requests[0]
    assert (asked.host, asked.target) == ("chat.example.com", "/chat?room=1")
    assert (b"x-token", b"t") in [(name.lower(), value) for name, value in asked.extra_headers]


def test_a_session_that_stands_at_the_end_is_closed_in_words(tmp_path: Path) -> None:
    peer = Peer(echoes=100, goodbye=close)
    with FaultServer(peer) as server:
        rows = run_stream(tmp_path, stream_to(server.port), rows=2)
    assert not rows["outcome"].any()
    assert peer.closes == [1000]


def test_a_wrong_echo(tmp_path: Path) -> None:
    with FaultServer(Peer(echoes=1, goodbye=close, prefix="not ")) as server:
        assert outcomes_of(tmp_path, stream_to(server.port), 1) == [Outcome.PROTOCOL_ERROR]


def test_a_server_that_closes_instead_of_an_echo_cuts_the_session(tmp_path: Path) -> None:
    def leave(connection: socket.socket) -> None:
        protocol = WSConnection(ConnectionType.SERVER)
        while data := connection.recv(4096):
            protocol.receive_data(data)
            for event in protocol.events():
                if isinstance(event, Request):
                    connection.sendall(protocol.send(AcceptConnection()))
                elif isinstance(event, TextMessage):
                    connection.sendall(protocol.send(CloseConnection(code=1001)))

    with FaultServer(leave) as server:
        assert outcomes_of(tmp_path, stream_to(server.port), 1) == [Outcome.STREAM_CUT]


def test_a_goodbye_in_one_piece_with_an_echo_is_seen_at_once(tmp_path: Path) -> None:
    def echo_and_leave(connection: socket.socket) -> None:
        protocol = WSConnection(ConnectionType.SERVER)
        while data := connection.recv(4096):
            protocol.receive_data(data)
            for event in protocol.events():
                if isinstance(event, Request):
                    connection.sendall(protocol.send(AcceptConnection()))
                elif isinstance(event, TextMessage):
                    echo = protocol.send(TextMessage(event.data))
                    connection.sendall(echo + protocol.send(CloseConnection(code=1001)))

    with FaultServer(echo_and_leave) as server:
        rows = run_stream(tmp_path, stream_to(server.port, idle_s=30), rows=2)
    assert [OUTCOMES[code] for code in rows["outcome"][:2]] == [Outcome.OK, Outcome.STREAM_CUT]
    assert rows["end_ns"][1] - rows["end_ns"][0] < 15_000_000_000  # not at the next text


@pytest.mark.parametrize("body", [b"Content-Length: 3\r\n\r\nno\n", b"Content-Length: 0\r\n\r\n"])
def test_a_refused_upgrade_is_an_answer(tmp_path: Path, body: bytes) -> None:
    with FaultServer(answer(b"HTTP/1.1 404 No\r\n" + body)) as server:
        rows = run_stream(tmp_path, stream_to(server.port), rows=2)
    assert rows["status"].tolist()[:2] == [404, 404]
    assert not rows["outcome"][:2].any()


def test_an_upgrade_that_is_answered_by_something_else(tmp_path: Path) -> None:
    with FaultServer(answer(b"220 smtp\r\n\r\n")) as server:
        assert outcomes_of(tmp_path, stream_to(server.port), 1) == [Outcome.PROTOCOL_ERROR]


def test_an_upgrade_that_is_more_than_one_request_is_refused(tmp_path: Path) -> None:
    twice = records.Request(headers=(("X", "y\r\n\r\nGET / HTTP/1.1"),))
    with pytest.raises(LoadError):
        run_stream(tmp_path, stream_to(9, request=twice), rows=1)
