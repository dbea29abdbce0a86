import os
import subprocess
from pathlib import Path

import pytest

from hitless.facts import Process, Role
from hitless.reload.preflight import hand_over
from hitless.reload.preflight.hand_over import check_hand_over, judge_hand_over
from hitless.reload.preflight.options import PreflightOptions
from hitless.reload.target import Target
from hitless.reloads import CheckState
from tests.control.test_inspect import ANSWERS, INFO, runtime_api
from tests.reload.preflight.targets import target


@pytest.mark.parametrize(
    ("took_s", "stopped", "why", "state"),
    [
        (0.001, False, "", CheckState.PASSED),
        (0.5, False, "", CheckState.WARNED),
        (0.0, False, "no answer", CheckState.FAILED),
        (0.0, True, "", CheckState.FAILED),
    ],
)
def test_how_long_it_took(took_s: float, *, stopped: bool, why: str, state: CheckState) -> None:
    check = judge_hand_over(7, took_s, stopped=stopped, why_silent=why)
    assert check.state is state
    assert "process 7" in check.message


def serving(pid: int, address: str = "") -> Target:
    process = Process(pid=pid, parent_pid=1, role=Role.CLASSIC, generation=0)
    return target(processes=(process,), stats_addresses=(address,) if address else ())


def test_who_answers_passes_and_who_is_silent_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = INFO.replace("Pid: 77", f"Pid: {os.getpid()}")
    with (
        runtime_api(tmp_path / "a", ANSWERS | {"show info": ours}) as address,
        monkeypatch.context() as patient,  # with a machine that is busy
    ):
        patient.setattr(hand_over, "_LIMIT_S", 30.0)
        patient.setattr(hand_over, "_NEAR_S", 30.0)
        assert (
            check_hand_over(serving(os.getpid(), address), PreflightOptions())[0].state is CheckState.PASSED
        )
    with runtime_api(tmp_path / "s", None) as address:
        (silent,) = check_hand_over(serving(os.getpid(), address), PreflightOptions())
    assert silent.state is CheckState.FAILED
    assert "does not answer within 1 s" in silent.message


def test_a_stopped_process_is_not_even_asked() -> None:
    process = subprocess.Popen(["sleep", "60"])
    try:
        os.kill(process.pid, 19)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED)
        (check,) = check_hand_over(serving(process.pid, "/no/such.sock"), PreflightOptions())
    finally:
        process.kill()
        process.wait()
    assert "is stopped" in check.message
    assert check.stops


def test_who_cannot_be_asked_is_unknown() -> None:
    for seen in (target(processes=()), serving(os.getpid()), serving(2**22 + 1, "/x.sock")):
        assert check_hand_over(seen, PreflightOptions())[0].state is CheckState.UNKNOWN
