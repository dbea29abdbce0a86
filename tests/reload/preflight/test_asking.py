from pathlib import Path

import pytest

from hitless.control.errors import CouldNotAsk, WasRefused
from hitless.facts import Process, Role
from hitless.reload.preflight.asking import reach_current
from tests.control.test_inspect import ANSWERS, INFO, runtime_api
from tests.reload.preflight.targets import MASTER, target

SERVES = (MASTER, Process(pid=77, parent_pid=100, role=Role.WORKER, generation=0))


def test_a_process_is_asked_through_its_master_or_its_own_socket(tmp_path: Path) -> None:
    with runtime_api(tmp_path / "s", ANSWERS | {"show map": "# id"}) as address:
        for way in ({"master_address": address}, {"stats_addresses": ("/no/such.sock", address)}):
            process = reach_current(target(processes=SERVES, **way), timeout_s=30.0)
            assert process.info.pid == 77
            assert process.ask("show map") == "# id"
            assert process.time_left
            with pytest.raises(WasRefused):
                process.ask("drop everything")


def test_who_answers_in_its_place_is_not_taken_for_it(tmp_path: Path) -> None:
    other = ANSWERS | {"show info": INFO.replace("Pid: 77", "Pid: 78")}
    with runtime_api(tmp_path / "s", other) as address, pytest.raises(CouldNotAsk) as error:
        reach_current(target(processes=SERVES, stats_addresses=(address,)), timeout_s=30.0)
    assert "process 78 answers in its place" in error.value.message


def test_who_has_no_socket_or_is_not_there_cannot_be_asked() -> None:
    with pytest.raises(CouldNotAsk, match="no stats socket"):
        reach_current(target(processes=SERVES), timeout_s=1.0)
    with pytest.raises(CouldNotAsk, match="no process serves"):
        reach_current(target(processes=()), timeout_s=1.0)


def test_silence_ends(tmp_path: Path) -> None:
    with (
        runtime_api(tmp_path / "s", None) as address,
        pytest.raises(CouldNotAsk, match="did not answer in time"),
    ):
        reach_current(target(processes=SERVES, stats_addresses=(address,)), timeout_s=0.2)
