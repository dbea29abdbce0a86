"""The same answers through the index and without it, whatever has happened to it."""

import os
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hitless.errors import EvidenceError
from hitless.reload.history import History, find_receipts
from hitless.reload.history_index import INDEX_NAME
from hitless.reload.history_query import Query
from hitless.reload.receipts import append_receipt
from hitless.reloads import ReloadOutcome, Requester
from tests.reload.made_receipts import START, make_full, make_receipt

NAME = "receipts-2026-11.jsonl"
INSTANCES = ("haproxy.service", "haproxy@edge.service", "pid 12", "")
USERS = ("root", "alice", "bob", "")
OUTCOMES = tuple(ReloadOutcome)
REASONS = ("pid 7 serves", "Ünbindable 0.0.0.0:80", "a%b_c", "nul\0 '\"", "")
MONTHS = ("2026-11-29T03:00:12Z", "2026-11-30T00:00:00Z", "2026-12-01T00:00:00Z", "2027-01-02T03:04:05Z")

some_receipts = st.lists(
    st.fixed_dictionaries(
        {
            "instance": st.sampled_from(INSTANCES),
            "outcome": st.sampled_from(OUTCOMES),
            "reason": st.sampled_from(REASONS) | st.text(max_size=5),
            "started_at": st.sampled_from(MONTHS),
            "new_pid": st.integers(0, 30),
            "id": st.text("abc", min_size=1, max_size=4),
            "requester": st.builds(
                Requester,
                user=st.sampled_from(USERS),
                login_user=st.sampled_from(USERS),
                uid=st.just(0),
                pid=st.just(1),
                command=st.just(()),
            ),
        }
    ),
    max_size=12,
)
times = st.none() | st.sampled_from([START.timestamp() + days * 86400 for days in (0, 1, 3, 40)])
queries = st.builds(
    Query,
    since_s=times,
    until_s=times,
    instance=st.sampled_from((*INSTANCES, "haproxy", "nobody")),
    outcomes=st.lists(st.sampled_from(OUTCOMES), max_size=2, unique=True),
    user=st.sampled_from((*USERS, "nobody")),
    pid=st.integers(0, 30),
    text=st.sampled_from(("", "PID", "ünb", "%", "_", "'", "\0", "zzz")),
    id_begins=st.text("abc", max_size=2),
    limit=st.integers(0, 5),
)


def without_index(directory: str, query: Query) -> History:
    """Ask where no index can be made; it is put back as it was."""
    index, aside = Path(directory, INDEX_NAME), Path(directory).with_name("aside")
    if index.exists():
        index.rename(aside)
    Path(directory).chmod(0o770)
    try:
        found = find_receipts(directory, query)
    finally:
        Path(directory).chmod(0o700)
        if aside.exists():
            aside.rename(index)
    assert found.not_indexed or not query.selects
    return found


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(first=some_receipts, second=some_receipts, asked=st.lists(queries, min_size=1, max_size=4))
def test_the_index_changes_no_answer(
    tmp_path_factory: pytest.TempPathFactory,
    first: list[dict[str, Any]],
    second: list[dict[str, Any]],
    asked: list[Query],
) -> None:
    directory = str(tmp_path_factory.mktemp("state") / "receipts")
    for part in (first, second):
        for fields in part:
            append_receipt(directory, make_receipt(**fields))
        for query in asked if Path(directory).exists() else ():
            found, read = find_receipts(directory, query), without_index(directory, query)
            assert not found.not_indexed
            assert (found.receipts, found.more) == (read.receipts, read.more)
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def store(tmp_path: Path) -> str:
    directory = str(tmp_path / "receipts")
    for number in range(40):
        append_receipt(directory, make_full(number, instance=f"haproxy@{number % 4}.service"))
    return directory


def test_damage_to_the_index_breaks_nothing_and_makes_nothing_up(store: str) -> None:
    query = Query(instance="haproxy@3")
    right = find_receipts(store, query)
    assert len(right.receipts) == 10
    index = Path(store) / INDEX_NAME
    whole = index.read_bytes()
    dice = random.Random(4)
    for size in (0, 100, 4096, len(whole) // 2, len(whole) - 1):
        index.write_bytes(whole[:size])
        assert find_receipts(store, query).receipts == right.receipts, size
    for _ in range(60):
        damaged = bytearray(whole)
        place = dice.randrange(len(whole) - 64)
        damaged[place : place + 64] = dice.randbytes(64)
        index.write_bytes(damaged)
        found = find_receipts(store, query)
        assert set(found.receipts) <= set(right.receipts)


def test_an_index_that_points_elsewhere_is_found_out_and_made_again(store: str) -> None:
    query = Query(instance="haproxy@3")
    right = find_receipts(store, query)
    path = Path(store) / NAME
    lines = path.read_bytes().splitlines(keepends=True)
    kept = path.stat()
    # The same inode, size and time, and other lines at the places that the index knows.
    with path.open("r+b") as file:
        file.write(b"".join([*lines[20:], *lines[:20]]))
    os.utime(path, ns=(kept.st_atime_ns, kept.st_mtime_ns))
    found = find_receipts(store, query)
    assert "wrong" in found.not_indexed
    assert sorted(r.id for r in found.receipts) == sorted(r.id for r in right.receipts)
    assert not find_receipts(store, query).not_indexed


def test_lines_that_are_none_are_said_both_ways(store: str) -> None:
    with (Path(store) / NAME).open("ab") as file:
        file.write(b"junk\n{")
    query = Query(instance="haproxy@3")
    found = find_receipts(store, query)
    assert len(found.receipts) == 10
    assert [line.why.split(":")[0] for line in found.unreadable] == ["the last line has no end", "no receipt"]
    assert without_index(store, query).unreadable == found.unreadable
    append_receipt(store, make_receipt(99, instance="haproxy@3.service"))
    again = find_receipts(store, query)
    assert again.receipts[0].id == "r000099"
    assert [line.offset for line in again.unreadable] == [line.offset for line in found.unreadable]
    assert all("no receipt" in line.why for line in again.unreadable)


def test_a_line_that_lacks_its_end_alone_is_a_receipt_both_ways(store: str) -> None:
    path = Path(store) / NAME
    path.write_bytes(path.read_bytes()[:-1])
    query = Query(instance="haproxy@3")
    assert find_receipts(store, query).receipts == without_index(store, query).receipts
    find_receipts(store, query)
    append_receipt(store, make_receipt(99, instance="haproxy@3.service"))
    found = find_receipts(store, query)
    assert (len(found.receipts), found.unreadable) == (11, ())
    assert found.receipts == without_index(store, query).receipts


def test_the_newest_are_read_without_an_index(store: str) -> None:
    found = find_receipts(store, Query(limit=3))
    assert [receipt.id for receipt in found.receipts] == ["r000039", "r000038", "r000037"]
    assert found.more
    assert not (Path(store) / INDEX_NAME).exists()


def test_where_nothing_was_reloaded_there_is_nothing(tmp_path: Path) -> None:
    assert find_receipts(str(tmp_path / "nowhere"), Query(limit=3)) == History()
    assert find_receipts(str(tmp_path / "nowhere"), Query(pid=3)).receipts == ()


def test_what_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(EvidenceError, match="cannot be read"):
        find_receipts(str(tmp_path / "file"), Query())


_ASK = """
import sys
from hitless.reload.history import find_receipts
from hitless.reload.history_query import Query
for _ in range(10):
    assert len(find_receipts(sys.argv[1], Query(instance="haproxy@3")).receipts) >= 10
"""


def test_many_may_ask_while_reloads_go_on(store: str) -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    asking = [subprocess.Popen([sys.executable, "-c", _ASK, store], env=environment) for _ in range(6)]
    number = 40
    while any(process.poll() is None for process in asking):
        append_receipt(store, make_receipt(number, instance="haproxy@3.service"))
        number += 1
    assert [process.wait() for process in asking] == [0] * 6
    found = find_receipts(store, Query(instance="haproxy@3"))
    assert len(found.receipts) == 10 + number - 40
