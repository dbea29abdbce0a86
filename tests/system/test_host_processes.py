"""HAProxy's processes, listeners and addresses as the host's own tools see them."""

import contextlib
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hitless.facts import Process, Role
from hitless.host.addresses import read_addresses
from hitless.host.haproxy_processes import group_instances, read_haproxy_processes
from hitless.host.listening import read_listening
from hitless.host.netns import in_network_namespace
from hitless.host.root import HostRoot
from hitless.host.sysctls import read_sysctls
from tests.ports import free_port
from tests.system.conftest import require
from tests.system.live_haproxy import send_usr2

pytestmark = pytest.mark.system

DEADLINE_S = 60.0
CONFIGURATION = """\
global
  stats socket {directory}/admin.sock mode 600 level admin expose-fd listeners
{extra}
defaults
  mode http
  timeout client 60s
  timeout server 60s
  timeout connect 1s
frontend web
  bind 127.0.0.1:{port}
"""


def processes_of(directory: Path) -> list[Process]:
    """The processes that serve this test's configuration, as a group."""
    found, _ = read_haproxy_processes(HostRoot())
    for group in group_instances(found):
        if any(str(directory) in word for p in group for word in p.arguments):
            return list(group)
    return []


def await_processes(directory: Path, condition: Callable[[list[Process]], bool]) -> list[Process]:
    deadline = time.monotonic() + DEADLINE_S
    while not condition(found := processes_of(directory)):
        assert time.monotonic() < deadline, found
        select.select([], [], [], 0.02)
    return found


class Service:
    """One HAProxy of this test, and the words it is started with."""

    def __init__(self, haproxy: str, directory: Path, words: list[str], extra: str = "") -> None:
        self.port = free_port()
        self.directory = directory
        self.words = words
        configuration = directory / "haproxy.cfg"
        configuration.write_text(CONFIGURATION.format(directory=directory, port=self.port, extra=extra))
        self.command = [haproxy, *words, "-db", "-f", str(configuration)]
        self.started: list[subprocess.Popen[bytes]] = []

    def start(self, *more: str) -> int:
        process = subprocess.Popen(
            [*self.command, *more], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self.started.append(process)
        return process.pid

    def stop(self) -> None:
        for process in processes_of(self.directory):
            with contextlib.suppress(ProcessLookupError):  # an old one that ended by itself meanwhile
                os.kill(process.pid, signal.SIGKILL)
        for started in self.started:
            started.kill()
            started.wait()


@pytest.fixture
def services() -> Iterator[list[Service]]:
    made: list[Service] = []
    yield made
    for service in made:
        service.stop()


def serves(found: list[Process], role: Role) -> bool:
    """One process of this role, and it listens: the admin socket and the port."""
    return any(len(p.listening_inodes or ()) == 2 for p in found) and generations(found, role) == [0]


def generations(processes: list[Process], role: Role) -> list[int | None]:
    return [p.generation for p in processes if p.role is role]


@pytest.mark.parametrize(("words", "extra"), [(["-W"], ""), (["-Ws"], ""), ([], "  master-worker")])
def test_a_master_its_new_worker_and_its_old(
    haproxy: str, tmp_path: Path, services: list[Service], words: list[str], extra: str
) -> None:
    about = subprocess.run([haproxy, "-vv"], check=True, capture_output=True, text=True).stdout
    if words == ["-Ws"] and " -SYSTEMD" in about:
        pytest.skip("this haproxy was built without systemd")
    service = Service(haproxy, tmp_path, words, extra)
    services.append(service)
    master = service.start()
    await_processes(tmp_path, lambda found: serves(found, Role.WORKER))
    with socket.create_connection(("127.0.0.1", service.port)) as client:
        client.sendall(b"GET / HT")
        await_processes(tmp_path, lambda found: any(p.connections for p in found))
        send_usr2(master)
        found = await_processes(
            tmp_path,
            lambda found: (
                generations(found, Role.WORKER) == [0, 1]
                and not found[0].listening_inodes  # what a master has loaded it holds for a moment
                and not found[2].listening_inodes
            ),
        )
        assert [p.role for p in found] == [Role.MASTER, Role.WORKER, Role.WORKER]
        assert found[0].pid == master
        assert {p.parent_pid for p in found[1:]} == {master}
        assert (found[1].connections, found[2].connections) == (0, 1)
        assert found[1].age_s < found[2].age_s
        assert len(found[1].listening_inodes or ()) == 2
        tcp, _ = read_listening()
        mine = [s for s in tcp.listening or () if s.port == service.port]
        assert [s.pids for s in mine] == [(found[1].pid,)]
        assert [s.process_names for s in mine] == [("haproxy",)]
        unix = [s for s in tcp.unix_listening or () if s.name.startswith(f"{tmp_path}/admin.sock")]
        assert [s.pids for s in unix] == [(found[1].pid,)]


def test_classic_processes(haproxy: str, tmp_path: Path, services: list[Service]) -> None:
    service = Service(haproxy, tmp_path, [])
    services.append(service)
    first = service.start()
    await_processes(tmp_path, lambda found: serves(found, Role.CLASSIC))
    with socket.create_connection(("127.0.0.1", service.port)) as client:
        client.sendall(b"GET / HT")
        await_processes(tmp_path, lambda found: found[0].connections == 1)
        second = service.start("-x", f"{tmp_path}/admin.sock", "-sf", str(first))
        found = await_processes(tmp_path, lambda found: generations(found, Role.CLASSIC) == [0, 1])
        assert [p.pid for p in found] == [second, first]
        third = service.start()
        found = await_processes(
            tmp_path, lambda found: len(found) == 3 and generations(found, Role.CLASSIC) == [0, 0, 1]
        )
        assert [p.pid for p in found] == [third, second, first]


def test_a_binary_that_was_replaced(installed_haproxy: str, tmp_path: Path, services: list[Service]) -> None:
    copy = tmp_path / "haproxy-2.6"
    shutil.copy2(installed_haproxy, copy)
    service = Service(str(copy), tmp_path, ["-W"])
    services.append(service)
    service.start()
    found = await_processes(tmp_path, lambda found: serves(found, Role.WORKER))
    assert not any(p.executable_replaced for p in found)
    copy.rename(tmp_path / "haproxy.old")
    assert not any(p.executable_replaced for p in processes_of(tmp_path))
    shutil.copy2(installed_haproxy, copy)
    assert all(p.executable_replaced for p in processes_of(tmp_path))
    (tmp_path / "haproxy.old").unlink()
    assert all(p.executable_replaced for p in processes_of(tmp_path))


def test_listeners_are_those_that_ss_lists() -> None:
    ss = shutil.which("ss")
    require(ss, "ss is not installed")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        output = subprocess.run([str(ss), "-Hltnpe"], check=True, capture_output=True, text=True).stdout
        found, _ = read_listening()
    line = next(line for line in output.splitlines() if f"127.0.0.1:{port} " in line)
    mine = next(s for s in found.listening or () if s.port == port and s.address == "127.0.0.1")
    assert f"ino:{mine.inode} " in line
    assert sorted(int(pid) for pid in re.findall(r"pid=(\d+)", line)) == list(mine.pids)


def test_another_network_namespace_is_seen_from_within() -> None:
    require(os.geteuid() == 0 and shutil.which("unshare"), "a network namespace needs root")
    program = (
        "import socket, sys; s = socket.create_server(('0.0.0.0', 4321)); "
        "open('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'w').write('77'); "
        "print(flush=True); sys.stdin.read()"
    )
    words = ["unshare", "--net", "python3", "-c", program]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        require(process.stdout.readline(), "no network namespace can be made here")
        found, unknown = read_listening(process.pid)
        there = in_network_namespace(process.pid, read_addresses)
        settings, _ = in_network_namespace(process.pid, lambda: read_sysctls(HostRoot()))
        process.kill()
    assert unknown == ()
    values = {setting.name: setting.value for setting in settings}
    assert values["net.ipv4.ip_unprivileged_port_start"] == "77"
    assert [(s.address, s.port, s.pids) for s in found.listening or ()] == [("0.0.0.0", 4321, (process.pid,))]
    assert there.interfaces[0] == "lo"
    assert there.addresses == ()  # lo is down
