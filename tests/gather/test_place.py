import os
from pathlib import Path

import pytest

from hitless.gather.place import ProcessPlace, find_place
from hitless.host.errors import HostError
from hitless.host.root import HostRoot


def test_our_own_place_is_the_host() -> None:
    place = find_place(os.getpid(), HostRoot())
    assert not place.foreign
    assert place.same_network
    assert place.socket_address("/run/x.sock") == "/run/x.sock"


def test_a_socket_of_another_root_is_reached_through_it(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "var").mkdir()
    (tmp_path / "var/run").symlink_to("/run")
    place = ProcessPlace(HostRoot(tmp_path), foreign=True, why="its root is elsewhere")
    if len(str(tmp_path)) < 90:
        assert place.socket_address("/var/run/x.sock") == f"{tmp_path}/run/x.sock"
    with pytest.raises(HostError, match="too long"):
        place.socket_address("/run/" + "x" * 100)


def test_what_is_not_ours_to_trust_is_not_run(tmp_path: Path) -> None:
    place = ProcessPlace(HostRoot())
    assert not place.may_run("/bin/true")
    assert "is not there" in place.may_run("/nowhere/haproxy")
    foreign = ProcessPlace(HostRoot(tmp_path), foreign=True, why="it lives elsewhere")
    assert "it lives elsewhere" in foreign.may_run("/bin/true")
    program = tmp_path / "haproxy"
    program.touch()
    program.chmod(0o757)
    if os.geteuid() == 0:
        assert "another user" in place.may_run(str(program))


def test_a_sandbox_of_systemd_is_no_container(tmp_path: Path) -> None:
    own = "/proc/self/ns/mnt"
    sandbox = ProcessPlace(HostRoot(), foreign=True, why="x", mount_namespace=own)
    assert not sandbox.may_run("/bin/true")
    assert sandbox.command_prefix("/srv") == ("nsenter", f"--mount={own}", "--", "env", "-C", "/srv")
    assert sandbox.command_prefix() == ("nsenter", f"--mount={own}", "--")
    other = ProcessPlace(HostRoot(tmp_path), foreign=True, why="another file there", mount_namespace=own)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/true").touch()
    assert "another file there" in other.may_run("/bin/true")
    assert ProcessPlace(HostRoot()).command_prefix("/srv") == ()


def test_a_directory_that_others_can_change_counts_as_the_program_does(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        return
    place = ProcessPlace(HostRoot())
    directory = tmp_path / "bin"
    directory.mkdir()
    program = directory / "haproxy"
    program.touch()
    link = tmp_path / "link"
    link.symlink_to(program)
    assert not place.may_run(str(program))
    for owner, mode in ((1234, 0o755), (0, 0o757)):
        os.chown(directory, owner, owner)
        directory.chmod(mode)
        assert "another user" in place.may_run(str(program))
        assert "another user" in place.may_run(str(link)), "what a link leads through counts, too"
    directory.chmod(0o1777)
    assert not place.may_run(str(program)), "in a sticky directory nobody replaces what is not his"
