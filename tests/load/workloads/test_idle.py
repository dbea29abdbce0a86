"""Kept connections that rest between two requests."""

from pathlib import Path

from hitless.records import Stream, Workload
from tests.load.engine_bed import FaultServer, answer_all, run_stream, target_of


def test_a_connection_rests_between_its_requests(tmp_path: Path) -> None:
    with FaultServer(answer_all) as server:
        stream = Stream(number=0, workload=Workload.IDLE, target=target_of(server.port), idle_s=0.05)
        rows = run_stream(tmp_path, stream, rows=4)[:4]
    assert not rows["outcome"].any()
    assert rows["request_number"].tolist() == [1, 2, 3, 4]
    assert len(set(rows["connection"].tolist())) == 1
    assert (rows["start_ns"][1:] - rows["end_ns"][:-1] >= 50_000_000).all()
