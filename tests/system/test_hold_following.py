"""The holder follows what HAProxy binds and unbinds, closes what nobody accepts on, and does not grow."""

import errno
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from hitless.control.socket_transfer import close_listeners
from hitless.hold import take
from hitless.host.descriptors import HeldListeners
from hitless.host.epoll_sets import read_polled_inodes
from hitless.host.errors import Denied
from hitless.host.processes import read_times
from tests.ports import free_port
from tests.system.conftest import require, unprivileged_python
from tests.system.hold_bed import DEADLINE_S, NAME, HoldBed, hold_bed, raise_limit
from tests.system.live_haproxy import await_taken, await_true, program, versions
from tests.system.patience import await_read, kept_waiting_s

pytestmark = pytest.mark.system

MODES = ["classic", "master-worker"]
PROMPT_S = 1.0
"""As docs/hold.md says."""
MANY = 2000
MANY_WITHIN_S = 0.2
HAND_OVERS = int(os.environ.get("HITLESS_HOLD_HAND_OVERS", "100"))


@pytest.fixture(params=MODES)
def bed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[HoldBed]:
    with hold_bed(tmp_path, versions("2.8", "2.6")[0], master=request.param == "master-worker") as found:
        yield found


def refuses(port: int, host: str = "127.0.0.1") -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((host, port)) == errno.ECONNREFUSED


def endpoints(bed: HoldBed) -> set[str]:
    return {one.endpoint for one in bed.instance().sockets}


@pytest.mark.parametrize("version", versions())
@pytest.mark.parametrize("mode", MODES)
def test_a_removed_bind_refuses_and_a_new_one_is_held(tmp_path: Path, version: str, mode: str) -> None:
    removed, new = free_port(), free_port()
    with hold_bed(tmp_path, version, master=mode == "master-worker") as bed:
        bed.write(f"127.0.0.1:{removed}")
        bed.hold()
        bed.start()
        assert endpoints(bed) == {f"127.0.0.1:{bed.port}", f"127.0.0.1:{removed}"}
        kept = next(one.inode for one in bed.instance().sockets if one.endpoint.endswith(str(bed.port)))
        bed.write(f"127.0.0.1:{new}")
        bed.reload()
        assert bed.holder is not None
        began_s, kept_s = time.monotonic(), kept_waiting_s(bed.holder.pid)
        await_true(lambda: refuses(removed), "the removed bind refuses", DEADLINE_S)
        took_s = time.monotonic() - began_s
        assert took_s - (kept_waiting_s(bed.holder.pid) - kept_s) < PROMPT_S
        await_true(
            lambda: endpoints(bed) == {f"127.0.0.1:{bed.port}", f"127.0.0.1:{new}"},
            "the new bind is held",
            DEADLINE_S,
        )
        assert kept in {one.inode for one in bed.instance().sockets}
        assert "serves without it" in bed.instance().let_go[0].why
        bed.kill()
        # Nobody is there, nobody is refused.
        with socket.create_connection(("127.0.0.1", new), timeout=DEADLINE_S) as waiting:
            waiting.sendall(b"GET / HTTP/1.0\r\n\r\n")
            bed.start()
            assert waiting.recv(12) == b"HTTP/1.0 200" or waiting.recv(12)


def test_nobody_accepts_for_too_long(bed: HoldBed) -> None:
    bed.hold(close_after="6s")
    bed.start()
    assert bed.holder is not None
    kept_s = kept_waiting_s(bed.holder.pid)
    bed.stop()
    with socket.create_connection(("127.0.0.1", bed.port)) as waiting:
        await_true(lambda: [one.unattended_s for one in bed.instance().sockets] != [None], "nobody accepts")
        (held,) = bed.instance().sockets
        assert (held.acceptors, held.queue_length) == ((), 1)
        await_true(lambda: not bed.instance().sockets, "the socket is closed", DEADLINE_S)
        assert refuses(bed.port)
        with pytest.raises(ConnectionResetError):
            waiting.recv(1)
    (waited_s,) = re.findall(r"nobody has accepted on it for ([0-9.]+) s", bed.said())
    assert 6 <= float(waited_s) < 7.5 + kept_waiting_s(bed.holder.pid) - kept_s
    bed.start()  # and with nothing to give, HAProxy binds for itself
    assert not refuses(bed.port)


def test_starts_that_fail_do_not_put_the_bound_off(tmp_path: Path) -> None:
    """Each asks, has the socket open until it gives up on another address, and never accepts."""
    with (
        hold_bed(tmp_path, versions("2.8", "2.6")[0]) as bed,
        socket.create_server(("127.0.0.1", 0)) as other,
    ):
        bed.hold(close_after="6s")
        bed.start()
        bed.stop()
        began_s = time.monotonic()
        bed.write(f"127.0.0.1:{other.getsockname()[1]}")
        failed = 0
        while bed.instance().sockets:
            command = [program(bed.version), "-x", bed.asked, "-f", str(bed.configuration)]
            done = subprocess.run(command, capture_output=True, timeout=DEADLINE_S, check=False)
            assert done.returncode == 1, done.stderr
            failed += 1
            assert time.monotonic() - began_s < DEADLINE_S
        assert failed > 1
    assert "nobody has accepted on it" in bed.said()


def test_a_stop_with_a_client_that_stays_is_no_removed_bind(bed: HoldBed) -> None:
    """The old process lives on with its last client, without its listening sockets: it has not given them up."""
    bed.write(more=(f"stats socket {bed.directory}/admin.sock mode 600 level admin",))
    bed.hold()
    bed.start()
    assert bed.main is not None
    (worker,) = bed.workers()
    with socket.create_connection(("127.0.0.1", bed.port)) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")  # half a request keeps it busy
        await_read(bed.port)
        if bed.master:
            await_taken(bed.main.pid)
        bed.main.send_signal(signal.SIGUSR1)
        port = f"127.0.0.1:{bed.port}"
        await_true(
            lambda: (
                [one.unattended_s for one in bed.instance().sockets if one.endpoint == port]
                not in ([None], [])
            ),
            "nobody accepts",
            DEADLINE_S,
        )
        time.sleep(PROMPT_S)
        assert port in endpoints(bed)
        (inode,) = [one.inode for one in bed.instance().sockets if one.endpoint == port]
        assert inode not in read_polled_inodes(worker)  # nor is it woken for the clients of others
        assert not refuses(bed.port)
        bed.stack.callback(bed.main.wait, DEADLINE_S)
        client.sendall(b"\r\n")
        assert client.recv(12) == b"HTTP/1.1 200"


def test_who_was_started_without_asking_gets_all_connections(bed: HoldBed) -> None:
    bed.hold()
    bed.start()
    bed.kill()
    bed.start(asks=False)
    for _ in range(50):
        with socket.create_connection(("127.0.0.1", bed.port), timeout=DEADLINE_S) as client:
            client.sendall(b"GET / HTTP/1.0\r\n\r\n")
            assert client.recv(12) == b"HTTP/1.1 200"


@pytest.mark.parametrize("version", versions("2.2", "2.6", "2.8", "3.2"))
def test_all_kinds_of_sockets_are_the_same_after_a_restart(tmp_path: Path, version: str) -> None:
    """IPv4, IPv6, a device, another network namespace, an abstract name; the queue of each is served afterwards."""
    require(shutil.which("ip"), "iproute2 is not installed")
    name = f"hitless-hold-{os.getpid()}"
    with hold_bed(tmp_path, version) as bed, network_namespace(name):
        ports = [free_port() for _ in range(4)]
        bed.write(
            f"[::1]:{ports[0]} v6only",
            f"[::]:{ports[1]} v4v6",
            f"127.0.0.1:{ports[2]} interface lo",
            f"127.0.0.1:{ports[3]} namespace {name}",
            f"abns@{name}",
        )
        bed.hold()
        bed.start()
        before = {one.inode: one for one in bed.instance().sockets}
        assert len(before) == 6
        assert {(one.interface, one.namespace) for one in before.values()} == {
            ("", ""),
            ("lo", ""),
            ("", name),
        }
        for act in (bed.reload, bed.restart, bed.crash, bed.upgrade_holder, bed.restart):
            act()
            assert {one.inode for one in bed.instance().sockets} == before.keys(), (act, bed.said())


@contextmanager
def network_namespace(name: str) -> Iterator[None]:
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        subprocess.run(["ip", "-n", name, "link", "set", "lo", "up"], check=True)
        yield
    finally:
        subprocess.run(["ip", "netns", "del", name], check=True)


@pytest.mark.parametrize("version", versions())
def test_a_prepared_haproxy_is_asked(tmp_path: Path, version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where pidfd_getfd is forbidden its own protocol is enough; another process at the path is not believed."""
    with hold_bed(tmp_path, version) as bed:
        stats = f"{tmp_path}/admin.sock"
        bed.write(more=(f"stats socket {stats} mode 600 level admin expose-fd listeners",))
        bed.hold()
        bed.start()
        assert bed.main is not None

        def forbidden(pid: int) -> HeldListeners:
            raise Denied(f"process {pid}")

        monkeypatch.setattr(take, "duplicate_listeners", forbidden)
        with take.take_process_listeners(bed.main.pid, stats) as held:
            assert {one.inode for one in held} == {one.inode for one in bed.instance().sockets}
        for pid, path in ((os.getppid(), stats), (bed.main.pid, ""), (bed.main.pid, f"{tmp_path}/nobody")):
            with pytest.raises(Denied):
                take.take_process_listeners(pid, path)


def test_an_ordinary_user_holds_for_its_own_haproxy(tmp_path: Path, installed_haproxy: str) -> None:
    python = unprivileged_python()
    require(python and os.geteuid() == 0, "another user needs root, and a Python it may start")
    require(shutil.which("setpriv"), "util-linux is not installed")
    for place in (tmp_path, *tmp_path.parents):
        if place.stat().st_uid == os.geteuid() and place.is_relative_to(tempfile.gettempdir()):
            place.chmod(place.stat().st_mode | 0o055)
    tmp_path.chmod(0o777)
    source = tmp_path / "src"
    # Other tests may be writing compiled modules there.
    shutil.copytree(
        Path(take.__file__).parents[1], source / "hitless", ignore=shutil.ignore_patterns("__pycache__")
    )
    drop = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=-all")
    with hold_bed(tmp_path, versions("2.8", "2.6")[0]) as bed:
        bed.hold(wrapper=(*drop, "env", f"PYTHONPATH={source}"), python=str(python))
        bed.start(wrapper=drop, binary=installed_haproxy)
        before = {one.inode for one in bed.instance().sockets}
        bed.kill()
        bed.start(wrapper=drop, binary=installed_haproxy)
        assert {one.inode for one in bed.instance().sockets} == before
        assert bed.instance().problem == ""


def test_thousands_of_listeners(tmp_path: Path) -> None:
    first = 4_000  # beyond what free_port() gives to others
    with hold_bed(tmp_path, versions("2.8", "2.6")[0]) as bed:
        bed.write(f"127.0.0.2:{first}-{first + MANY - 1}", more=("maxconn 100",))
        raise_limit(10_000)
        bed.hold()
        bed.start()
        assert len(bed.instance().sockets) == MANY + 1
        took_s = []
        for _ in range(5):
            began_s = used_s(bed)
            passed = bed.fetch()
            took_s.append(used_s(bed) - began_s)
            close_listeners(passed)
            assert len(passed) == MANY + 1
        assert min(took_s) < MANY_WITHIN_S, took_s
        inodes = {one.inode for one in bed.instance().sockets}
        bed.reload()
        assert {one.inode for one in bed.instance().sockets} == inodes


def test_many_hand_overs_leave_nothing_behind(tmp_path: Path) -> None:
    with hold_bed(tmp_path, versions("2.8", "2.6")[0]) as bed, ExitStack() as stack:
        ports = [free_port() for _ in range(20)]
        bed.write(*(f"127.0.0.1:{port}" for port in ports))
        bed.hold()
        bed.start()
        assert bed.holder is not None
        pid = bed.holder.pid
        hand_over(bed, 20)
        stack.enter_context(socket.create_connection(("127.0.0.1", bed.port)))
        before = (len(os.listdir(f"/proc/{pid}/fd")), resident_bytes(pid))  # noqa: PTH208
        hand_over(bed, HAND_OVERS)
        await_true(lambda: len(os.listdir(f"/proc/{pid}/fd")) <= before[0], "all is closed again")  # noqa: PTH208
        grown = resident_bytes(pid) - before[1]
        assert grown < 512 * 1024, grown
        assert NAME in bed.said()


def resident_bytes(pid: int) -> int:
    """Return it exactly: what /proc/PID/status says may be wrong by some pages for each processor."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Rss:"))


def used_s(bed: HoldBed) -> float:
    """Return the processor time of holder and asker: what a hand-over takes where nobody else is at work."""
    assert bed.holder is not None
    return time.thread_time() + read_times(bed.holder.pid).cpu_ticks / os.sysconf("SC_CLK_TCK")


def hand_over(bed: HoldBed, times: int) -> None:
    for _ in range(times):
        close_listeners(bed.fetch())
