import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hitless.host.errors import Gone, HostError
from hitless.host.process_traits import read_socket_owners, read_traits

WAITS = "import os, sys; exec(sys.argv[1]); print(flush=True); sys.stdin.read()"


@contextmanager
def program(text: str, *prefix: str) -> Iterator[int]:
    words = [*prefix, sys.executable, "-I", "-S", "-c", WAITS, text]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"\n"
        yield process.pid
        process.kill()


def test_a_child_is_as_we_are() -> None:
    with program("") as pid:
        found = read_traits(pid)
    assert (found.uid, found.gid) == (os.getuid(), os.getgid())
    assert set(found.groups) == set(os.getgroups())
    assert found.limits[resource.RLIMIT_NOFILE] == resource.getrlimit(resource.RLIMIT_NOFILE)
    assert found.limits[resource.RLIMIT_CORE] == resource.getrlimit(resource.RLIMIT_CORE)
    assert found.control_group_files == ()
    assert found.other_namespaces == ()
    assert found.oom_score_adj == int(Path("/proc/self/oom_score_adj").read_text())
    assert found.nice == os.getpriority(os.PRIO_PROCESS, 0)


def test_what_was_changed_is_seen() -> None:
    text = """
import resource
os.umask(0o027); os.nice(3)
open("/proc/self/oom_score_adj", "w").write("555")
resource.setrlimit(resource.RLIMIT_CORE, (0, 4096))
"""
    with program(text) as pid:
        found = read_traits(pid)
    assert (found.umask, found.oom_score_adj) == (0o027, 555)
    assert found.nice == os.getpriority(os.PRIO_PROCESS, 0) + 3
    assert found.limits[resource.RLIMIT_CORE] == (0, 4096)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can change its user")
def test_a_process_that_gave_up_its_rights() -> None:
    with program("os.setgroups([7, 8]); os.setgid(65534); os.setuid(65534)") as pid:
        found = read_traits(pid)
    assert (found.uid, found.gid, found.groups) == (65534, 65534, (7, 8))
    assert found.capabilities.permitted == 0
    assert found.capabilities.bounding != 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start it as another user")
def test_a_process_that_was_started_as_another_user() -> None:
    words = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs", "sleep", "60"]
    with subprocess.Popen(words) as process:
        while "sleep" not in Path(f"/proc/{process.pid}/cmdline").read_text().split("\0")[0]:
            pass
        found = read_traits(process.pid)
        process.kill()
    assert (found.uid, found.groups, found.no_new_privileges) == (65534, (), True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be two users")
def test_a_socket_says_who_made_it() -> None:
    text = """
import socket
kept = [socket.create_server(("127.0.0.1", 0))]; os.setuid(65534); kept.append(socket.create_server(("127.0.0.1", 0)))
os.dup2(kept[0].fileno(), 30); os.dup2(kept[1].fileno(), 31)
"""
    with program(text) as pid:
        made = [os.stat(f"/proc/{pid}/fd/{number}").st_ino for number in (30, 31)]  # noqa: PTH116
        assert [read_socket_owners(pid, {inode}) for inode in made] == [{0}, {65534}]
        assert read_socket_owners(pid, set(made)) == {0, 65534}
        assert read_socket_owners(pid, ()) == set()
    with pytest.raises(Gone):
        read_socket_owners(0x7FFF_FFFF, ())


@pytest.mark.skipif(os.geteuid() != 0, reason="namespaces need root")
def test_namespaces_and_the_number_inside() -> None:
    with program("", "unshare", "--net", "--uts", "--pid", "--fork", "--kill-child") as outer:
        (child,) = map(int, Path(f"/proc/{outer}/task/{outer}/children").read_text().split())
        found = read_traits(child)
    assert found.other_namespaces == ("net", "pid", "uts")
    assert found.pid_inside == 1


def test_nobody_there_and_nonsense(tmp_path: Path) -> None:
    with pytest.raises(Gone):
        read_traits(0x7FFF_FFFF)
    place = tmp_path / str(os.getpid())
    (place / "ns").mkdir(parents=True)
    for kind in ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts"):
        (place / "ns" / kind).touch()
    (place / "status").write_text("Name:\tx\n")
    (place / "oom_score_adj").write_text("0\n")
    with pytest.raises(HostError, match="not understood"):
        read_traits(os.getpid(), tmp_path)
