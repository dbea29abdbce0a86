"""The CLI of a real master has ten connections, and must have them afterwards."""

import os
import signal
from pathlib import Path

import pytest

from hitless.control import CouldNotAsk, MasterCli, WasRefused
from hitless.host.processes import read_socket_inodes
from tests.system.live_haproxy import DEADLINE_S, await_true, live_haproxy, stop_process, versions

pytestmark = pytest.mark.system

TIMES = 300
ABSENT = 2**31 - 1


@pytest.mark.parametrize("version", versions())
def test_asking_for_workers_that_have_gone_uses_nothing_up(tmp_path: Path, version: str) -> None:
    with live_haproxy(tmp_path, version) as live:
        master = MasterCli(f"{live.directory}/run/master.sock")
        before = read_socket_inodes(live.process.pid)
        for _ in range(TIMES):
            with pytest.raises(WasRefused, match="Can't find the target"):
                master.ask_worker_info(ABSENT, timeout_s=DEADLINE_S)
        await_true(lambda: read_socket_inodes(live.process.pid) <= before, "its connections are closed")
        assert master.ask_processes(timeout_s=DEADLINE_S).workers


@pytest.mark.parametrize("version", versions())
def test_a_worker_that_hangs_does_not_end_the_cli_of_its_master(tmp_path: Path, version: str) -> None:
    with live_haproxy(tmp_path, version) as live:
        master = MasterCli(f"{live.directory}/run/master.sock")
        (worker,) = live.workers
        stop_process(worker)
        said = set()
        for _ in range(15):
            with pytest.raises(CouldNotAsk) as error:
                master.ask_worker_info(worker, timeout_s=0.1)
            said.add(error.value.unanswered)
        assert said == {True, False}
        assert master.ask_processes(timeout_s=DEADLINE_S).workers
        os.kill(worker, signal.SIGCONT)
