"""A body that comes slowly, and servers that do not wait for it."""

import socket
from pathlib import Path

import pytest

from hitless.attempts import FLAG_IDEMPOTENT, OUTCOMES
from hitless.clock import now_ns
from hitless.load.workloads.upload import PIECE, PIECE_INTERVAL_NS
from hitless.records import Outcome, Request, Stream, Workload
from tests.load.engine_bed import OK_ANSWER, FaultServer, answer, read_head, reset, run_stream, target_of


def stream_to(port: int, method: str = "GET", duration_s: float = 0.5) -> Stream:
    return Stream(
        number=0,
        workload=Workload.UPLOAD,
        target=target_of(port),
        request=Request(method=method),
        duration_s=duration_s,
    )


@pytest.mark.parametrize(
    ("method", "sent", "idempotent"),
    [("GET", b"POST", False), ("PUT", b"PUT", True), ("PATCH", b"PATCH", False)],
)
def test_the_body_comes_in_even_pieces_and_whole(
    tmp_path: Path,
    method: str,
    sent: bytes,
    idempotent: bool,  # noqa: FBT001 - a case
) -> None:
    heads: list[bytes] = []
    arrivals: list[int] = []
    bodies: list[bytes] = []

    def take(connection: socket.socket) -> None:
        heads.append(read_head(connection))
        body = b""
        while len(body) < 2 * len(PIECE) and (data := connection.recv(4096)):
            arrivals.append(now_ns())
            body += data
        bodies.append(body)
        connection.sendall(OK_ANSWER)

    with FaultServer(take) as server:
        row = run_stream(tmp_path, stream_to(server.port, method, duration_s=0.2), rows=1)[0]
    assert OUTCOMES[row["outcome"]] is Outcome.OK
    assert bool(row["flags"] & FLAG_IDEMPOTENT) is idempotent
    assert heads[0].startswith(sent + b" ")
    assert b"\r\nContent-Length: %d\r\n" % (2 * len(PIECE)) in heads[0]
    assert bodies[0] == 2 * PIECE
    assert arrivals[0] - int(row["start_ns"]) >= PIECE_INTERVAL_NS


def test_an_upload_that_is_cut_and_one_that_is_answered_early(tmp_path: Path) -> None:
    early = answer(b"HTTP/1.1 413 Too Much\r\nContent-Length: 0\r\n\r\n")
    with FaultServer(answer(then=reset), early) as server:
        rows = run_stream(tmp_path, stream_to(server.port), rows=2)
    assert [OUTCOMES[code] for code in rows["outcome"][:2]] == [Outcome.STREAM_CUT, Outcome.OK]
    assert rows[1]["status"] == 413
