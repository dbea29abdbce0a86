"""What goes wrong on a running HAProxy is found with its pid; on one that is well nothing of it is."""

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec
import pytest

from hitless.audit.engine import audit
from hitless.facts import Snapshot
from hitless.findings import Finding, Severity
from hitless.gather.document import render_snapshot
from tests.cli.commands import hitless
from tests.system.conftest import require, unprivileged_python
from tests.system.live_haproxy import (
    CONFIGURATION,
    RULES,
    await_true,
    live_haproxy,
    send_usr2,
    stop_process,
    versions,
)

pytestmark = pytest.mark.system

LIVE = (
    *("HL102", "HL106", "HL108", "HL116", "HL122", "HL124"),
    *("HL207", "HL208", "HL211", "HL214", "HL218"),
    *("HL302", "HL303", "HL304", "HL305", "HL309", "HL310"),
    *("HL402", "HL403", "HL406", "HL407", "HL412", "HL414", "HL415", "HL416", "HL420", "HL421"),
    *("HL505", "HL603", "HL806", "HL811", "HL812", "HL814"),
)
"""What only a host that runs can show."""

MODES = ("master-worker", "classic")


def told(finding: Finding) -> str:
    return "\n".join((finding.message, *(f"{e.text} [{e.source}]" for e in finding.evidence)))


def later(snapshot: Snapshot, seconds: float) -> Snapshot:
    """The same host that much later, had nothing happened meanwhile."""
    host = snapshot.host
    assert host is not None
    return msgspec.structs.replace(
        snapshot,
        instances=tuple(
            msgspec.structs.replace(
                instance,
                processes=tuple(
                    msgspec.structs.replace(p, age_s=p.age_s + seconds) for p in instance.processes or ()
                ),
            )
            for instance in snapshot.instances
        ),
        host=msgspec.structs.replace(
            host,
            paths=tuple(
                msgspec.structs.replace(p, modified_age_s=p.modified_age_s + seconds)
                for p in host.paths or ()
            ),
        ),
    )


def aged(snapshot: Snapshot, seconds: float) -> Snapshot:
    """The same host when its newest process was so old: how long a machine takes to look at it is no matter then."""
    ages = [p.age_s for instance in snapshot.instances for p in instance.processes or ()]
    return later(snapshot, seconds - min(ages))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("version", versions())
def test_nothing_is_found_that_is_not_there(version: str, mode: str, tmp_path: Path) -> None:
    with live_haproxy(tmp_path, version, mode) as live:
        for _ in range(3):
            live.reload()
        snapshot = live.gather()
        result = audit(snapshot, RULES)
        assert not [(f.code, f.message) for f in result.findings if f.code in LIVE]
        assert not result.internal_errors
        (instance,) = snapshot.instances
        assert instance.mode is not None
        assert instance.mode.value == mode
        assert instance.check is not None
        assert instance.check.accepted


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("version", versions("2.2", "2.6", "3.2"))
def test_an_old_process_that_a_client_holds(version: str, mode: str, tmp_path: Path) -> None:
    with live_haproxy(tmp_path, version, mode) as live:
        (old,) = live.workers
        client = live.connect_and_await_accept()
        client.sendall(b"x")
        live.reload()
        snapshot = aged(live.gather(), 1.0)
        brief = [f for f in audit(snapshot, RULES).findings if f.code in LIVE]
        assert not [told(f) for f in brief], "it may just be finishing"
        found = {f.code: f for f in audit(later(snapshot, 20), RULES).findings}
        assert set(found) & set(LIVE) == {"HL207"}
        assert found["HL207"].severity is Severity.NOTE
        assert f"process {old} was replaced" in told(found["HL207"])
        assert "1 established" in told(found["HL207"]) or "2 established" in told(found["HL207"])
        assert "session of " in told(found["HL207"]) or mode == "classic"
        (late,) = (f for f in audit(later(snapshot, 100), RULES).findings if f.code == "HL207")
        assert late.severity is Severity.WARNING


@pytest.mark.parametrize("version", versions("2.6", "3.2"))
def test_sockets_from_the_masters_cli(version: str, tmp_path: Path) -> None:
    with live_haproxy(tmp_path, version, more=("-x", f"{tmp_path}/run/master.sock")) as live:
        assert f"-x {tmp_path}/run/master.sock" in told(live.find("HL106"))
        live.reload()
        assert "HL106" not in {f.code for f in live.audit().findings}, (
            "a master leaves its -x away when it reloads"
        )


@pytest.mark.parametrize("mode", MODES)
def test_a_socket_directory_that_is_gone(mode: str, tmp_path: Path) -> None:
    with live_haproxy(tmp_path, versions("2.6")[0], mode) as live:
        (worker,) = live.workers
        shutil.rmtree(tmp_path / "run")
        assert f"{tmp_path}/run does not exist" in told(live.find("HL302"))
        lost = [told(f) for f in live.audit().findings if f.code == "HL304"]
        assert any(f"process {worker} listens on {tmp_path}/run/admin.sock" in text for text in lost), lost


@pytest.mark.parametrize(
    ("version", "mode"), [(versions("2.6")[0], "classic"), (versions("3.2")[0], "master-worker")]
)
def test_a_port_that_somebody_else_has(version: str, mode: str, tmp_path: Path) -> None:
    with live_haproxy(tmp_path, version, mode) as live, socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        live.write(CONFIGURATION + f"frontend more\n    bind :{port}\n    default_backend app\n")
        finding = live.find("HL403")
        assert f" {os.getpid()}:" in finding.message
        assert Path(f"/proc/{os.getpid()}/comm").read_text().strip() in finding.message
        assert finding.severity is Severity.ERROR
        assert finding.place is not None
        assert finding.place.text == f"    bind :{port}"


def test_an_address_that_is_not_here(tmp_path: Path) -> None:
    with live_haproxy(tmp_path, versions("3.0")[0]) as live:
        live.write(CONFIGURATION + "frontend vip\n    bind 192.0.2.77:8080\n    default_backend app\n")
        assert "192.0.2.77 is on no interface" in told(live.find("HL402"))


@pytest.mark.parametrize("version", versions("2.2", "2.8", "3.2"))
def test_a_reload_that_failed(version: str, tmp_path: Path) -> None:
    with live_haproxy(tmp_path, version) as live:
        (worker,) = live.workers
        live.write(CONFIGURATION.replace("mode tcp", "mode tpc"))
        refused = live.find("HL416")
        assert "tpc" in told(refused)
        assert refused.place is not None
        assert refused.place.line == 5
        send_usr2(live.process.pid)
        log = tmp_path / "log"
        await_true(lambda: "tpc" in log.read_text(errors="replace"), "HAProxy refuses")
        live.await_answer()
        await_true(lambda: live.workers == {worker}, "no other worker")
        assert "the last reload failed" in live.find("HL102").message
        codes = {f.code for f in live.audit().findings}
        assert codes & {"HL207", "HL211"} == set(), "the only worker is no old one"
        if version in {"2.2", "3.2"}:
            assert live.find("HL409").severity is Severity.ERROR
        live.write(CONFIGURATION)
        live.reload()
        codes = {f.code for f in live.audit().findings}
        assert not codes & set(LIVE)


def test_a_process_that_was_never_stopped(tmp_path: Path) -> None:
    with live_haproxy(tmp_path, versions("2.6")[0], "classic") as live:
        old = live.process.pid
        stop_process(old)
        live.start("-sf", str(old))
        await_true(lambda: live._serving() == live.process.pid, "the new process answers")
        found = {f.code: f for f in audit(later(live.gather(), 20), RULES).findings}
        assert f"process {old} still takes new connections on port {live.port}" in found["HL211"].message


def test_a_socket_path_that_another_instance_took(tmp_path: Path) -> None:
    with live_haproxy(tmp_path / "one", versions("2.6")[0]) as one:
        text = CONFIGURATION.replace("{directory}", str(one.directory))
        with live_haproxy(tmp_path / "two", versions("2.8")[0], configuration=text, wait=False) as two:
            await_true(lambda: one._serving() in two.workers, "the other answers")
            assert any(f"haproxy {pid}" in one.find("HL303").message for pid in two.workers)


@pytest.mark.parametrize("version", versions("2.2", "3.2"))
def test_a_mode_that_a_reload_does_not_change(version: str, tmp_path: Path) -> None:
    with live_haproxy(tmp_path, version) as live:
        live.write(CONFIGURATION.replace("mode 600", "mode 660"))
        live.reload()
        assert "mode 600 instead of 660" in live.find("HL305").message


@pytest.mark.parametrize("mode", MODES)
def test_a_program_that_was_replaced(mode: str, tmp_path: Path) -> None:
    with live_haproxy(tmp_path, versions("2.6")[0], mode) as live:
        program = Path(live.command[0]).resolve()
        copy = tmp_path / "haproxy"
        shutil.copy(program, copy)
        (tmp_path / "two").mkdir()
        port = live.port
        with live_haproxy(tmp_path / "two", versions("2.6")[0], mode, wait=False) as other:
            other.process.kill()
            other.process.wait()
            other.command[0] = str(copy)
            other.start()
            other.await_answer()
            assert "HL124" not in {f.code for f in other.audit().findings}
            shutil.copy(program, tmp_path / "next")
            (tmp_path / "next").rename(copy)
            assert f"process {other.process.pid} runs" in other.find("HL124").message
        assert port == live.port


@pytest.mark.parametrize("version", versions("2.2", "3.2"))
def test_a_weight_that_the_cli_set(version: str, tmp_path: Path) -> None:
    with live_haproxy(tmp_path, version) as live:
        live.api.ask("set server app/one weight 10")
        finding = live.find("HL806")
        assert "weight 10, configured 100" in finding.message
        assert any(f"process {pid}" in told(finding) for pid in live.workers)


def test_a_reload_signal_that_is_stuck(tmp_path: Path) -> None:
    require(os.geteuid() == 0, "needs root")
    with live_haproxy(tmp_path, "3.2") as live:
        stop_process(live.process.pid)
        os.kill(live.process.pid, signal.SIGUSR2)
        found = audit(later(live.gather(), 60), RULES).findings
        assert "HL603" not in {f.code for f in found}, "pending, and not blocked"
        block_signal(live.process.pid, signal.SIGUSR2)
        snapshot = aged(live.gather(), 5.0)
        assert "HL603" not in {f.code for f in audit(snapshot, RULES).findings}, "a reload may be under way"
        (stuck,) = (f for f in audit(later(snapshot, 60), RULES).findings if f.code == "HL603")
        assert f"master {live.process.pid}" in stuck.message


@pytest.mark.parametrize("mode", MODES)
def test_a_snapshot_says_the_same_elsewhere(
    mode: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with live_haproxy(tmp_path / "live", versions("2.8")[0], mode) as live:
        client = live.connect_and_await_accept()
        client.sendall(b"x")
        live.reload()
        live.write(CONFIGURATION.replace("mode 600", "mode 666") + "frontend x\n    bind 192.0.2.77:80\n")
        snapshot = live.gather()
    file = tmp_path / "s.json"
    file.write_text(render_snapshot(snapshot))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for output_format in ("text", "json", "sarif", "junit", "markdown"):
        words = ("audit", "--format", output_format)
        with monkeypatch.context() as patch:
            patch.setattr("hitless.gather.gather_snapshot", lambda _: snapshot)
            patch.chdir(elsewhere)
            here = hitless(*words)
        if output_format != "sarif":  # its addresses are relative to where it runs
            monkeypatch.chdir(tmp_path)
        else:
            monkeypatch.chdir(elsewhere)
        assert hitless(*words, "--snapshot", str(file)) == here
        assert here.stdout
        assert here.status == 1


def test_a_snapshot_needs_no_rights(tmp_path: Path) -> None:
    python = unprivileged_python()
    require(os.geteuid() == 0 and python, "needs root, and a Python that anybody can run")
    assert python is not None
    with live_haproxy(tmp_path / "live", versions("3.0")[0]) as live:
        snapshot = live.gather()
    with tempfile.TemporaryDirectory(prefix="hitless-anybody-") as directory:
        Path(directory).chmod(0o755)
        file = Path(directory) / "s.json"
        file.write_text(render_snapshot(snapshot))
        words = ("audit", "--snapshot", str(file), "--format", "json")
        here = hitless(*words)
        done = as_nobody(python, *words)
    require(b"No module named" not in done.stderr, "the packages are out of an ordinary user's reach")
    assert (done.stdout.decode(), done.returncode) == (here.stdout, here.status), done.stderr


def as_nobody(python: str, *words: str) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [python, "-m", "hitless", *words],
        stdin=subprocess.DEVNULL,
        user=65534,
        group=65534,
        extra_groups=[],
        cwd="/",
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        check=False,
        timeout=60,
    )


def block_signal(pid: int, number: int) -> None:
    """Block a signal in another process, as HAProxy's defect does in itself. Source: ptrace(2)."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    seize, interrupt, set_mask, detach, wall = 0x4206, 0x4207, 0x420B, 17, 0x40000000
    mask = ctypes.c_uint64(1 << (number - 1))
    assert libc.ptrace(seize, pid, None, None) == 0, os.strerror(ctypes.get_errno())
    assert libc.ptrace(interrupt, pid, None, None) == 0
    os.waitpid(pid, wall)
    assert libc.ptrace(set_mask, pid, 8, ctypes.byref(mask)) == 0, os.strerror(ctypes.get_errno())
    assert libc.ptrace(detach, pid, None, None) == 0
