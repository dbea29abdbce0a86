"""Sessions and slow bodies that are cut, by servers that cut them."""

import socket
from errno import ECONNRESET
from pathlib import Path

import pytest
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, CloseConnection, Ping, Request, TextMessage

from hitless.attempts import FLAG_REUSED, OUTCOMES
from hitless.records import Outcome, Stream, Workload
from tests.load.engine_bed import Behaviour, FaultServer, answer, close, reset, run_stream, target_of


def outcomes_of(tmp_path: Path, stream: Stream, rows: int) -> list[Outcome]:
    return [OUTCOMES[code] for code in run_stream(tmp_path, stream, rows=rows)["outcome"][:rows]]


def echo(times: int, goodbye: Behaviour) -> Behaviour:
    """Echo so many lines, then leave."""

    def behave(connection: socket.socket) -> None:
        for _ in range(times):
            connection.sendall(connection.recv(4096))
        goodbye(connection)

    return behave


@pytest.mark.parametrize("goodbye", [close, reset])
def test_a_tcp_session_that_ends_between_two_echoes_is_cut(tmp_path: Path, goodbye: Behaviour) -> None:
    with FaultServer(echo(1, goodbye)) as server:
        stream = Stream(
            number=0, workload=Workload.TCP, target=target_of(server.port, mode="tcp"), idle_s=0.1
        )
        rows = run_stream(tmp_path, stream, rows=4)
    assert [OUTCOMES[code] for code in rows["outcome"][:4]] == [Outcome.OK, Outcome.STREAM_CUT] * 2
    cut = rows[1]
    assert cut["flags"] & FLAG_REUSED
    assert cut["errno"] == (ECONNRESET if goodbye is reset else 0)
    assert cut["end_ns"] - rows[0]["end_ns"] < 90_000_000  # at once, not at the next echo
    assert 20_000_000 <= rows[2]["start_ns"] - cut["end_ns"] < 90_000_000  # and the client comes back soon


def test_a_wrong_echo_is_a_protocol_error(tmp_path: Path) -> None:
    with FaultServer(lambda connection: connection.sendall(b"* OK IMAP4\r\n")) as server:
        stream = Stream(number=0, workload=Workload.CONNECT, target=target_of(server.port, mode="tcp"))
        assert outcomes_of(tmp_path, stream, 1) == [Outcome.PROTOCOL_ERROR]


def test_a_download_that_is_cut(tmp_path: Path) -> None:
    half = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n"
    with FaultServer(answer(half)) as server:
        stream = Stream(number=0, workload=Workload.STREAM, target=target_of(server.port), duration_s=0.5)
        assert outcomes_of(tmp_path, stream, 1) == [Outcome.STREAM_CUT]


def test_an_upload_that_is_cut_and_one_that_is_answered_early(tmp_path: Path) -> None:
    early = answer(b"HTTP/1.1 413 Too Much\r\nContent-Length: 0\r\n\r\n")
    with FaultServer(answer(then=reset), early) as server:
        stream = Stream(number=0, workload=Workload.UPLOAD, target=target_of(server.port), duration_s=0.5)
        rows = run_stream(tmp_path, stream, rows=2)
    assert [OUTCOMES[code] for code in rows["outcome"][:2]] == [Outcome.STREAM_CUT, Outcome.OK]
    assert rows[1]["status"] == 413


def websocket(times: int, goodbye: Behaviour, *, ping: bool = False) -> Behaviour:
    """Accept the upgrade, echo so many texts, then leave."""

    def behave(connection: socket.socket) -> None:
        protocol = WSConnection(ConnectionType.SERVER)
        left = times
        while left and (data := connection.recv(4096)):
            protocol.receive_data(data)
            for event in protocol.events():
                if isinstance(event, Request):
                    connection.sendall(protocol.send(AcceptConnection()))
                elif isinstance(event, TextMessage):
                    pings = protocol.send(Ping(b"x")) if ping else b""
                    connection.sendall(protocol.send(TextMessage(event.data)) + pings)
                    left -= 1
                elif isinstance(event, CloseConnection):
                    connection.sendall(protocol.send(event.response()))
        goodbye(connection)

    return behave


@pytest.mark.parametrize("ping", [False, True])
def test_a_websocket_cut_between_two_echoes(tmp_path: Path, ping: bool) -> None:  # noqa: FBT001 - a parameter
    with FaultServer(websocket(2, close, ping=ping)) as server:
        target = target_of(server.port)
        stream = Stream(number=0, workload=Workload.WEBSOCKET, target=target, idle_s=0.05)
        rows = run_stream(tmp_path, stream, rows=3)
    assert [OUTCOMES[code] for code in rows["outcome"][:3]] == [Outcome.OK, Outcome.OK, Outcome.STREAM_CUT]
    assert rows["status"][0] == 101


def test_a_refused_upgrade_is_an_answer(tmp_path: Path) -> None:
    with FaultServer(answer(b"HTTP/1.1 404 No\r\nContent-Length: 3\r\n\r\nno\n")) as server:
        stream = Stream(number=0, workload=Workload.WEBSOCKET, target=target_of(server.port), idle_s=0.05)
        rows = run_stream(tmp_path, stream, rows=2)
    assert rows["status"].tolist()[:2] == [404, 404]
    assert not rows["outcome"][:2].any()


def test_an_upgrade_that_is_answered_by_something_else(tmp_path: Path) -> None:
    with FaultServer(answer(b"220 smtp\r\n\r\n")) as server:
        stream = Stream(number=0, workload=Workload.WEBSOCKET, target=target_of(server.port))
        assert outcomes_of(tmp_path, stream, 1) == [Outcome.PROTOCOL_ERROR]
