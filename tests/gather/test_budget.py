"""Many services that never answer cost no more than one budget."""

import os
import time
from pathlib import Path

from hitless.facts import Process, Role
from hitless.gather import GatherOptions
from hitless.gather.budget import SPENT, Budget
from hitless.gather.instance import gather_instance
from hitless.gather.services import Service
from hitless.host.root import HostRoot


def test_it_counts_down() -> None:
    now = [10.0]
    budget = Budget(5.0, clock=lambda: now[0])
    assert budget.at_most(30.0) == 5.0
    assert budget.at_most(2.0) == 2.0
    assert budget.spent is False
    now[0] = 15.0
    assert Budget(0.0).spent
    assert 0 < budget.at_most(30.0) < 0.01


def a_service(executable: Path) -> Service:
    main = Process(
        pid=os.getpid(),
        parent_pid=1,
        role=Role.CLASSIC,
        generation=0,
        arguments=(str(executable), "-f", "/nowhere.cfg"),
        executable=str(executable),
    )
    return Service(processes=[main])


def test_a_program_that_cannot_be_asked_is_asked_once(tmp_path: Path) -> None:
    program = tmp_path / "haproxy"
    counter = tmp_path / "count"
    program.write_text(f"#!/bin/sh\necho x >> {counter}\nexit 1\n")
    program.chmod(0o755)
    budget = Budget()
    whys = []
    for _ in range(3):
        gathering = gather_instance(a_service(program), HostRoot(), GatherOptions(check=False), budget)
        whys.append([u.why for u in gathering.unknown if u.what == "HAProxy's version"])
    assert whys[0]
    assert whys[0] == whys[1] == whys[2], "each service says why"
    assert counter.read_text() == "x\n"


def test_without_time_nothing_is_asked_and_that_is_said(tmp_path: Path) -> None:
    program = tmp_path / "haproxy"
    program.write_text("#!/bin/sh\nexec sleep 100\n")
    program.chmod(0o755)
    start = time.monotonic()
    gathering = gather_instance(a_service(program), HostRoot(), GatherOptions(), Budget(0.0))
    assert time.monotonic() - start < 50
    assert SPENT in [u.why for u in gathering.unknown]
    assert gathering.instance.binary is None
