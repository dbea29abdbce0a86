"""A line and its echo, whole, in pieces and wrong."""

import socket
from pathlib import Path

import pytest

from hitless.records import Outcome, Stream, Workload
from tests.load.engine_bed import Behaviour, FaultServer, outcomes_of, run_stream, target_of

LINE = b"hitless stream 3\n"


def stream_to(port: int, workload: Workload = Workload.CONNECT) -> Stream:
    return Stream(number=3, workload=workload, target=target_of(port, mode="tcp"), idle_s=0.01)


def echo(lines: list[bytes], *, size: int = 4096) -> Behaviour:
    """Send back what comes, in pieces of this size."""

    def behave(connection: socket.socket) -> None:
        while data := connection.recv(4096):
            lines.append(data)
            for position in range(0, len(data), size):
                connection.sendall(data[position : position + size])

    return behave


@pytest.mark.parametrize("size", [1, 4096])
@pytest.mark.parametrize(("workload", "connections"), [(Workload.CONNECT, 3), (Workload.TCP, 1)])
def test_an_echo_is_an_answer_in_any_pieces(
    tmp_path: Path, workload: Workload, connections: int, size: int
) -> None:
    lines: list[bytes] = []
    with FaultServer(echo(lines, size=size)) as server:
        rows = run_stream(tmp_path, stream_to(server.port, workload), rows=3)[:3]
    assert lines[:3] == [LINE] * 3
    assert not rows["outcome"].any()
    assert rows["received_bytes"].tolist() == [len(LINE)] * 3
    assert len(set(rows["connection"].tolist())) == connections


@pytest.mark.parametrize("wrong", [b"* OK IMAP4\r\n", LINE + b"x", LINE.upper(), b"\n" + LINE])
def test_a_wrong_echo_is_a_protocol_error(tmp_path: Path, wrong: bytes) -> None:
    with FaultServer(lambda connection: connection.sendall(wrong)) as server:
        assert outcomes_of(tmp_path, stream_to(server.port), 1) == [Outcome.PROTOCOL_ERROR]


def test_half_an_echo_is_no_answer(tmp_path: Path) -> None:
    def half(connection: socket.socket) -> None:
        connection.sendall(connection.recv(4096)[:5])

    with FaultServer(half) as server:
        assert outcomes_of(tmp_path, stream_to(server.port), 1) == [Outcome.TRUNCATED]
