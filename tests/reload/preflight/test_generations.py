import pytest

from hitless.facts import MasterProcess, MasterView, Process, Role, RunMode, WorkerView
from hitless.reload.preflight.generations import (
    OldProcess,
    check_generations,
    ended_by_max_reloads,
    judge_generations,
    max_reloads,
)
from hitless.reload.preflight.options import PreflightOptions
from hitless.reloads import CheckState
from tests.reload.preflight.targets import MASTER, WORKER, target

OLD = [OldProcess(5, 90.0, "3 connections"), OldProcess(4, 400.0)]


@pytest.mark.parametrize(
    ("old", "limit", "ended", "state"),
    [
        ([], 8, [], CheckState.PASSED),
        (OLD, 8, [], CheckState.PASSED),
        (OLD, 3, [], CheckState.PASSED),
        (OLD, 2, [], CheckState.FAILED),
        (OLD, 1, [], CheckState.FAILED),
        (OLD, 0, [], CheckState.PASSED),
        (OLD, 8, [4], CheckState.WARNED),
        (OLD, 2, [4], CheckState.FAILED),
    ],
)
def test_how_many_may_live(old: list[OldProcess], limit: int, ended: list[int], state: CheckState) -> None:
    assert judge_generations(old, limit, ended=ended, bounded=True).state is state


def test_who_they_are_and_why_they_live() -> None:
    check = judge_generations(OLD, 2, bounded=False)
    assert (
        check.message
        == "2 old processes are still alive, and 2 are allowed: 4 (400 s), 5 (90 s, 3 connections)"
    )
    assert "hard-stop-after" in check.hint
    assert "hard-stop-after" not in judge_generations(OLD, 2, bounded=True).hint
    assert judge_generations(OLD[:1], 8, bounded=True).message == "1 old process is still alive"


def row(pid: int, reloads: int, kind: str = "worker") -> MasterProcess:
    return MasterProcess(pid=pid, kind=kind, reloads=reloads, age_s=9.0, version="2.8", old=bool(reloads))


@pytest.mark.parametrize(
    ("limit", "ended"), [(None, ()), (0, (1, 2, 3)), (1, (2, 3)), (2, (3,)), (3, ()), (50, ())]
)
def test_whom_the_bound_on_reloads_ends(limit: int | None, ended: tuple[int, ...]) -> None:
    rows = (row(9, 12, "master"), row(1, 0), row(2, 1), row(3, 2))
    assert ended_by_max_reloads(rows, limit) == ended


@pytest.mark.parametrize(
    ("text", "version", "mode", "limit"),
    [
        ("global\n    mworker-max-reloads 3\n", "2.8.25", RunMode.MASTER_WORKER, 3),
        ("global\n    mworker-max-reloads 3\n", "2.8.25", RunMode.CLASSIC, None),
        ("global\n    maxconn 3\n", "3.2.26", RunMode.MASTER_WORKER, None),
        ("global\n    maxconn 3\n", "3.3.0", RunMode.MASTER_WORKER, 50),
        ("global\n    mworker-max-reloads x\n", "3.3.0", RunMode.MASTER_WORKER, None),
    ],
)
def test_the_bound_on_reloads(text: str, version: str, mode: RunMode, limit: int | None) -> None:
    assert max_reloads(target(text, version=version, mode=mode)) == limit


def test_they_are_counted_by_their_processes() -> None:
    old = Process(pid=90, parent_pid=100, role=Role.WORKER, generation=1, age_s=300.0, connections=2)
    said = WorkerView(
        pid=89, socket="/run/a", stopping=True, current_connections=7, sessions=("www/app, age 3h",)
    )
    older = Process(pid=89, parent_pid=100, role=Role.WORKER, generation=2, age_s=900.0)
    view = MasterView(socket="/run/m", processes=(row(101, 0),), failed_reloads=0)
    seen = target(processes=(MASTER, WORKER, old, older), workers=(said,), master=view)
    (check,) = check_generations(seen, PreflightOptions(max_generations=2))
    assert check.state is CheckState.FAILED
    assert "89 (900 s, 7 connections, the oldest www/app, age 3h), 90 (300 s, 2 connections)" in check.message


def test_processes_that_could_not_be_seen_are_not_none() -> None:
    assert check_generations(target(processes=None), PreflightOptions())[0].state is CheckState.UNKNOWN
