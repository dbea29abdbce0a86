"""`hitless run` with real HAProxies: crash, reload, stop, and what a service manager hears."""

import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from hitless.host.processes import read_children, read_status
from hitless.records import Outcome
from tests.ports import free_port
from tests.system.conftest import require
from tests.system.live_haproxy import await_true, versions
from tests.system.patience import DEADLINE_S, kept_waiting_s
from tests.system.reload_bed import REPOSITORY, hitless, hurt, outcomes
from tests.system.run_bed import RunBed, run_bed

pytestmark = pytest.mark.system

LOST_WITH_THEIR_PROCESS = {Outcome.RESET_BEFORE_RESPONSE, Outcome.EMPTY_REPLY}


@pytest.mark.parametrize(
    ("version", "mode"),
    [*((v, ("-W",)) for v in versions("2.6", "2.8")), *((v, ()) for v in versions("2.6"))],
    ids=str,
)
def test_a_crash_refuses_nobody_and_a_reload_hurts_nobody(
    tmp_path: Path, version: str, mode: tuple[str, ...]
) -> None:
    with run_bed(tmp_path, version, *mode) as bed:

        def crash() -> None:
            for _ in range(2):
                bed.kill_all()

        killed = hurt(outcomes(tmp_path / "killed", bed.port, crash))
        assert killed.keys() <= LOST_WITH_THEIR_PROCESS, killed

        def reload() -> None:
            bed.signal(signal.SIGHUP)
            bed.await_said("reload: taken-over")

        assert hurt(outcomes(tmp_path / "reloaded", bed.port, reload)) == {}
        assert len(list(Path(f"/proc/{bed.pid}/fd").iterdir())) < 20


@pytest.mark.parametrize("version", versions("2.6"))
def test_a_removed_bind_is_refused_whoever_reloads(tmp_path: Path, version: str) -> None:
    with run_bed(tmp_path, version, "-W") as bed:
        further = free_port()
        bed.write(f"bind 127.0.0.1:{further}")
        bed.signal(signal.SIGHUP)
        bed.await_said("reload: taken-over", 1)
        assert not bed.refuses(further)
        bed.write()
        bed.signal(signal.SIGUSR2)
        bed.await_said("reload: taken-over", 2)
        began, kept_s = time.monotonic(), kept_waiting_s(bed.pid)
        await_true(lambda: bed.refuses(further), "it is closed", DEADLINE_S)
        assert time.monotonic() - began - (kept_waiting_s(bed.pid) - kept_s) < 1

        bed.write(f"bind 127.0.0.1:{further}")
        words = ("--uses", str(bed.configuration), "--state-dir", str(tmp_path / "state"))
        assert hitless("reload", *words).outcome == "taken-over"
        assert not bed.refuses(further)
        bed.write()
        assert hitless("reload", *words).outcome == "taken-over"
        await_true(lambda: bed.refuses(further), "it is closed", DEADLINE_S)
        assert bed.first.poll() is None


@pytest.mark.parametrize("version", versions("2.6"))
def test_a_classic_one_is_not_replaced_behind_its_back(tmp_path: Path, version: str) -> None:
    with run_bed(tmp_path, version) as bed:
        done = hitless("reload", "--uses", str(bed.configuration), "--state-dir", str(tmp_path / "state"))
        assert done.status != 0
        assert f"kill -HUP {bed.pid}" in done.stderr + str(done.document), done
        assert not bed.refuses(bed.port)


@pytest.mark.parametrize("version", versions("2.6"))
def test_a_stop_lets_connections_end_and_cuts_them_at_the_deadline(tmp_path: Path, version: str) -> None:
    with run_bed(tmp_path, version, "-W", options=("--stop-deadline", "100s")) as bed:
        with through(bed) as (client, server):
            bed.signal(signal.SIGTERM)
            await_true(lambda: bed.refuses(bed.port), "it stops listening", DEADLINE_S)
            server.sendall(b"late")
            assert client.recv(4) == b"late"
        assert bed.first.wait(DEADLINE_S) == 0
    with (
        run_bed(tmp_path / "second", version, "-W", options=("--stop-deadline", "300ms")) as bed,
        through(bed),
    ):
        began = time.monotonic()
        bed.signal(signal.SIGTERM)
        assert bed.first.wait(DEADLINE_S) == 143
        assert time.monotonic() - began < 30  # and not as long as the connection lasts


@contextmanager
def through(bed: RunBed) -> Iterator[tuple[socket.socket, socket.socket]]:
    """A connection through HAProxy to the server behind it."""
    with socket.create_connection(("127.0.0.1", bed.slow), timeout=DEADLINE_S) as client:
        client.sendall(b"x")
        server, _ = bed.server.accept()
        with server:
            assert server.recv(1) == b"x"
            yield client, server


@pytest.mark.parametrize("version", versions("2.6"))
def test_one_that_never_serves_ends_as_haproxy_does(tmp_path: Path, version: str) -> None:
    with run_bed(tmp_path, version, "-W", wait=False, broken=True) as bed:
        assert bed.first.wait(DEADLINE_S) == 1
        assert "has never served" in bed.log()


@pytest.mark.parametrize("version", versions("2.6"))
def test_nobody_waits_longer_than_the_bound(tmp_path: Path, version: str) -> None:
    with run_bed(tmp_path, version, "-W", options=("--hold-for", "6s")) as bed:
        text = bed.configuration.read_text()
        bed.configuration.write_text(text + "no-such-keyword\n")
        for pid in bed.haproxies():
            with suppress(ProcessLookupError):  # a worker ends with its master
                os.kill(pid, signal.SIGKILL)
        bed.await_said("HAProxy ended")
        assert not bed.refuses(bed.port)
        bed.await_said("clients are refused from now on")
        await_true(lambda: bed.refuses(bed.port), "clients are refused", DEADLINE_S)
        bed.configuration.write_text(text)
        before = bed.times_ready
        bed.signal(signal.SIGHUP)  # what was broken has been mended: it need not wait
        bed.await_said("proven to serve", before + 1)
        assert not bed.refuses(bed.port)


def words_of_example() -> tuple[list[str], list[str], list[str]]:
    """Return the command of the Containerfile: the program, our options, HAProxy's words; paths are the bed's."""
    lines = (REPOSITORY / "examples" / "container" / "Containerfile").read_text().splitlines()
    found = dict(
        line.split(" ", 1) for line in lines if line.startswith(("ENTRYPOINT ", "CMD ", "STOPSIGNAL "))
    )
    entry, command = json.loads(found["ENTRYPOINT"]), json.loads(found["CMD"])
    assert found["STOPSIGNAL"] == "SIGTERM"
    assert entry[-1] == "--"
    assert command[0] == "haproxy"
    own = entry[2:-1]
    place = own.index("--state-dir")
    return entry[:2], own[:place] + own[place + 2 :], command[1 : command.index("-f")]


@pytest.mark.parametrize("version", versions("2.6"))
def test_as_process_1_it_reaps_reloads_restarts_and_stops(tmp_path: Path, version: str) -> None:
    require(os.geteuid() == 0, "a pid namespace needs root")
    wrapper = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")
    first, options, haproxy = words_of_example()
    assert first == ["hitless", "run"]
    with run_bed(tmp_path, version, *haproxy, options=options, wrapper=wrapper) as bed:
        inside = Path(f"/proc/{bed.pid}/status").read_text().split("NSpid:")[1].split("\n")[0].split()
        assert inside[-1] == "1"
        orphan = f"nsenter --target {bed.pid} --pid --mount sh -c '(sleep 0.05 &)'"
        assert os.system(orphan) == 0
        bed.signal(signal.SIGHUP)
        bed.await_said("reload: taken-over")
        await_true(lambda: len(read_children(bed.pid)) == 1, "all but HAProxy is reaped", DEADLINE_S)
        assert [pid for pid in read_children(bed.pid) if read_status(pid).state == "Z"] == []
        bed.kill_all()
        bed.signal(signal.SIGTERM)
        assert bed.first.wait(DEADLINE_S) == 0


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(str(tmp_path / "notify"))
        server.settimeout(DEADLINE_S)
        yield server


def hear(manager: socket.socket, word: str) -> list[str]:
    """Return what was said up to this."""
    heard: list[str] = []
    while word not in "".join(heard):
        heard.append(manager.recv(4096).decode())
    return heard


@pytest.mark.parametrize("version", versions("2.6"))
def test_the_manager_hears_of_readiness_when_it_is_proven(
    tmp_path: Path, version: str, manager: socket.socket
) -> None:
    variables = {"NOTIFY_SOCKET": str(tmp_path / "notify")}
    with run_bed(tmp_path, version, "-Ws", variables=variables, wait=False) as bed:
        heard = hear(manager, "READY=1")
        assert "MAINPID" not in "".join(heard)
        bed.await_said("proven to serve")
        bed.signal(signal.SIGHUP)
        began = "".join(hear(manager, "RELOADING=1"))
        assert "MONOTONIC_USEC=" in began
        hear(manager, "READY=1")
        bed.await_said("reload: taken-over")
        bed.write(more="no-such-keyword\n")
        bed.signal(signal.SIGHUP)
        hear(manager, "RELOADING=1")
        assert "Reload failed" in "".join(hear(manager, "READY=1"))
        bed.signal(signal.SIGTERM)
        hear(manager, "STOPPING=1")
        assert bed.first.wait(DEADLINE_S) == 0
