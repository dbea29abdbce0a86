"""Starting and following successors, with a program that behaves as HAProxy does; tests/system has HAProxy itself."""

import contextlib
import json
import os
import resource
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hitless.errors import ReloadError
from hitless.host.process_handle import ProcessHandle
from hitless.host.processes import read_children
from hitless.reload.succession import Account
from hitless.reload.successor import Successor, start_successor
from hitless.reload.successor_plan import SuccessorPlan
from tests.control.test_socket_transfer import open_descriptors
from tests.reload.fake_haproxy import Predecessor, predecessor
from tests.system.conftest import unprivileged_python

DEADLINE_S = 60.0


@pytest.fixture(params=["foreground", "background"])
def mode(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture
def old(tmp_path: Path) -> Iterator[Predecessor]:
    with predecessor(tmp_path, errors=tmp_path / "stderr") as found:
        yield found


@contextlib.contextmanager
def started(old: Predecessor, plan: SuccessorPlan, *, pass_pauses: bool = False) -> Iterator[Successor]:
    """Start it; whatever is left of it is ended."""
    before = open_descriptors(), set(read_children(os.getpid())) - {old.pid}
    left: set[int] = set()
    try:
        with start_successor(
            old.target(), transfer_from=None, plan=plan, pass_pauses=pass_pauses
        ) as successor:
            yield successor
            left = set(successor.pids)
        assert (open_descriptors(), set(read_children(os.getpid())) - left - {old.pid}) == before
    finally:
        for pid in left:
            end(pid)


def await_end(successor: Successor) -> int | None:
    assert not successor.wait_started(DEADLINE_S)
    return successor.exit_status


def end(pid: int) -> None:
    with contextlib.suppress(Exception), ProcessHandle(pid) as process:
        process.send_signal(signal.SIGKILL)
        assert process.await_exit(DEADLINE_S)


def test_the_old_one_serves_until_it_is_released(old: Predecessor, mode: str) -> None:
    with started(old, old.plan(mode=mode)) as successor:
        assert successor.wait_started(DEADLINE_S)
        assert successor.pid
        assert successor.exit_status is None
        assert [message.text for message in successor.messages] == ["this is a fake"]
        assert old.process.poll() is None
        assert successor.release_old() == (old.pid,)
        assert old.hear() == "SIGUSR1"
        assert old.process.wait(DEADLINE_S) == 0


def test_it_outlives_us(old: Predecessor, mode: str) -> None:
    with started(old, old.plan(mode=mode)) as successor:
        assert successor.wait_started(DEADLINE_S)
        successor.close()
        assert successor.messages
        assert Path(f"/proc/{successor.pid}").exists()
        assert os.getsid(successor.pid) == successor.pid


def test_one_that_refuses_is_reported_with_what_it_says(old: Predecessor, mode: str) -> None:
    with started(old, old.plan(how="refuses", mode=mode)) as successor:
        assert not successor.wait_started(DEADLINE_S)
        assert successor.exit_status == 1
        assert successor.pid == 0
        assert [message.where for message in successor.messages] == ["", "h.cfg:3"]
    assert old.process.poll() is None


def test_one_that_dies_after_it_has_bound_does_not_count(old: Predecessor, mode: str) -> None:
    """HAProxy's own -sf would have left nobody: it has told the old one to leave before."""
    with started(old, old.plan(how="dies", mode=mode)) as successor:
        assert not successor.wait_started(DEADLINE_S)
        assert successor.exit_status == 1
        assert "Cannot chroot" in [message.text for message in successor.messages]
    assert old.process.poll() is None


def test_a_pause_is_not_passed_on(old: Predecessor) -> None:
    with started(old, old.plan(how="cannot-bind")) as successor:
        assert not successor.wait_started(DEADLINE_S)
        assert successor.asked_for_pause
    old.process.send_signal(signal.SIGUSR1)
    assert old.hear() == "SIGUSR1"  # and no SIGTTOU before it


def test_a_pause_is_passed_on_where_that_was_asked_for(old: Predecessor) -> None:
    with started(old, old.plan(how="cannot-bind"), pass_pauses=True) as successor:
        assert not successor.wait_started(DEADLINE_S)
        old.hear_all("SIGTTOU", "SIGTTIN")


def test_one_that_hangs_is_withdrawn(old: Predecessor, mode: str) -> None:
    with started(old, old.plan(how="hangs", mode=mode)) as successor:
        assert not successor.wait_started(0.05)
        assert successor.exit_status is None
        successor.withdraw()
        assert await_end(successor) == -signal.SIGKILL
    assert old.process.poll() is None


def test_an_error_withdraws_it(old: Predecessor, mode: str) -> None:
    seen: list[int] = []

    def interrupted() -> None:
        with started(old, old.plan(mode=mode)) as successor:
            assert successor.wait_started(DEADLINE_S)
            seen.append(successor.pid)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    (pid,) = seen
    with contextlib.suppress(ProcessLookupError, FileNotFoundError):
        assert Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    assert old.process.poll() is None


def test_one_that_goes_on_listening_is_ended(old: Predecessor) -> None:
    with started(old, old.plan(how="stubborn")) as successor:
        assert successor.wait_started(DEADLINE_S)
        successor.withdraw()
        assert await_end(successor) == -signal.SIGKILL


def test_it_is_started_as_the_old_one_was(tmp_path: Path, mode: str) -> None:
    text = """
import resource
os.umask(0o027); os.nice(2)
open("/proc/self/oom_score_adj", "w").write("321")
resource.setrlimit(resource.RLIMIT_CORE, (0, 4096))
"""
    report = tmp_path / "report"
    with predecessor(tmp_path, text) as old:
        plan = old.plan("-L", "x", mode=mode, FAKE_REPORT=str(report), WORD="caf\udce9")
        with started(old, plan) as successor:
            assert successor.wait_started(DEADLINE_S)
            assert successor.notes == ()
    told = json.loads(report.read_text())
    stand_in = told["argv"][2]
    assert told["argv"][1:] == [
        "-sf",
        stand_in,
        *(["-D"] if mode == "background" else []),
        "-f",
        "h.cfg",
        "-L",
        "x",
    ]
    assert told["environment"] == {
        "FAKE": "",
        "FAKE_REPORT": str(report),
        "WORD": "caf\udce9",
        "LC_CTYPE": "C.UTF-8",
    }
    assert told["directory"] == str(tmp_path)
    assert told["status"]["Umask"] == "0027"
    assert told["limits"] == [list(plan.traits.limits[resource.RLIMIT_NOFILE]), [0, 4096]]
    assert (told["oom_score_adj"], told["nice"]) == ("321", plan.traits.nice)
    assert told["session"]
    assert told["parent"]
    assert (told["ignored"], told["blocked"]) == (0, 0)
    assert told["open"] == 3
    assert told["descriptors"][0] == "/dev/null"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts as somebody else")
def test_as_another_user_with_capabilities(tmp_path: Path) -> None:
    for directory in (tmp_path, *tmp_path.parents[:-2]):
        directory.chmod(0o755)
    (tmp_path / "out").mkdir()
    (tmp_path / "out").chmod(0o777)
    report = tmp_path / "out" / "report"
    bind_service = 1 << 10
    with predecessor(tmp_path) as old:
        python = unprivileged_python()
        if python is None:
            pytest.skip("no Python that another user may start")
        plan = old.plan(python=python, FAKE_REPORT=str(report))
        traits = replace(
            plan.traits,
            no_new_privileges=True,
            capabilities=replace(plan.traits.capabilities, bounding=bind_service | 1),
        )
        account = Account(65534, 65533, (65532,), inheritable=bind_service, ambient=bind_service)
        with started(old, replace(plan, account=account, traits=traits)) as successor:
            assert successor.wait_started(DEADLINE_S)
    status = json.loads(report.read_text())["status"]
    assert status["Uid"].split() == ["65534"] * 4
    assert status["Gid"].split() == ["65533"] * 4
    assert status["Groups"].split() == ["65532"]
    assert [int(status[f"Cap{kind}"], 16) for kind in ("Inh", "Prm", "Eff", "Amb")] == [bind_service] * 4
    assert int(status["CapBnd"], 16) == bind_service | 1
    assert status["NoNewPrivs"] == "1"


@pytest.mark.skipif(os.geteuid() != 0, reason="namespaces need root")
def test_in_its_namespaces(tmp_path: Path) -> None:
    report = tmp_path / "report"
    unshare = ["unshare", "--net", "--uts", "--ipc", "--mount", "sleep", "600"]
    with predecessor(tmp_path) as old, subprocess.Popen(unshare) as other:
        while Path(f"/proc/{other.pid}/comm").read_text() != "sleep\n":
            pass
        plan = old.plan(FAKE_REPORT=str(report))
        elsewhere = replace(plan.traits, pid=other.pid, other_namespaces=("ipc", "mnt", "net", "uts"))
        with started(old, replace(plan, traits=elsewhere)) as successor:
            # In a network without any interface that is up it cannot serve, but it is there.
            successor.wait_started(0.2)
            for kind in ("ipc", "mnt", "net", "uts"):
                theirs, its = Path(f"/proc/{other.pid}/ns/{kind}"), Path(f"/proc/{successor.pid}/ns/{kind}")
                assert its.stat().st_ino == theirs.stat().st_ino
            successor.withdraw()
        other.kill()


def test_a_program_that_is_none(old: Predecessor) -> None:
    before = open_descriptors()
    plan = replace(old.plan(), program=str(old.directory / "missing"))
    with pytest.raises(ReloadError, match=r"could not be started: .*missing"):
        start_successor(old.target(), transfer_from=None, plan=plan)
    assert open_descriptors() == before
    assert read_children(os.getpid()) == [old.pid]


def test_a_directory_that_is_gone(old: Predecessor) -> None:
    plan = replace(old.plan(), directory=str(old.directory / "missing"))
    with pytest.raises(ReloadError, match="could not be started: the directory of the old process"):
        start_successor(old.target(), transfer_from=None, plan=plan)


def test_a_predecessor_that_has_ended(old: Predecessor) -> None:
    plan, target = old.plan(), old.target()
    old.process.kill()
    old.process.wait()
    with pytest.raises(ReloadError, match=f"Process {old.pid} has ended"):
        start_successor(target, transfer_from=None, plan=plan)


def test_the_pid_file_of_a_failed_start_is_put_back(old: Predecessor) -> None:
    pid_file = old.directory / "pid"
    pid_file.write_text(f"{old.pid}\n")
    plan = replace(old.plan("-p", str(pid_file), how="dies", mode="background"), pid_file=str(pid_file))
    with started(old, plan) as successor:
        assert not successor.wait_started(DEADLINE_S)
    assert pid_file.read_text() == f"{old.pid}\n"
    plan = replace(plan, environment={})
    with started(old, plan) as successor:
        assert successor.wait_started(DEADLINE_S)
        assert pid_file.read_text() == f"{successor.pid}\n"
        successor.withdraw()
    assert pid_file.read_text() == f"{old.pid}\n"


def test_where_it_cannot_be_reached_it_is_not_started(old: Predecessor) -> None:
    target = old.target()
    foreign = replace(target.place, foreign=True)
    with pytest.raises(ReloadError, match="is not there in the mount namespace"):
        start_successor(
            replace(target, place=replace(foreign, root=type(foreign.root)(old.directory))),
            transfer_from="/proc/self/status",
            plan=old.plan(),
        )
