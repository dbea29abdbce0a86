import os
import socket
from pathlib import Path

import pytest

from hitless.facts import Process, Role, RunMode, Unit
from hitless.reload.preflight import master
from hitless.reload.preflight.master import CliAnswer, ask_master, check_master, judge_master
from hitless.reload.preflight.options import PreflightOptions
from hitless.reloads import CheckState
from tests.control.test_inspect import ANSWERS, PROC, runtime_api
from tests.reload.preflight.targets import target

US = Process(pid=os.getpid(), parent_pid=1, role=Role.MASTER)
QUICK = PreflightOptions(ask_timeout_s=0.3)


@pytest.mark.parametrize(
    ("answer", "gone", "reloading", "state", "said"),
    [
        (None, False, "", CheckState.PASSED, "process 7 is there"),
        (CliAnswer(pid=7), False, "", CheckState.PASSED, "answers and is not reloading"),
        (CliAnswer(pid=8), False, "", CheckState.FAILED, "another master (8)"),
        (CliAnswer(problem="no answer"), False, "", CheckState.FAILED, "does not answer"),
        (CliAnswer(problem="refused", nobody_listens=True), False, "", CheckState.WARNED, "only a signal"),
        (None, True, "", CheckState.FAILED, "has ended"),
        (CliAnswer(pid=7), False, "process 9 is starting", CheckState.FAILED, "process 9 is starting"),
    ],
)
def test_what_was_found(
    answer: CliAnswer | None, *, gone: bool, reloading: str, state: CheckState, said: str
) -> None:
    check = judge_master(7, answer, gone=gone, reloading=reloading)
    assert check.state is state
    assert said in check.message


def test_a_cli_that_answers_is_silent_or_is_not_there(tmp_path: Path) -> None:
    ours = PROC.replace("1200 ", f"{os.getpid()} ")
    with runtime_api(tmp_path / "m", ANSWERS | {"show proc": ours}) as address:
        seen = target(processes=(US,), master_address=address)
        assert ask_master(seen, timeout_s=30.0) == CliAnswer(pid=os.getpid())
        assert check_master(seen, PreflightOptions(ask_timeout_s=30.0))[0].state is CheckState.PASSED
    with runtime_api(tmp_path / "s", None) as address:
        silent = check_master(target(processes=(US,), master_address=address), QUICK)[0]
    assert silent.state is CheckState.FAILED
    with runtime_api(tmp_path / "n", ANSWERS | {"show proc": "hello"}) as address:
        odd = check_master(target(processes=(US,), master_address=address), QUICK)[0]
    assert odd.state is CheckState.FAILED
    for path in (tmp_path / "gone", tmp_path / "s"):
        nobody = check_master(target(processes=(US,), master_address=str(path)), QUICK)[0]
        assert nobody.state is CheckState.WARNED


def test_a_stale_socket_file_is_nobody(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / "stale"))
    answer = ask_master(target(processes=(US,), master_address=str(tmp_path / "stale")), timeout_s=0.2)
    assert answer.nobody_listens


def test_a_number_that_means_another_process_by_now(tmp_path: Path) -> None:
    del tmp_path
    older = Process(pid=os.getpid(), parent_pid=1, role=Role.MASTER, age_s=1e9)
    gone = Process(pid=2**22 + 1, parent_pid=1, role=Role.MASTER)
    for process in (older, gone):
        assert "has ended" in check_master(target(processes=(process,)), QUICK)[0].message


def test_nothing_to_reload() -> None:
    assert "no master" in check_master(target(processes=()), QUICK)[0].message
    assert "no process serves" in check_master(target(mode=RunMode.CLASSIC, processes=()), QUICK)[0].message


def test_a_worker_that_starts_is_a_reload_under_way() -> None:
    serves = Process(pid=5, parent_pid=1, role=Role.WORKER, generation=0, age_s=50.0)
    starts = Process(pid=6, parent_pid=1, role=Role.WORKER, generation=None, age_s=1.0)
    (check,) = check_master(target(processes=(US, serves, starts)), QUICK)
    assert check.message == "a reload is under way: process 6 is starting"


@pytest.mark.parametrize(
    ("ours", "state"),
    [
        ("/system.slice/x.service", CheckState.FAILED),
        ("/system.slice/haproxy.service/.control", CheckState.PASSED),
    ],
)
def test_the_reload_of_the_unit_that_asked_us_is_ours(
    monkeypatch: pytest.MonkeyPatch, ours: str, state: CheckState
) -> None:
    monkeypatch.setattr(master, "systemd_group", lambda _pid: ours)
    unit = Unit(name="haproxy.service", source="systemctl", active_state="reloading")
    assert check_master(target(processes=(US,), unit=unit), QUICK)[0].state is state
