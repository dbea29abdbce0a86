"""The control package against the real HAProxy: a master with one worker, on loopback and unix sockets."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from hitless.control import (
    CouldNotAsk,
    HaproxyBinary,
    Level,
    MasterCli,
    Processes,
    RuntimeApi,
    WasRefused,
    check_configuration,
    find_haproxy,
)
from hitless.control.replies import parse_servers_state
from tests.ports import free_port
from tests.system.conftest import require
from tests.system.live_haproxy import DEADLINE_S, await_true, stop_process

pytestmark = pytest.mark.system

SERVERS = 1500
CONFIGURATION = """\
global
    stats socket {directory}/admin.sock mode 600 level admin expose-fd listeners
    stats socket {directory}/user.sock mode 600 level user
    stats timeout 5s
defaults
    mode http
    timeout client 5s
    timeout server 5s
    timeout connect 1s
frontend fe
    bind 127.0.0.1:{port}
    default_backend be
backend be
"""


@dataclass(frozen=True)
class Running:
    binary: HaproxyBinary
    directory: Path
    pid: int

    @property
    def configuration(self) -> Path:
        return self.directory / "h.cfg"

    @property
    def master(self) -> MasterCli:
        return MasterCli(str(self.directory / "master.sock"))

    def api(self, name: str = "admin") -> RuntimeApi:
        return RuntimeApi(str(self.directory / f"{name}.sock"))


@pytest.fixture
def binary(haproxy_path: str) -> HaproxyBinary:
    return find_haproxy(haproxy_path)


@pytest.fixture
def running(binary: HaproxyBinary) -> Iterator[Running]:
    with tempfile.TemporaryDirectory(prefix="hitless-") as name:
        directory = Path(name)
        servers = "".join(f"    server s{n} 127.0.0.1:9\n" for n in range(SERVERS))
        (directory / "h.cfg").write_text(
            CONFIGURATION.format(directory=directory, port=free_port()) + servers
        )
        command = [
            binary.path,
            "-W",
            "-S",
            f"{directory}/master.sock,mode,600",
            "-f",
            str(directory / "h.cfg"),
        ]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as master:
            try:
                made = Running(binary, directory, master.pid)
                made.api().ask_info(timeout_s=DEADLINE_S, patient=True)
                yield made
            finally:
                master.send_signal(signal.SIGTERM)
                master.wait(DEADLINE_S)


def wait_for_new_worker(running: Running, old: Processes) -> Processes:
    found: list[Processes] = []

    def is_there() -> bool:
        now = running.master.ask_processes(timeout_s=DEADLINE_S, patient=True)
        found.append(now)
        return now.master.reloads > old.master.reloads and bool(now.workers) and now.workers != old.workers

    await_true(is_there, "the new worker appears")
    return found[-1]


def test_the_binary_tells_what_it_is(binary: HaproxyBinary) -> None:
    assert binary.version >= (2, 2, 0)
    assert binary.version_text.startswith(".".join(map(str, binary.version)))
    assert {"OPENSSL", "THREAD"} <= binary.features


def test_master_and_worker_are_seen_alike_from_both_sockets(running: Running) -> None:
    processes = running.master.ask_processes(timeout_s=DEADLINE_S, patient=True)
    assert processes.master.pid == running.pid
    (worker,) = processes.workers
    assert worker.version == running.binary.version_text
    info = running.api().ask_info(timeout_s=DEADLINE_S, patient=True)
    assert (info.pid, info.version, info.stopping) == (worker.pid, running.binary.version_text, False)
    assert running.master.ask_worker_info(worker.pid).pid == worker.pid
    assert info.number("CurrConns") is not None


def test_a_long_answer_comes_whole_through_both_sockets(running: Running) -> None:
    processes = running.master.ask_processes(timeout_s=DEADLINE_S, patient=True)
    state = running.api().ask_servers_state()
    assert [row["srv_name"] for row in state] == [f"s{n}" for n in range(SERVERS)]
    through_master = running.master.ask_worker(processes.workers[0].pid, "show servers state")
    assert through_master.count("\n") == SERVERS + 1


def test_refusals(running: Running) -> None:
    running.master.ask_processes(timeout_s=DEADLINE_S, patient=True)
    with pytest.raises(WasRefused, match="Permission denied"):
        running.api("user").ask("disable frontend fe")
    with pytest.raises(WasRefused, match="Unknown command"):
        running.api().ask("frobnicate")
    with pytest.raises(WasRefused, match="Can't find the target"):
        running.master.ask_worker_info(2**31 - 1, timeout_s=DEADLINE_S)
    assert running.api().ask("set server be/s0 state drain") == ""
    assert running.api().ask("set server be/none state drain") == "No such server."


def test_a_reload_is_answered_or_followed(running: Running) -> None:
    before = running.master.ask_processes(timeout_s=DEADLINE_S, patient=True)
    reply = running.master.apply_reload()
    if running.binary.version < (2, 7, 0):
        assert reply.success is None
    else:
        assert reply.success is True
    after = wait_for_new_worker(running, before)
    assert after.master.pid == before.master.pid
    assert after.master.failed == 0
    # The old worker listens on the same socket until it has been told.
    await_true(
        lambda: running.api().ask_info(timeout_s=DEADLINE_S, patient=True).pid == after.workers[0].pid,
        "the new worker answers",
    )


def test_a_failed_reload_names_the_line(running: Running) -> None:
    before = running.master.ask_processes(timeout_s=DEADLINE_S, patient=True)
    running.configuration.write_text("global\n    expose-fd listeners\n")
    reply = running.master.apply_reload()
    if running.binary.version >= (2, 7, 0):
        assert reply.success is False
        assert f"{running.configuration}:2" in [m.where for m in reply.messages if m.level is Level.ALERT]
    after = running.master.ask_processes(timeout_s=DEADLINE_S, patient=True)
    assert after.master.failed == 1
    assert running.api().ask_info(timeout_s=DEADLINE_S, patient=True).pid == before.workers[0].pid


def test_a_stopped_process_is_a_deadline_not_a_hang(running: Running) -> None:
    (worker,) = running.master.ask_processes(timeout_s=DEADLINE_S, patient=True).workers
    stop_process(worker.pid)
    try:
        with pytest.raises(CouldNotAsk, match="did not answer in time"):
            running.api().ask_info(timeout_s=0.3)
    finally:
        os.kill(worker.pid, signal.SIGCONT)


def test_check_passes_and_fails_with_place(binary: HaproxyBinary, tmp_path: Path) -> None:
    good = tmp_path / "good.cfg"
    good.write_text(CONFIGURATION.format(directory=tmp_path, port=8080))
    result = check_configuration(binary, [str(good)], flags=["-W"])
    assert result.ok
    assert not result.alerts

    bad = tmp_path / "bad.cfg"
    bad.write_text('frontend f\n    bind :80 freebind\n    bind "1\n    default_backend none\n')
    result = check_configuration(binary, [str(good), str(bad)], flags=["-W"])
    assert not result.ok
    assert [m.where for m in result.alerts] == [f"{bad}:2", f"{bad}:3"]
    assert "unknown keyword 'freebind'" in result.alerts[0].text
    assert "^" in result.alerts[1].text


def test_socat_reads_the_same(running: Running) -> None:
    socat = shutil.which("socat")
    require(socat, "socat is not installed")
    running.master.ask_processes(timeout_s=DEADLINE_S, patient=True)
    command = [str(socat), "-t10", "stdio", f"unix-connect:{running.directory}/admin.sock"]
    done = subprocess.run(command, input="show servers state\n", capture_output=True, text=True, check=True)
    theirs = parse_servers_state(done.stdout.rstrip("\n"))
    assert len(theirs) == SERVERS
    assert without_times(running.api().ask_servers_state()) == without_times(theirs)


def without_times(rows: Iterable[Mapping[str, str]]) -> list[dict[str, str]]:
    """Leave out what counts seconds: the next may have begun."""
    return [
        {name: value for name, value in row.items() if name != "srv_time_since_last_change"} for row in rows
    ]
