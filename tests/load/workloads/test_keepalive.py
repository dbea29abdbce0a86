"""Kept connections, each its own."""

from pathlib import Path

from hitless.attempts import FLAG_REUSED
from hitless.records import Stream, Workload
from tests.load.engine_bed import FaultServer, note_heads, run_stream, target_of


def test_requests_follow_each_other_on_the_connection_of_their_client(tmp_path: Path) -> None:
    heads: list[bytes] = []
    with FaultServer(note_heads(heads)) as server:
        target = target_of(server.port)
        stream = Stream(number=0, workload=Workload.KEEPALIVE, target=target, connections=2, rate_per_s=400)
        rows = run_stream(tmp_path, stream, rows=8)
    assert not any(b"connection:" in head.lower() for head in heads)
    assert not rows["outcome"].any()
    for connection in set(rows["connection"].tolist()):
        own = rows[rows["connection"] == connection]
        assert own["request_number"].tolist() == list(range(1, len(own) + 1))
        assert [bool(flags & FLAG_REUSED) for flags in own["flags"]] == [
            number > 1 for number in own["request_number"]
        ]
    assert len(set(rows["connection"].tolist())) == 2
