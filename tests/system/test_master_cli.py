"""The CLI of a real master has ten connections, and must have them afterwards."""

from pathlib import Path

import pytest

from hitless.control import MasterCli, WasRefused
from hitless.host.processes import read_socket_inodes
from tests.system.live_haproxy import DEADLINE_S, await_true, live_haproxy, versions

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
