"""HTTP/2 clients and servers that leave: by GOAWAY, by FIN, by RST_STREAM."""

import socket
import struct
import threading
from pathlib import Path

from hitless.attempts import (
    FLAG_IDEMPOTENT,
    FLAG_NOT_PROCESSED,
    FLAG_RETRY,
    FLAG_REUSED,
    OUTCOMES,
    read_attempts,
)
from hitless.clock import now_ns
from hitless.load.table import attempts_name
from hitless.load.workloads import PreparedStream
from hitless.records import Outcome, Stream, Workload
from tests.load.engine_bed import (
    PATIENCE_S,
    Behaviour,
    FaultServer,
    Rows,
    engine_in,
    reset,
    run_stream,
    target_of,
)

PREFACE_BYTES = 24
DATA, HEADERS, RST_STREAM, SETTINGS, GOAWAY = 0, 1, 3, 4, 7
STATUS_200 = b"\x88"
END_STREAM, END_HEADERS = 1, 4


def frame(kind: int, flags: int, stream_id: int, payload: bytes = b"") -> bytes:
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream_id.to_bytes(4, "big") + payload


def goaway(last_stream: int) -> bytes:
    return frame(GOAWAY, 0, 0, struct.pack("!II", last_stream, 0))


def ok(stream_id: int) -> bytes:
    return frame(HEADERS, END_STREAM | END_HEADERS, stream_id, STATUS_200)


class Peer:
    """Reads what the client says, frame by frame."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.file = connection.makefile("rb")
        assert self.file.read(PREFACE_BYTES).startswith(b"PRI * HTTP/2.0")
        connection.sendall(frame(SETTINGS, 0, 0))

    def next_request(self) -> int:
        """Return the stream of the next request, 0 when the client has left."""
        while head := self.file.read(9):
            self.file.read(int.from_bytes(head[:3], "big"))
            if head[3] == HEADERS:
                return int.from_bytes(head[5:], "big")
        return 0

    def serve(self, times: int) -> None:
        for _ in range(times):
            if stream_id := self.next_request():
                self.connection.sendall(ok(stream_id))

    def close(self) -> None:
        """Say FIN and wait for the client's: closing over what it still sends would reset what it has not read."""
        self.connection.shutdown(socket.SHUT_WR)
        self.file.read()
        self.file.close()


def peer(*steps: object) -> Behaviour:
    """Return a server that takes these steps: an int answers so many requests, bytes are sent, an event is set."""

    def behave(connection: socket.socket) -> None:
        # What is written must be under way before a close with unread bytes throws away what Nagle keeps back.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client = Peer(connection)
        for step in steps:
            if isinstance(step, int):
                client.serve(step)
            elif isinstance(step, bytes):
                client.connection.sendall(step)
            elif step == "request":
                client.next_request()
            elif isinstance(step, threading.Event):
                step.set()
        client.close()

    return behave


def run(
    tmp_path: Path,
    *behaviours: Behaviour,
    rows: int,
    lanes: int = 1,
    idle_s: float = 0.05,
    after_first: threading.Event | None = None,
) -> Rows:
    """Run one stream; after its first row the engine stands still until `after_first`."""

    def hold(ended: int) -> None:
        assert not ended or after_first is None or after_first.wait(PATIENCE_S)

    with FaultServer(*behaviours) as server:
        stream = Stream(
            number=0,
            workload=Workload.H2,
            target=target_of(server.port, h2_prior_knowledge=True),
            streams_per_connection=lanes,
            idle_s=idle_s,
        )
        return run_stream(tmp_path, stream, rows=rows, hold=hold)


def outcomes(rows: Rows) -> list[Outcome]:
    return [OUTCOMES[code] for code in rows["outcome"]]


def test_a_stream_above_the_last_one_is_lost_and_sent_again_elsewhere(tmp_path: Path) -> None:
    rows = run(tmp_path, peer(1, "request", goaway(1)), peer(100), rows=3)
    assert outcomes(rows[:3]) == [Outcome.OK, Outcome.GOAWAY_LOST, Outcome.OK]
    assert rows[1]["flags"] == FLAG_REUSED | FLAG_IDEMPOTENT | FLAG_NOT_PROCESSED
    assert rows[2]["flags"] & FLAG_RETRY
    assert rows[2]["retry_of"] == 1
    assert rows[2]["connection"] != rows[1]["connection"]


def test_a_stream_that_the_server_had_taken_is_answered_after_goaway(tmp_path: Path) -> None:
    rows = run(tmp_path, peer("request", goaway(1), ok(1)), peer(100), rows=2)
    assert outcomes(rows[:2]) == [Outcome.OK, Outcome.OK]
    assert rows[0]["connection"] != rows[1]["connection"]


def test_goaway_while_the_connection_rests_is_obeyed(tmp_path: Path) -> None:
    said = threading.Event()
    rows = run(tmp_path, peer(1, goaway(0x7FFF_FFFF), said, 1), peer(100), rows=2, after_first=said)
    assert outcomes(rows[:2]) == [Outcome.OK, Outcome.OK]
    assert rows[0]["connection"] != rows[1]["connection"]
    assert not rows[1]["flags"] & (FLAG_REUSED | FLAG_RETRY)


def test_a_fin_without_goaway_while_the_connection_rests_is_a_stale_reuse(tmp_path: Path) -> None:
    rows = run(tmp_path, peer(1), peer(100), rows=3)
    assert outcomes(rows[:3]) == [Outcome.OK, Outcome.STALE_REUSE, Outcome.OK]
    assert rows[2]["retry_of"] == 1


def test_all_streams_of_a_lost_connection_are_lost(tmp_path: Path) -> None:
    rows = run(tmp_path, peer(3, "request", "request", "request"), peer(100), lanes=3, rows=9, idle_s=0.02)
    lost = rows[rows["outcome"] != 0]
    assert outcomes(lost) == [Outcome.STALE_REUSE] * 3
    retries = rows[(rows["flags"] & FLAG_RETRY) != 0]
    assert len(set(retries["connection"].tolist())) == 1


def test_a_stream_that_is_reset(tmp_path: Path) -> None:
    refused = frame(RST_STREAM, 0, 1, b"\0\0\0\x07")
    begun = frame(HEADERS, END_HEADERS, 3, STATUS_200) + frame(RST_STREAM, 0, 3, b"\0\0\0\x02")
    rows = run(
        tmp_path,
        peer("request", refused),
        peer("request", begun.replace(b"\0\0\0\3", b"\0\0\0\1"), 9),
        rows=3,
    )
    assert outcomes(rows[:2]) == [Outcome.RESET_BEFORE_RESPONSE, Outcome.TRUNCATED]
    assert rows[0]["flags"] & FLAG_NOT_PROCESSED
    assert rows[1]["retry_of"] == 0


def test_a_server_that_resets_or_speaks_another_protocol(tmp_path: Path) -> None:
    def other(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    def leave(connection: socket.socket) -> None:
        connection.recv(4096)
        reset(connection)

    rows = run(tmp_path, other, leave, peer(100), rows=3)
    assert outcomes(rows[:3]) == [Outcome.PROTOCOL_ERROR, Outcome.RESET_BEFORE_RESPONSE, Outcome.OK]


def test_what_the_server_said_before_it_closed_counts_although_nothing_can_be_sent(tmp_path: Path) -> None:
    asked, held, gone = threading.Event(), threading.Event(), threading.Event()
    piece = bytes(
        16_000
    )  # more than one read takes, so that the client answers the SETTINGS before it has read all
    last_words = (
        frame(SETTINGS, 0, 0)
        + frame(HEADERS, END_HEADERS, 1, STATUS_200)
        + frame(DATA, 0, 1, piece)
        + frame(DATA, END_STREAM, 1, piece)
        + goaway(1)
    )

    def leave(connection: socket.socket) -> None:
        # As in `peer`; and a reset throws away what is not under way.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client = Peer(connection)
        client.next_request()
        client.next_request()
        asked.set()
        held.wait(PATIENCE_S)
        connection.sendall(last_words)
        client.file.close()
        reset(connection)
        gone.set()

    def hold(now: int) -> None:
        if asked.is_set():
            held.set()
            gone.wait(PATIENCE_S)
            engine.request_stop()
        else:
            engine.call_at(now + 1_000_000, hold)

    with FaultServer(leave, peer(100)) as server, engine_in(tmp_path) as engine:
        target = target_of(server.port, h2_prior_knowledge=True)
        stream = Stream(
            number=0, workload=Workload.H2, target=target, streams_per_connection=2, idle_s=5, slow_s=60
        )
        engine.add(PreparedStream(engine, stream).make_clients(now_ns(), process=0, processes=1))
        engine.call_at(0, hold)
        engine.run(ready=lambda: None)
    rows = read_attempts(tmp_path / attempts_name(0))
    assert outcomes(rows[:2]) == [Outcome.OK, Outcome.GOAWAY_LOST]
    assert rows[1]["flags"] & FLAG_NOT_PROCESSED
