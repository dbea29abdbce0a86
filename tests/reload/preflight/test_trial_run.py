import errno
import os
import socket
import sys
from pathlib import Path

import pytest

from hitless.errors import ReloadError
from hitless.gather.place import ProcessPlace
from hitless.host.errors import Gone
from hitless.host.rights import read_rights
from hitless.host.root import HostRoot
from hitless.reload.preflight import trial_run
from hitless.reload.preflight.receivers import NameQuery
from hitless.reload.preflight.trial_run import TrialPlace, resolve_names, run_trial
from hitless.reload.preflight.trial_task import AddressTrial, TrialTask

HERE = ProcessPlace(HostRoot())


def ours(pid: int = 0, place: ProcessPlace = HERE) -> TrialPlace:
    return TrialPlace(pid or os.getpid(), place, read_rights(os.getpid()))


def tcp(port: int) -> TrialTask:
    return TrialTask(
        addresses=(AddressTrial(family=socket.AF_INET, kind=socket.SOCK_STREAM, host="127.0.0.1", port=port),)
    )


def test_an_answer_from_our_own_place() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        (result,) = run_trial(tcp(server.getsockname()[1]), ours()).addresses
    assert result.errno == errno.EADDRINUSE


def test_an_answer_from_another_root(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("another root needs root")
    (tmp_path / "run").mkdir()
    place = ProcessPlace(HostRoot(tmp_path), foreign=True, why="its root is elsewhere")
    answer = run_trial(TrialTask(paths=(b"/run/x.sock", b"/etc/x")), ours(place=place))
    assert [path.directory_errno for path in answer.paths] == [0, errno.ENOENT]


def test_a_process_that_is_gone() -> None:
    with pytest.raises(Gone):
        run_trial(TrialTask(), ours(0x7FFF_FFFF))


def test_what_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial_run, "_PROGRAM", ("-c", "import signal; signal.pause()"))
    with pytest.raises(ReloadError, match=r"no answer within 0\.2 s"):
        run_trial(TrialTask(), ours(), timeout_s=0.2)


def test_what_fails_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial_run, "_PROGRAM", ("-c", "raise SystemExit('out of luck')"))
    with pytest.raises(ReloadError, match=r"ended with status 1: out of luck"):
        run_trial(TrialTask(), ours())
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(ReloadError, match="cannot be started: No such file"):
        run_trial(TrialTask(), ours())


def test_names_are_resolved_where_haproxy_lives(tmp_path: Path) -> None:
    local, none = NameQuery("localhost", 4), NameQuery("x..invalid", 0)
    found = resolve_names((local, none), ours())
    assert found[local].address == "127.0.0.1"
    assert found[none].error
    assert resolve_names((), ours()) == {}
    container = ProcessPlace(HostRoot(tmp_path), foreign=True, why="it lives in another mount namespace")
    (result,) = resolve_names((local,), ours(place=container)).values()
    assert not result.final
    assert "not ours to run" in result.error


def test_names_that_take_too_long_are_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial_run, "_PROGRAM", ("-c", "import signal; signal.pause()"))
    (result,) = resolve_names((NameQuery("lb", 0),), ours(), timeout_s=0.2).values()
    assert (result.address, result.final) == ("", False)
    assert "no answer" in result.error
