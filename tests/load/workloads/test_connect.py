"""A new connection for each request, and the word that says so."""

import socket
from pathlib import Path

from hitless.records import Stream, Workload
from tests.load.engine_bed import FaultServer, note_heads, run_stream, target_of


def stream_to(port: int, mode: str = "http") -> Stream:
    return Stream(number=0, workload=Workload.CONNECT, target=target_of(port, mode=mode))


def test_each_request_says_that_it_is_the_last_and_has_its_own_connection(tmp_path: Path) -> None:
    heads: list[bytes] = []
    with FaultServer(note_heads(heads)) as server:
        rows = run_stream(tmp_path, stream_to(server.port), rows=3)[:3]
    assert all(head.count(b"\r\nConnection: close\r\n") == 1 for head in heads)
    assert len(set(rows["connection"].tolist())) == 3
    assert set(rows["request_number"].tolist()) == {1}
    assert not rows["outcome"].any()


def test_in_mode_tcp_it_is_a_line_and_its_echo(tmp_path: Path) -> None:
    lines: list[bytes] = []

    def echo(connection: socket.socket) -> None:
        lines.append(connection.recv(4096))
        connection.sendall(lines[-1])

    with FaultServer(echo) as server:
        rows = run_stream(tmp_path, stream_to(server.port, mode="tcp"), rows=2)[:2]
    assert set(lines) == {b"hitless stream 0\n"}
    assert not rows["outcome"].any()
    assert len(set(rows["connection"].tolist())) == 2
