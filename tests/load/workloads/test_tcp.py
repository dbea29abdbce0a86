"""A session through a TCP frontend: echo after echo on one connection."""

import socket
from pathlib import Path

from hitless.attempts import OUTCOMES
from hitless.records import Outcome, Stream, Workload
from tests.load.engine_bed import FaultServer, run_stream, target_of


def test_a_session_goes_on_at_its_pace_and_its_loss_is_a_cut_stream(tmp_path: Path) -> None:
    def echo_three_times(connection: socket.socket) -> None:
        for _ in range(3):
            connection.sendall(connection.recv(4096))
        connection.recv(4096)  # the fourth line is lost

    with FaultServer(echo_three_times) as server:
        target = target_of(server.port, mode="tcp")
        stream = Stream(number=0, workload=Workload.TCP, target=target, idle_s=0.03)
        rows = run_stream(tmp_path, stream, rows=4)[:4]
    assert [OUTCOMES[code] for code in rows["outcome"]] == [*[Outcome.OK] * 3, Outcome.STREAM_CUT]
    assert rows["request_number"].tolist() == [1, 2, 3, 4]
    assert len(set(rows["connection"].tolist())) == 1
    assert (rows["start_ns"][1:] - rows["end_ns"][:-1] >= 30_000_000).all()
