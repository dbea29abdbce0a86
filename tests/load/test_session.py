"""Sessions that are cut while they rest, by servers that cut them."""

import socket
from errno import ECONNRESET
from pathlib import Path

import pytest

from hitless.attempts import FLAG_REUSED, OUTCOMES
from hitless.records import Outcome, Stream, Workload
from tests.load.engine_bed import Behaviour, FaultServer, close, reset, run_stream, target_of

REST_S = 30


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
            number=0, workload=Workload.TCP, target=target_of(server.port, mode="tcp"), idle_s=REST_S
        )
        rows = run_stream(tmp_path, stream, rows=4)
    assert [OUTCOMES[code] for code in rows["outcome"][:4]] == [Outcome.OK, Outcome.STREAM_CUT] * 2
    cut = rows[1]
    assert cut["flags"] & FLAG_REUSED
    assert cut["errno"] == (ECONNRESET if goodbye is reset else 0)
    half_ns = REST_S * 500_000_000
    assert cut["end_ns"] - rows[0]["end_ns"] < half_ns  # at once, not at the next echo
    assert 20_000_000 <= rows[2]["start_ns"] - cut["end_ns"] < half_ns  # and the client comes back soon
