"""Listening sockets handed from one HAProxy to the next: by HAProxy's own protocol, and where it offers none."""

import errno
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from hitless.control.errors import NotUnderstood, WasRefused
from hitless.control.socket_transfer import close_listeners, fetch_listeners
from hitless.errors import ReloadError
from hitless.host.epoll_sets import read_polled_inodes
from hitless.host.inet_diag import read_connections
from hitless.host.listening import read_namespace_sockets
from hitless.host.processes import read_children, read_socket_inodes, read_status_fields
from hitless.load.classes import count_classes
from hitless.load.runner import LoadProcesses
from hitless.records import ClientClass, Outcome, Stream, Workload
from hitless.records import Target as LoadTarget
from hitless.reload.taking import take_listeners
from tests.control.test_socket_transfer import open_descriptors
from tests.ports import free_port
from tests.system.classic_bed import DEADLINE_S, STATS, ClassicBed, classic_bed, has_ended, kill
from tests.system.conftest import require
from tests.system.live_haproxy import await_true, live_haproxy, versions
from tests.system.load_bed import run_load
from tests.system.patience import await_read

pytestmark = pytest.mark.system

each_version = pytest.mark.parametrize("version", versions())
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.fixture
def bed(tmp_path: Path, version: str) -> Iterator[ClassicBed]:
    with classic_bed(tmp_path, version) as found:
        yield found


@pytest.fixture
def one_bed(tmp_path: Path) -> Iterator[ClassicBed]:
    """One version is enough."""
    with classic_bed(tmp_path, versions("2.8", "2.6")[0]) as found:
        yield found


def under_load(bed: ClassicBed, targets: list[tuple[str, int]], act: Callable[[], object]) -> int:
    """Open new connections to each address without pause while `act` goes on; return how many, all answered."""

    def during(load: LoadProcesses) -> None:
        def more(number: int) -> Callable[[], bool]:
            wanted = load.counters()[0] + number
            return lambda: load.counters()[0] >= wanted

        await_true(more(200), "load")
        act()
        await_true(more(200), "load goes on")
        load.check()

    streams = tuple(
        Stream(
            number=number,
            workload=Workload.CONNECT,
            target=LoadTarget(frontend="fe", where="test.cfg:1", address=address, port=port),
            connections=3,
            slow_s=60.0,
            timeout_s=60.0,
        )
        for number, (address, port) in enumerate(targets)
    )
    rows = run_load(Path(tempfile.mkdtemp(dir=bed.directory)), streams, during=during)
    totals = count_classes(rows)[ClientClass.NAIVE]
    assert set(totals.outcomes) == {Outcome.OK}, totals
    return totals.attempts


# --- HAProxy's own protocol


@each_version
def test_a_haproxy_that_exposes_its_listeners_hands_them_over(tmp_path: Path, version: str) -> None:
    with live_haproxy(tmp_path, version, "classic") as live:
        before = open_descriptors()
        found = fetch_listeners(f"{tmp_path}/run/admin.sock", timeout_s=DEADLINE_S)
        try:
            assert len(found) == 2
            assert {one.inode for one in found} == read_socket_inodes(live.process.pid) & _listening()
        finally:
            close_listeners(found)
        assert open_descriptors() == before
        live.api.ask_info()


@each_version
def test_one_that_does_not_refuses(bed: ClassicBed) -> None:
    bed.write(stats=STATS)
    bed.start()
    with pytest.raises(WasRefused, match="hands over no listening sockets"):
        fetch_listeners(f"{bed.directory}/run/admin.sock", timeout_s=DEADLINE_S)


def test_neither_does_a_master(tmp_path: Path) -> None:
    with (
        live_haproxy(tmp_path, versions("2.8", "2.6")[0]),
        pytest.raises(NotUnderstood, match="not handed over as HAProxy does it"),
    ):
        fetch_listeners(f"{tmp_path}/run/master.sock", timeout_s=DEADLINE_S)


# --- no cooperation of the old process


@each_version
def test_a_haproxy_that_hands_nothing_over_is_replaced_without_a_victim(bed: ClassicBed) -> None:
    v6, device = free_port(), free_port()
    unix = f"{bed.directory}/run/fe.sock"
    bed.write(
        f"[::1]:{v6} v6only",
        f":::{free_port()} v4v6",
        f":::{free_port()}",
        f"unix@{unix} mode 666",
        f"abns@hitless-{bed.port}",
        *([f"127.0.0.1:{device} interface lo transparent"] if os.geteuid() == 0 else []),
        stats=STATS,
    )
    bed.start()
    path = Path(f"{bed.directory}/run/admin.sock").stat().st_ino

    def replace_three_times() -> None:
        sockets = {bed.replace() for _ in range(3)}
        assert len(sockets) == 1

    targets = [("127.0.0.1", bed.port), ("::1", v6), (unix, 0)]
    assert under_load(bed, targets, replace_three_times) > 400
    await_true(lambda: all(has_ended(pid) for pid in bed.started[:-1]), "the old ones leave")
    assert Path(f"{bed.directory}/run/admin.sock").stat().st_ino == path
    assert bed.ask(f"\0{f'hitless-{bed.port}'.ljust(107, chr(0))}").startswith(b"HTTP/1.")


@each_version
def test_one_without_any_stats_socket_in_the_background(bed: ClassicBed) -> None:
    bed.write()
    bed.start("-D")

    def replace_twice() -> None:
        for _ in range(2):
            bed.replace()
            assert int(bed.pid_file.read_text()) == bed.serving

    assert under_load(bed, [("127.0.0.1", bed.port)], replace_twice) > 400


def test_three_hundred_listeners(one_bed: ClassicBed) -> None:
    first = 30_000
    ports = [port for port in range(first, first + 900) if _is_free(port)][:300]
    one_bed.write(*(f"127.0.0.1:{port}" for port in ports))
    one_bed.start()
    assert (
        under_load(one_bed, [("127.0.0.1", one_bed.port), ("127.0.0.1", ports[299])], one_bed.replace) > 400
    )
    assert len(one_bed.listening_inodes()) == 301


@each_version
def test_datagrams_shards_and_further_processes(bed: ClassicBed) -> None:
    if bed.version == "2.2":
        bed.write(f"127.0.0.1:{free_port()} process 2", more=("nbproc 2",))
        bed.start("-D")
        assert len(bed.pid_file.read_text().split()) == 2
    else:
        log = f"log-forward lf\n    dgram-bind 127.0.0.1:{free_port()}\n    log 127.0.0.1:514 local0\n"
        bed.write(f"127.0.0.1:{free_port()} shards 2", sections=log, more=("nbthread 2",))
        bed.start()
    with take_listeners(bed.target()) as held:
        inodes = {one.inode for one in held}
    assert len(inodes) == (2 if bed.version == "2.2" else 4)
    with bed.successor() as (successor, _, _):
        assert successor.wait_started(DEADLINE_S)
        assert len(successor.pids) == (2 if bed.version == "2.2" else 1)
        assert inodes <= {inode for pid in successor.pids for inode in read_socket_inodes(pid)}
        assert len(successor.release_old()) == len(successor.pids)


@as_root
def test_a_listener_in_a_network_namespace(one_bed: ClassicBed) -> None:
    require(shutil.which("ip"), "ip is not here")
    name = f"hitless-test-{os.getpid()}"
    subprocess.run(["ip", "netns", "add", name], check=True)
    one_bed.stack.callback(subprocess.run, ["ip", "netns", "delete", name], check=True)
    one_bed.write(f"127.0.0.1:{free_port()} namespace {name}")
    one_bed.start()
    assert len(one_bed.replace()) == 2


def _listening() -> frozenset[int]:
    found = read_namespace_sockets(None, connections=False)[0].listening_inodes
    assert found is not None
    return found


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


@each_version
def test_an_old_process_that_lives_on_is_not_woken_by_its_successors_connections(bed: ClassicBed) -> None:
    bed.write()
    bed.start()
    old = bed.serving
    with socket.create_connection(("127.0.0.1", bed.port), timeout=DEADLINE_S) as client:
        client.sendall(b"GET / HTTP/1.1\r\n")  # and no end: it waits for the rest
        await_true(lambda: _has_connection(old, bed.port), "it is accepted")
        await_read(bed.port)
        inodes = bed.replace()
        assert not has_ended(old)
        assert not read_polled_inodes(old) & inodes
        client.sendall(b"Host: x\r\n\r\n")
        assert client.recv(12) == b"HTTP/1.1 200"


def _has_connection(pid: int, port: int) -> bool:
    return bool({one.inode for one in read_connections(port)} & read_socket_inodes(pid))


# --- what fails


@each_version
def test_a_port_that_is_taken_is_no_outage(bed: ClassicBed) -> None:
    """HAProxy's own -sf stops the old process for two seconds here, and ends a 2.6.12 with an abstract socket."""
    bed.write(f"abns@hitless-{bed.port}", f"unix@{bed.directory}/run/fe.sock", stats=STATS)
    bed.start()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        bed.write(
            f"abns@hitless-{bed.port}", f"127.0.0.1:{port}", f"unix@{bed.directory}/run/fe.sock", stats=STATS
        )

        def fail() -> None:
            with bed.successor() as (successor, _, offer):
                assert not successor.wait_started(DEADLINE_S)
                assert offer.wait_served(DEADLINE_S)
                assert successor.exit_status == 1
                assert successor.asked_for_pause
                assert f"127.0.0.1:{port}" in " ".join(message.text for message in successor.messages)

        unix = f"{bed.directory}/run/fe.sock"
        assert under_load(bed, [("127.0.0.1", bed.port), (unix, 0)], fail) > 400
    assert not has_ended(bed.serving)
    assert bed.ask(f"\0{f'hitless-{bed.port}'.ljust(107, chr(0))}").startswith(b"HTTP/1.")


@each_version
def test_a_configuration_that_is_refused(bed: ClassicBed) -> None:
    bed.write()
    bed.start("-D")
    bed.write(f"127.0.0.1:{free_port()} nonsense")
    with bed.successor() as (successor, _, offer):
        assert not successor.wait_started(DEADLINE_S)
        assert successor.exit_status == 1
        assert "nonsense" in " ".join(message.text for message in successor.messages)
        assert any(message.where == f"{bed.configuration}:11" for message in successor.messages)
        assert not offer.was_served
    assert not has_ended(bed.serving)


@as_root
@each_version
def test_a_successor_that_dies_after_it_has_bound_leaves_the_old_one(bed: ClassicBed) -> None:
    """Up to 3.0 -sf lets the old process go before the new one in the background changes its root directory."""
    bed.write()
    bed.start("-D")
    old_pid_file = bed.pid_file.read_text()
    bed.write(more=("chroot /nowhere",))

    def fail() -> None:
        with bed.successor() as (successor, _, offer):
            assert not successor.wait_started(DEADLINE_S)
            assert offer.wait_served(DEADLINE_S)
            assert successor.exit_status == 1
            assert "chroot" in " ".join(message.text for message in successor.messages)

    assert under_load(bed, [("127.0.0.1", bed.port)], fail) > 400
    assert bed.pid_file.read_text() == old_pid_file


# --- as the old one was started


@as_root
@each_version
def test_root_starts_one_that_gives_up_its_rights(bed: ClassicBed) -> None:
    jail = bed.directory / "jail"
    jail.mkdir()
    rights = ("chroot " + str(jail), "uid 65534", "gid 65534")
    bed.write(more=rights)
    bed.start("-D")
    await_true(lambda: read_status_fields(bed.serving)["Uid"].split()[0] == "65534", "it gives them up")
    bed.write(f"127.0.0.1:{free_port()}", more=rights)
    for _ in range(2):
        bed.replace()
        assert read_status_fields(bed.serving)["Uid"].split() == ["65534"] * 4
        assert str(Path(f"/proc/{bed.serving}/root").readlink()) == str(jail)
    assert len(bed.listening_inodes()) == 2


@as_root
def test_a_user_starts_one_with_what_systemd_gave_it(one_bed: ClassicBed, installed_haproxy: str) -> None:
    require(shutil.which("setpriv"), "setpriv is not here")
    one_bed.program = installed_haproxy  # where another user may start it
    for directory in (one_bed.directory, *one_bed.directory.parents[:-2]):
        directory.chmod(0o755)
    (one_bed.directory / "run").mkdir()
    (one_bed.directory / "run").chmod(0o777)
    user = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    capable = ("--inh-caps=-all,+net_bind_service", "--ambient-caps=-all,+net_bind_service")
    one_bed.write()
    one_bed.start(wrapper=(*user, *capable))
    low = next(port for port in range(700, 1024) if _is_free(port))  # others want port 1 refused
    one_bed.write(f"127.0.0.1:{low}")
    one_bed.replace()
    fields = read_status_fields(one_bed.serving)
    assert fields["Uid"].split() == ["65534"] * 4
    assert len(one_bed.listening_inodes()) == 2


@as_root
def test_in_the_namespaces_and_control_group_of_the_old_one(one_bed: ClassicBed) -> None:
    group = _control_group(one_bed.stack)
    one_bed.write(stats=STATS)
    one_bed.start(wrapper=("unshare", "--mount", "--net", "--uts", "--ipc"))
    Path(f"{group}/cgroup.procs").write_text(str(one_bed.serving))
    old = one_bed.serving
    kinds = {kind: Path(f"/proc/{old}/ns/{kind}").stat().st_ino for kind in ("mnt", "net", "uts", "ipc")}
    one_bed.replace()
    new = one_bed.serving
    assert {kind: Path(f"/proc/{new}/ns/{kind}").stat().st_ino for kind in kinds} == kinds
    assert str(new) in Path(f"{group}/cgroup.procs").read_text().split()


def _control_group(stack: ExitStack) -> str:
    """Make a control group of version 2."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    points = [line.split()[4] for line in lines if " - cgroup2 " in line]
    require(points, "no control groups of version 2 are mounted")
    group = Path(points[0]) / f"hitless-test-{os.getpid()}"
    try:
        group.mkdir()
    except OSError as error:
        require(condition=False, reason=f"no control group can be made: {error}")

    def remove() -> bool:
        try:
            group.rmdir()
        except OSError as error:
            if error.errno != errno.EBUSY:  # those who have ended are not quite gone
                raise
            return False
        return True

    stack.callback(await_true, remove, "the control group is empty")
    return str(group)


def test_nothing_is_left_behind(one_bed: ClassicBed) -> None:
    one_bed.write(stats=STATS)
    one_bed.start()
    one_bed.replace()
    before, files = open_descriptors(), sorted(one_bed.directory.rglob("*"))
    await_true(one_bed.serves, "it has entered its loop")
    opened = len(list(Path(f"/proc/{one_bed.serving}/fd").iterdir()))
    for _ in range(3):
        one_bed.replace()
    assert open_descriptors() == before
    assert sorted(one_bed.directory.rglob("*")) == files
    assert _offers(os.getpid()) == []
    place = Path(f"/proc/{one_bed.serving}/fd")
    await_true(lambda: len(list(place.iterdir())) == opened, "nothing more is open than before")


def _offers(pid: int) -> list[Path]:
    """What a process has made to offer sockets: other tests do at the same time."""
    return list(Path("/run").glob(f"hitless-offer-{pid}-*"))


def test_a_call_that_is_killed_leaves_one_process_that_serves(one_bed: ClassicBed) -> None:
    one_bed.write()
    one_bed.start()
    text = """
import os, signal, sys
from pathlib import Path
from contextlib import ExitStack
from tests.system.classic_bed import ClassicBed
bed = ClassicBed(sys.argv[1], Path(sys.argv[2]), ExitStack(), port=int(sys.argv[3]), serving=int(sys.argv[4]))
with bed.successor() as (successor, held, offer):
    assert offer.wait_served(20)
    if sys.argv[5] == "later":
        assert successor.wait_started(20)
    os.kill(os.getpid(), signal.SIGKILL)
"""
    path = os.pathsep.join(word for word in sys.path if word)
    pids = []

    def killed(moment: str) -> None:
        words = [one_bed.version, str(one_bed.directory), str(one_bed.port), str(one_bed.serving), moment]
        environment = {**os.environ, "PYTHONPATH": path}
        with subprocess.Popen([sys.executable, "-c", text, *words], env=environment) as call:
            pids.append(call.pid)
        assert call.returncode == -signal.SIGKILL

    for moment in ("at once", "later"):
        old = one_bed.serving
        assert under_load(one_bed, [("127.0.0.1", one_bed.port)], partial(killed, moment)) > 400
        await_true(partial(has_ended, old), "the old one has been let go")
        one_bed.serving = one_bed.find_serving()
        one_bed.stack.callback(kill, one_bed.serving)
    one_bed.replace()
    assert [offer for pid in pids for offer in _offers(pid)] == []  # the next call has swept up


@as_root
def test_the_first_process_of_a_container_is_not_replaced(one_bed: ClassicBed) -> None:
    one_bed.write()
    one_bed.start(wrapper=("unshare", "--pid", "--fork", "--kill-child"), wait=False)
    await_true(lambda: read_children(one_bed.serving), "it is started")
    (one_bed.serving,) = read_children(one_bed.serving)
    await_true(one_bed.serves, "it serves")
    with pytest.raises(ReloadError, match="first of its pid namespace"), one_bed.successor():
        pass
