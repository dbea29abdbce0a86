"""Plans from real processes: copies of a shell that are called haproxy, and wait."""

import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from hitless.errors import ReloadError
from hitless.facts import ConfigurationFile, Instance, Process, Role, RunMode, Snapshot, Unit
from hitless.gather.place import ProcessPlace
from hitless.host.process_traits import read_traits
from hitless.host.root import HostRoot
from hitless.reload import successor_plan
from hitless.reload.successor_plan import is_still, plan_successor
from hitless.reload.target import Target
from hitless.subject import Subject


@contextmanager
def running(directory: Path, *more: str, argument_zero: str = "") -> Iterator[Process]:
    """Run a program that waits, with a command line of our choice."""
    program = directory / "haproxy"
    if not program.exists():
        shutil.copy("/bin/dash", program)
    words = [argument_zero or str(program), "-c", "read line", "x", *more]
    command_line = b"".join(word.encode() + b"\0" for word in words)
    with subprocess.Popen(words, executable=str(program), stdin=subprocess.PIPE) as process:
        while Path(f"/proc/{process.pid}/cmdline").read_bytes() != command_line:
            assert process.poll() is None
        try:
            yield Process(
                pid=process.pid,
                parent_pid=os.getpid(),
                role=Role.CLASSIC,
                generation=0,
                arguments=tuple(words),
                listening_inodes=(),
            )
        finally:
            process.kill()


def target(process: Process, text: str = "", **fields: object) -> Target:
    files = (ConfigurationFile(path="/etc/hostname", text=text, sha256=""),)
    instance = Instance(name="x", mode=RunMode.CLASSIC, processes=(process,), configuration=files)
    snapshot = Snapshot(tool_version="", taken_at="", instances=(instance,))
    found = Target(instance, Subject(snapshot, instance), ProcessPlace(HostRoot()), environment={"A": "b"})
    return replace(found, **fields)  # type: ignore[arg-type]


def test_as_it_runs(tmp_path: Path) -> None:
    with running(tmp_path) as process:
        plan = plan_successor(target(process, directory="/var"))
    assert plan.program == str(tmp_path / "haproxy")
    assert plan.arguments == process.arguments
    assert (plan.environment, plan.directory, plan.daemon, plan.pid_file) == ({"A": "b"}, "/var", False, "")
    assert (plan.account.uid, plan.account.raised) == (os.geteuid(), False)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    assert plan.traits.limits[resource.RLIMIT_NOFILE] == (1024, hard)


def test_what_haproxy_has_forbidden_itself_is_not_passed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = {resource.RLIMIT_NPROC: (0, 0), resource.RLIMIT_CORE: (0, 0)}
    monkeypatch.setattr(
        successor_plan,
        "read_traits",
        lambda pid: replace(read_traits(pid), limits=limits, no_new_privileges=True),
    )
    with running(tmp_path) as process:
        found = plan_successor(target(process)).traits.limits
        assert set(found) == {resource.RLIMIT_CORE, resource.RLIMIT_NOFILE}
        limits[resource.RLIMIT_NPROC] = (7, 7)
        assert plan_successor(target(process)).traits.limits[resource.RLIMIT_NPROC] == (7, 7)
        assert not plan_successor(target(process)).traits.no_new_privileges
        assert plan_successor(target(process, "global\n insecure-setuid-wanted\n")).traits.no_new_privileges


def test_what_a_manager_says_is_not_passed_on(tmp_path: Path) -> None:
    with running(tmp_path) as process:
        environment = {"NOTIFY_SOCKET": "/x", "A": "b"}
        assert plan_successor(target(process, environment=environment)).environment == {"A": "b"}


def test_a_replaced_program_is_what_runs(tmp_path: Path) -> None:
    with running(tmp_path) as process:
        (tmp_path / "haproxy").unlink()
        shutil.copy("/bin/true", tmp_path / "haproxy")
        assert plan_successor(target(process)).program == str(tmp_path / "haproxy")
        (tmp_path / "haproxy").unlink()
        with pytest.raises(ReloadError, match=r"cannot be started: .*haproxy is not there"):
            plan_successor(target(process))


def test_a_link_is_followed_when_it_starts_not_now(tmp_path: Path) -> None:
    (tmp_path / "current").symlink_to("haproxy")
    with running(tmp_path, argument_zero=str(tmp_path / "current")) as process:
        assert plan_successor(target(process)).program == str(tmp_path / "current")


@pytest.mark.parametrize("word", ["haproxy", "./haproxy", "/bin/missing", "{directory}/wrapper"])
def test_a_word_that_is_no_program_leaves_the_one_that_runs(tmp_path: Path, word: str) -> None:
    (tmp_path / "wrapper").write_text("#!/bin/sh\nexec haproxy\n")
    with running(tmp_path, argument_zero=word.format(directory=tmp_path)) as process:
        assert plan_successor(target(process)).program == str(tmp_path / "haproxy")


def test_the_background_has_a_pid_file(tmp_path: Path) -> None:
    with running(tmp_path, "-D", "-p", "run/pid") as process:
        plan = plan_successor(target(process, directory="/var"))
        assert (plan.daemon, plan.pid_file) == (True, "/var/run/pid")
    with running(tmp_path) as process:
        text = "global\n daemon\n pidfile /run/h.pid\n"
        assert plan_successor(target(process, text)).pid_file == "/run/h.pid"
        plan = plan_successor(target(process, "global\n daemon\n"))
        assert (plan.daemon, plan.pid_file) == (True, "")
        assert not plan_successor(target(process, "global\n pidfile /run/h.pid\n")).daemon


def test_who_is_not_there(tmp_path: Path) -> None:
    with running(tmp_path) as process:
        assert is_still(process)
        master = replace_mode(target(process), RunMode.MASTER_WORKER)
        with pytest.raises(ReloadError, match="no process of a classic HAProxy"):
            plan_successor(master)
    assert not is_still(process)
    with pytest.raises(ReloadError, match="has ended meanwhile"):
        plan_successor(target(process))


def replace_mode(seen: Target, mode: RunMode) -> Target:
    instance = Instance(name="x", mode=mode, processes=seen.processes)
    return replace(seen, instance=instance)


def test_a_container_and_a_unit_that_follows_it_are_not_for_us(tmp_path: Path) -> None:
    with running(tmp_path) as process:
        place = ProcessPlace(
            HostRoot(), foreign=True, why="it lives in another mount namespace (a container)"
        )
        with pytest.raises(ReloadError, match="a container"):
            plan_successor(target(process, place=place))
        plain = target(process)
        unit = Unit(name="h.service", source="test", main_pid=process.pid, type="exec")
        instance = Instance(name="x", mode=RunMode.CLASSIC, processes=(process,), unit=unit)
        with pytest.raises(ReloadError, match=r"h\.service ends, and the new process with it"):
            plan_successor(replace(plain, instance=instance))


@pytest.fixture
def dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Target]:
    """A process that root has started and that runs as somebody else, as far as its traits say."""
    if os.geteuid() != 0:
        pytest.skip("only root raises rights")
    for directory in (tmp_path, *tmp_path.parents[:-2]):
        directory.chmod(0o700)
    monkeypatch.setattr(
        successor_plan, "read_traits", lambda pid: replace(read_traits(pid), uid=99, gid=99, groups=(99,))
    )
    monkeypatch.setattr(successor_plan, "read_socket_owners", lambda *_: frozenset({0}))
    with running(tmp_path, "-D", "-p", str(tmp_path / "pid")) as process:
        environment = {"A": "b", "LD_PRELOAD": "/x.so"}
        yield target(process, "global\n user haproxy\n", environment=environment)


def test_rights_are_given_again_with_what_root_alone_can_change(dropped: Target, tmp_path: Path) -> None:
    (tmp_path / "pid").write_text("4711\n")
    plan = plan_successor(dropped)
    assert (plan.account.uid, plan.account.gid, plan.account.groups, plan.account.raised) == (0, 0, (), True)
    assert plan.environment == {"A": "b"}
    assert plan.notes == ("variables that load code are not passed on: LD_PRELOAD",)


def test_not_with_a_program_or_a_configuration_of_others(dropped: Target, tmp_path: Path) -> None:
    (tmp_path / "haproxy").chmod(0o777)
    with pytest.raises(ReloadError, match=r"another user can change .*/haproxy"):
        plan_successor(dropped)
    (tmp_path / "haproxy").chmod(0o755)
    other = tmp_path / "other.cfg"
    other.touch()
    os.chown(other, 99, -1)
    with pytest.raises(ReloadError, match=r"another user can change .*/other\.cfg"):
        plan_successor(dropped, files=(str(other),))


@pytest.mark.parametrize("text", ["root:x:0:0::/root:/bin/sh\n", None])
def test_not_over_a_file_that_is_no_pid_file(dropped: Target, tmp_path: Path, text: str | None) -> None:
    if text is None:
        (tmp_path / "pid").symlink_to("/etc/passwd")
    else:
        (tmp_path / "pid").write_text(text)
    with pytest.raises(ReloadError, match="which it would overwrite, is no pid file"):
        plan_successor(dropped)
