import os
import socket

from hitless.facts import Process, Role
from hitless.reload.preflight.options import PreflightOptions
from hitless.reload.preflight.room import check_room, judge_room
from hitless.reload.preflight.room_finding import Fit, RoomFinding
from hitless.reloads import CheckState
from tests.reload.preflight.targets import target

FITS, TIGHT = RoomFinding("ports fit", Fit.FITS, "a"), RoomFinding("memory is tight", Fit.TIGHT, "b")
FULL = RoomFinding("no descriptor left", Fit.DOES_NOT_FIT, "c")


def test_the_scarcest_counts() -> None:
    assert judge_room([FITS], []).state is CheckState.PASSED
    tight = judge_room([FITS, TIGHT], ["something was not seen"])
    assert (tight.state, tight.message) == (CheckState.WARNED, "memory is tight")
    full = judge_room([FITS, FULL, TIGHT], [])
    assert (full.state, full.message) == (CheckState.FAILED, "no descriptor left")
    assert [e.text for e in full.evidence] == ["no descriptor left", "memory is tight", "ports fit"]


def test_what_was_not_seen_has_not_passed() -> None:
    found = judge_room([FITS], ["the kernel does not list sockets"])
    assert found.state is CheckState.UNKNOWN
    assert "the kernel does not list sockets" in found.message


def test_it_is_all_looked_at() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        us = Process(
            pid=os.getpid(), parent_pid=1, role=Role.WORKER, generation=0, resident_bytes=1024, descriptors=9
        )
        master = Process(pid=os.getpid(), parent_pid=1, role=Role.MASTER)
        port = server.getsockname()[1]
        text = f"global\n    maxconn 10\nbackend app\n    server a 127.0.0.1:{port}\n"
        (found,) = check_room(target(text, processes=(master, us)), PreflightOptions())
    assert found.state is CheckState.PASSED, found
    assert [e.text.split(":")[0] for e in found.evidence][:2] == [
        "descriptors of the process",
        "descriptors of the host",
    ]
    assert any(e.text.startswith("memory") for e in found.evidence)
    assert any(e.text.startswith("source ports") for e in found.evidence)


def test_a_process_that_is_gone_leaves_it_open() -> None:
    gone = Process(pid=2**22 + 1, parent_pid=1, role=Role.WORKER, generation=0)
    assert check_room(target(processes=(gone,)), PreflightOptions())[0].state is CheckState.UNKNOWN
    assert check_room(target(processes=()), PreflightOptions())[0].state is CheckState.UNKNOWN
