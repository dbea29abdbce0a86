"""How many sockets a bind opens."""

import pytest

from hitless.audit.shards import shards_by_cpu, shards_of
from hitless.subject import Subject
from tests.audit.fixtures import read_snapshot


@pytest.mark.parametrize(
    ("global_", "bind", "number", "by_cpu"),
    [
        ("", "", 1, ""),
        ("", "shards 4", 4, ""),
        ("", "shards by-process", 1, ""),
        ("", "shards by-thread", None, "shards by-thread"),
        ("nbthread 2", "shards by-thread", None, ""),
        ("tune.listener.default-shards by-thread", "", None, "tune.listener.default-shards by-thread"),
        ("tune.listener.default-shards by-thread", "shards 2", 2, ""),
        ("", "shards by-group", None, ""),
        ("thread-groups 2", "shards by-group", None, "shards by-group"),
        ("", "shards 0", None, ""),
        ("", "shards nonsense", None, ""),
    ],
)
def test_the_number_of_sockets(global_: str, bind: str, number: int | None, by_cpu: str) -> None:
    snapshot = read_snapshot(f"```cfg\nglobal\n {global_}\nfrontend f\n bind :80 {bind}\n```")
    assert snapshot is not None
    subject = Subject(snapshot, snapshot.instances[0])
    found = subject.frontends[0].binds[0]
    assert shards_of(subject, found) == number
    assert shards_by_cpu(subject, found) == by_cpu
