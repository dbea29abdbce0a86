from collections.abc import Mapping
from pathlib import Path

import pytest

from hitless.facts import Process, Role
from hitless.reload.preflight.options import PreflightOptions
from hitless.reload.preflight.peers import check_peers, judge_peers, parse_tables, unshared_tables
from hitless.reloads import CheckState
from tests.control.test_inspect import ANSWERS, runtime_api
from tests.reload.preflight.targets import MASTER, target

TABLES = """# table: app, type: ip, size:1024, used:3
# table: t, type: string, size:10, used:0
"""
SECTION = "0x1: [29/Nov/2026:02:40:36] id=p disabled=0 flags=0x{flags} resync_timeout=4s task_calls=1\n"
TEXT = (
    "backend app\n    stick-table type ip size 1k\nbackend t\n    stick-table type string size 10 peers p\n"
)
SERVES = Process(pid=77, parent_pid=100, role=Role.WORKER, generation=0, age_s=9.0)
QUICK = PreflightOptions(ask_timeout_s=1.0, peers_timeout_s=0.3)


@pytest.mark.parametrize(
    ("in_sync", "shared", "lost", "state"),
    [
        (None, 0, {}, CheckState.PASSED),
        (True, 7, {}, CheckState.PASSED),
        (True, 7, {"app": 3}, CheckState.WARNED),
        (None, 0, {"app": 3, "b": 1}, CheckState.WARNED),
        (False, 0, {}, CheckState.PASSED),
        (False, 7, {}, CheckState.FAILED),
        (False, 7, {"app": 3}, CheckState.FAILED),
    ],
)
def test_what_is_lost(
    *, in_sync: bool | None, shared: int, lost: Mapping[str, int], state: CheckState
) -> None:
    check = judge_peers(in_sync, shared, lost)
    assert check.state is state
    if state is CheckState.WARNED:
        assert "the stick-table of app over (3 entries)" in check.message
    if state is CheckState.FAILED:
        assert "loses the 7 entries" in check.message


def test_tables_and_their_entries() -> None:
    assert parse_tables(TABLES) == {"app": 3, "t": 0}
    assert parse_tables("\n") == {}
    assert unshared_tables(target(TEXT).subject) == {"app"}


@pytest.mark.parametrize(
    ("flags", "used", "state"),
    [
        ("3", 0, CheckState.WARNED),
        ("3", 5, CheckState.WARNED),
        ("1", 0, CheckState.WARNED),
        ("1", 5, CheckState.FAILED),
    ],
)
def test_the_process_is_asked_and_waited_for(
    tmp_path: Path, flags: str, used: int, state: CheckState
) -> None:
    tables = TABLES.replace("used:0", f"used:{used}")
    answers = ANSWERS | {"show table": tables, "show peers": SECTION.format(flags=flags)}
    with runtime_api(tmp_path / "a", answers) as address:
        seen = target(
            f"peers p\n    peer me 127.0.0.1:1024\n{TEXT}",
            processes=(MASTER, SERVES),
            stats_addresses=(address,),
        )
        assert check_peers(seen, QUICK)[0].state is state


def test_without_tables_nobody_is_asked_and_without_an_answer_it_is_unknown() -> None:
    assert check_peers(target(processes=(MASTER, SERVES)), QUICK)[0].state is CheckState.PASSED
    assert check_peers(target(TEXT, processes=(MASTER, SERVES)), QUICK)[0].state is CheckState.UNKNOWN
