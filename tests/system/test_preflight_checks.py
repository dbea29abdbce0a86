"""Each check of the preflight on real HAProxies: where it passes, where not, and that what it says comes true."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hitless.facts import Process, Role
from hitless.gather.place import ProcessPlace
from hitless.host.processes import read_status
from hitless.reload.look import with_configuration
from hitless.reload.preflight.last_reload import transfer_is_lost
from hitless.reload.preflight.options import PreflightOptions
from hitless.reload.preflight.signals import check_signals
from hitless.reload.preflight.table import NAMES, run_checks
from hitless.reloads import CheckState
from hitless.sandbox.certificates import make_authority
from tests.ports import free_port
from tests.reload.preflight.targets import target
from tests.system.conftest import require
from tests.system.live_haproxy import (
    CONFIGURATION,
    LiveHaproxy,
    await_taken,
    await_true,
    live_haproxy,
    program,
    send_usr2,
    versions,
)
from tests.system.preflight_bed import IMPATIENT, QUICK, check_of, listening_inodes, own_haproxy, target_of

pytestmark = pytest.mark.system

PASSED, WARNED, FAILED = CheckState.PASSED, CheckState.WARNED, CheckState.FAILED
SOME = versions("2.2", "2.8", "3.2")
NOBODY = 65534


def with_global(line: str, text: str = CONFIGURATION) -> str:
    return text.replace("global\n", f"global\n    {line}\n")


def await_state(pid: int, state: str) -> None:
    await_true(lambda: read_status(pid).state == state, f"process {pid} is in state {state}")


def fail_to_reload(live: LiveHaproxy, text: str, sign: str) -> None:
    """Reload with a bad configuration, and wait until HAProxy says that it failed and the master is back."""
    before = len((live.directory / "log").read_text())
    good = live.configuration.read_text()
    live.write(text)
    send_usr2(live.process.pid)
    await_true(lambda: sign in (live.directory / "log").read_text()[before:], sign)
    live.configuration.write_text(good)
    await_taken(live.process.pid)


@pytest.mark.parametrize("mode", ["master-worker", "classic"])
@pytest.mark.parametrize("version", versions())
def test_a_service_that_is_well_passes_everything(tmp_path: Path, version: str, mode: str) -> None:
    with live_haproxy(tmp_path, version, mode) as live:
        found = run_checks(target_of(live), QUICK)
    assert [check.name for check in found] == list(NAMES)
    assert {check.state for check in found} == {PASSED}, [c for c in found if c.state is not PASSED]


@pytest.mark.parametrize("version", SOME)
def test_the_configuration_is_read_as_the_service_reads_it(
    tmp_path: Path, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SERVER_PORT", "9")
    text = CONFIGURATION.replace("127.0.0.1:{server}", '127.0.0.1:"$SERVER_PORT"')
    with live_haproxy(tmp_path, version, configuration=text) as live:
        monkeypatch.delenv("SERVER_PORT")  # the service has it, we have not
        live.reload()  # from now on the master's environment says what it is
        assert check_of("configuration", live).state is PASSED
        slow = PreflightOptions(load_budget_s=1e-6)
        assert check_of("load-time", live, slow).state is FAILED
        live.write(with_global("no-such-keyword", text))
        refused = check_of("configuration", live)
        assert refused.state is FAILED
        assert f"[{live.configuration}:2] : unknown keyword 'no-such-keyword'" in refused.message


@pytest.mark.parametrize("version", SOME)
def test_a_staged_version_is_checked_in_the_place_of_the_original(tmp_path: Path, version: str) -> None:
    with live_haproxy(tmp_path, version) as live:
        staged = tmp_path / ".haproxy.cfg.staged"
        options = PreflightOptions(candidates={str(live.configuration): str(staged)})
        old = live.configuration.read_bytes()
        for new, state in ((old, PASSED), (old.replace(b"mode tcp", b"mode nonsense"), FAILED)):
            staged.write_bytes(new)
            target = with_configuration(target_of(live), {str(live.configuration): new})
            found = check_of("configuration", target, options)
            assert found.state is state, found
            assert str(staged) not in repr(found)
        assert f"[{live.configuration}:" in found.message
        staged.write_bytes(old + b"\n")
        assert "changed while it was checked" in check_of("configuration", target, options).message


ACTIVATE = """
import os, socket, sys
listening = socket.create_server(("127.0.0.1", int(sys.argv[1])))
os.dup2(listening.fileno(), 7)
os.execvp(sys.argv[2], sys.argv[2:])
"""


@pytest.mark.parametrize("version", SOME)
def test_sockets_that_it_was_started_with_are_there_in_the_check(tmp_path: Path, version: str) -> None:
    port = free_port()
    text = CONFIGURATION.replace("bind 127.0.0.1:{port}", "bind fd@7")
    wrapper = (sys.executable, "-c", ACTIVATE, str(port))
    with own_haproxy(tmp_path, program(version), "-W", configuration=text, wrapper=wrapper) as live:
        assert check_of("configuration", live).state is PASSED
        live.write(text.replace("fd@7", "fd@8"))
        assert "cannot use file descriptor '8'" in check_of("configuration", live).message


@pytest.fixture
def open_directory() -> Iterator[Path]:
    """A directory that everybody may enter; pytest's own are root's alone."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_a_service_of_another_user_is_checked_as_that_user(
    open_directory: Path, installed_haproxy: str
) -> None:
    require(os.geteuid() == 0, "only root can be somebody else")
    run, pem = open_directory / "run", open_directory / "c.pem"
    run.mkdir()
    os.chown(run, NOBODY, NOBODY)
    pem.write_bytes(make_authority().issue_pem(("a.example",)))
    os.chown(pem, NOBODY, NOBODY)
    text = CONFIGURATION.replace("bind 127.0.0.1:{port}", f"bind 127.0.0.1:{{port}} ssl crt {pem}")
    wrapper = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
    words = ("-W", "-S", f"{run}/master.sock")
    with own_haproxy(open_directory, installed_haproxy, *words, configuration=text, wrapper=wrapper) as live:
        assert check_of("configuration", live).state is PASSED
        assert check_of("rights", live).state is PASSED
        os.chown(pem, 0, 0)
        pem.chmod(0o600)
        refused = check_of("configuration", live)
        assert refused.state is FAILED, "root reads every file, the service does not"
        assert str(pem) in refused.message
        live.write(with_global(f"chroot {open_directory}", with_global("user daemon", text)))
        denied = check_of("rights", live)
        assert denied.state is FAILED
        assert "no right to `chroot`, `user`" in denied.message


@pytest.mark.parametrize("version", versions("2.2", "2.6", "3.0", "3.2"))
def test_a_missing_chroot_is_what_the_check_says(tmp_path: Path, version: str) -> None:
    with live_haproxy(tmp_path, version) as live:
        live.write(with_global(f"chroot {tmp_path}/gone"))
        assert check_of("configuration", live).state is PASSED, "haproxy -c does not see it"
        found = check_of("files", live)
        assert found.state is FAILED
        worker = live.workers
        send_usr2(live.process.pid)
        if "end the service" in found.message:
            await_true(lambda: not listening_inodes(live.port), "after the bare reload nobody listens")
        else:
            await_true(lambda: "Failed to load worker" in (tmp_path / "log").read_text(), "it fails")
            await_true(lambda: live.workers == worker, "the old one alone is left")


@pytest.mark.parametrize("version", versions("2.6", "3.2"))
def test_a_pid_file_that_cannot_be_written(tmp_path: Path, version: str) -> None:
    with live_haproxy(tmp_path, version, more=("-p", f"{tmp_path}/run/pid")) as live:
        assert check_of("files", live).state is PASSED
        live.write(with_global(f"pidfile {tmp_path}/gone/pid"))
        assert check_of("configuration", live).state is PASSED, "haproxy -c does not see it"
        assert check_of("files", live).state is FAILED


@pytest.mark.parametrize("version", versions("2.2", "3.2"))
def test_a_relative_directory_that_the_master_would_follow_again(tmp_path: Path, version: str) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "run").mkdir()
    text = CONFIGURATION.replace("{directory}", str(tmp_path))
    command = ["env", "-C", str(tmp_path), program(version)]
    # Up to 3.0 a master follows it once more to wait, and does not start at all (2.6 to 3.0).
    require(version in {"2.2", "3.2"}, "2.6 to 3.0 do not start with a relative -C")
    with own_haproxy(
        tmp_path, program(version), "-W", "-C", "sub", configuration=text, wrapper=tuple(command[:3])
    ) as live:
        found = check_of("configuration", live)
        assert found.state is FAILED
        assert "Could not change to directory sub" in found.message
        send_usr2(live.process.pid)
        await_true(lambda: live.process.poll() is not None, "the bare reload ends the service")


@pytest.mark.parametrize("version", SOME)
def test_the_program_on_disk(tmp_path: Path, version: str) -> None:
    link, real = tmp_path / "haproxy", program(version)
    link.symlink_to(real)
    with own_haproxy(tmp_path, str(link), "-W", "-S", f"{tmp_path}/run/master.sock") as live:
        assert check_of("program", live).state is PASSED
        link.unlink()
        missing = check_of("program", live)
        assert missing.state is FAILED
        assert "is not there: the master would lose its CLI" in missing.message
        assert check_of("configuration", live).stops
        link.write_text("#!/bin/sh\necho cannot load libfoo >&2\nexit 127\n")
        link.chmod(0o755)
        broken = check_of("program", live)
        assert broken.state is FAILED
        assert "cannot load libfoo" in broken.message
        link.unlink()
        other = next((v for v in versions() if v != version), version)
        link.symlink_to(program(other))
        assert check_of("program", live).state is (PASSED if other == version else WARNED)


@pytest.mark.parametrize("version", versions("2.2", "2.6", "3.2"))
def test_old_workers_are_counted_and_whom_the_reload_ends_is_said(tmp_path: Path, version: str) -> None:
    with live_haproxy(tmp_path, version, configuration=with_global("mworker-max-reloads 1")) as live:
        (oldest,) = live.workers
        live.connect_and_await_accept()
        assert check_of("generations", live).message == "no old process is alive"
        live.reload()
        full = check_of("generations", live, PreflightOptions(max_generations=1))
        assert full.state is FAILED
        assert f"1 allowed: {oldest} (" in full.message.replace("are ", "")
        assert "1 connections" in full.message
        ended = check_of("generations", live)
        assert ended.state is WARNED
        assert f"end process {oldest} " in ended.message
        live.reload()
        await_true(lambda: oldest not in live.workers, "mworker-max-reloads ends it")


@pytest.mark.parametrize("version", versions())
def test_a_signal_would_end_a_master_that_still_reads_its_configuration(tmp_path: Path, version: str) -> None:
    os.mkfifo(tmp_path / "haproxy.cfg")
    command = [program(version), "-W", "-f", f"{tmp_path}/haproxy.cfg"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        writer = os.open(tmp_path / "haproxy.cfg", os.O_WRONLY)  # waits until HAProxy has opened it
        try:
            master = Process(pid=process.pid, parent_pid=os.getpid(), role=Role.MASTER)
            (check,) = check_signals(target(processes=(master,)), QUICK)
            assert check.state is FAILED
            assert "does not handle SIGUSR2 yet" in check.message
            process.send_signal(signal.SIGUSR2)
            assert process.wait(60) == -signal.SIGUSR2
        finally:
            process.kill()
            os.close(writer)


def provoked(live: LiveHaproxy, cause: str) -> None:
    """Make a reload fail."""
    if cause == "refused":
        fail_to_reload(live, with_global("no-such-keyword"), "no-such-keyword")
    else:
        text = CONFIGURATION.replace("127.0.0.1:{port}", "127.0.0.1:{port}\n    bind 192.0.2.55:80")
        fail_to_reload(live, text, "192.0.2.55:80")


@pytest.mark.parametrize(
    ("version", "cause", "with_cli"),
    [
        *((version, "refused", True) for version in versions()),
        *((version, "refused", False) for version in versions("2.2", "3.2")),
        *((version, "unbindable", True) for version in versions("2.2", "3.2")),
    ],
)
def test_a_failed_reload_loses_the_transfer_where_the_check_says_so(
    tmp_path: Path, version: str, cause: str, *, with_cli: bool
) -> None:
    words = ("-W", "-S", f"{tmp_path}/run/master.sock") if with_cli else ("-W",)
    with own_haproxy(tmp_path, program(version), *words) as live:
        provoked(live, cause)
        target = target_of(live)
        lost = transfer_is_lost(target)
        found = check_of("last-reload", target)
        if target.version[:2] in {(2, 2), (3, 1), (3, 2)}:
            assert bool(lost) is (target.version >= (3, 1) or cause == "refused"), lost
        else:
            assert not lost
        migrates = Path("/proc/sys/net/ipv4/tcp_migrate_req").read_text().strip() == "1"
        assert (found.state is FAILED) is (bool(lost) and not migrates)
        remedied = check_of("last-reload", target, PreflightOptions(transfer_remedy="held meanwhile"))
        assert not remedied.stops
        before = listening_inodes(live.port)
        old = live.workers
        send_usr2(live.process.pid)
        await_true(lambda: live.workers and not live.workers & old, "the good reload takes over")
        assert (listening_inodes(live.port) == before) is not bool(lost), (
            "the sockets say whether it was true"
        )
        assert not transfer_is_lost(target_of(live)), "the next reload has it again"


@pytest.mark.parametrize("version", versions("2.6", "3.2"))
def test_who_is_stopped_is_found(tmp_path: Path, version: str) -> None:
    with live_haproxy(tmp_path, version) as live:
        (worker,) = live.workers
        for pid, names in ((live.process.pid, {"signals", "master"}), (worker, {"hand-over"})):
            target = target_of(live)
            assert not {name for name in names if check_of(name, target).stops}
            os.kill(pid, signal.SIGSTOP)
            try:
                await_state(pid, "T")
                assert {name for name in names if check_of(name, target, IMPATIENT).stops} == names
            finally:
                os.kill(pid, signal.SIGCONT)


@pytest.mark.parametrize("version", versions("2.6", "3.2"))
def test_the_cli_of_another_master_and_of_none(tmp_path: Path, version: str) -> None:
    shared = f"{tmp_path}/master.sock"
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    with own_haproxy(tmp_path / "a", program(version), "-W", "-S", shared) as live:
        await_true(lambda: check_of("master", live).state is PASSED, "its own master answers")
        with own_haproxy(tmp_path / "b", program(version), "-W", "-S", shared) as other:
            await_true(lambda: check_of("master", other).state is PASSED, "the other took the path")
            found = check_of("master", live)
            assert found.state is FAILED
            assert f"another master ({other.process.pid}) answers" in found.message
        target, quick = target_of(live), PreflightOptions(ask_timeout_s=0.3)
        said = "only a signal can reload it"
        # The killed master's worker, which ends as well, may still hold its listener for a moment.
        await_true(lambda: said in check_of("master", target, quick).message, "nobody listens there any more")
        assert check_of("master", target, quick).state is WARNED


@pytest.mark.parametrize("version", SOME)
def test_stick_tables_that_nobody_carries_over(tmp_path: Path, version: str) -> None:
    text = CONFIGURATION.replace("backend app\n", "backend app\n    stick-table type ip size 1k expire 1h\n")
    with live_haproxy(tmp_path, version, configuration=text) as live:
        assert check_of("peers", live).state is PASSED, "there is nothing in it"
        live.api.ask("set table app key 192.0.2.1")
        found = check_of("peers", live)
        assert found.state is WARNED
        assert "the stick-table of app over (1 entries)" in found.message


@pytest.mark.parametrize("version", versions("2.6", "3.2"))
def test_a_process_that_has_not_been_taught_does_not_teach(tmp_path: Path, version: str) -> None:
    port = free_port()
    text = (
        CONFIGURATION.replace(
            "backend app\n", "backend app\n    stick-table type ip size 1k expire 1h peers p\n"
        )
        + f"peers p\n    peer me 127.0.0.1:{port}\n    peer other 192.0.2.1:1\n"
    )
    with live_haproxy(tmp_path, version, configuration=text, more=("-L", "me")) as live:
        assert check_of("peers", live).state is PASSED, "there is nothing to lose"
        live.api.ask("set table app key 192.0.2.1")
        assert "loses the 1 entries" in check_of("peers", live).message
        live.connect_and_await_accept()  # the old process stays, and could teach
        live.reload()
        assert "used:0" in live.api.ask("show table app"), "the bare reload has lost it"


def test_it_is_waited_for_peers(tmp_path: Path) -> None:
    (version,) = versions("2.8")[:1]
    text = CONFIGURATION.replace("backend app\n", "backend app\n    stick-table type ip size 1k peers p\n")
    text += f"peers p\n    peer me unix@{tmp_path}/run/peers.sock\n"
    with live_haproxy(tmp_path, version, configuration=text, more=("-L", "me")) as live:
        live.api.ask("set table app key 192.0.2.1")
        assert (
            check_of("peers", live, PreflightOptions()).message == "1 entries of stick-tables are handed over"
        )


def send(live: LiveHaproxy, command: str, payload: bytes) -> str:
    """A command with a payload, which `RuntimeApi` does not send."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(60)
        connection.connect(f"{live.directory}/run/admin.sock")
        connection.sendall(command.encode() + b" <<\n" + payload.strip() + b"\n\n")
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b"")).decode()


@pytest.mark.parametrize("version", SOME)
def test_what_was_changed_at_run_time_is_listed(tmp_path: Path, version: str) -> None:
    authority = make_authority()
    (tmp_path / "m.map").write_text("# a map\n/a 1\n  /b   two words  \n")
    (tmp_path / "bad.lst").write_text("192.0.2.1\n10.0.0.0/8\n")
    (tmp_path / "c.pem").write_bytes(authority.issue_pem(("a.example",)))
    http = f"""
    http-request deny if {{{{ src -f {tmp_path}/bad.lst }}}}
    http-request set-header X-Way %[path,map({tmp_path}/m.map)]
"""
    text = CONFIGURATION.replace("mode tcp", "mode http").replace(
        "    default_backend",
        f"    bind unix@{tmp_path}/run/tls.sock ssl crt {tmp_path}/c.pem{http}    default_backend",
    )
    with live_haproxy(tmp_path, version, configuration=text) as live:
        untouched = check_of("runtime-state", live)
        assert untouched.state is PASSED, untouched
        for command in (
            f"add map {tmp_path}/m.map /new 7",
            f"del acl {tmp_path}/bad.lst 192.0.2.1",
            "set server app/one weight 10",
            "set maxconn server app/one 5",
            "disable frontend web",
        ):
            live.api.ask(command)
        send(live, f"set ssl cert {tmp_path}/c.pem", authority.issue_pem(("a.example",)))
        live.api.ask(f"commit ssl cert {tmp_path}/c.pem")
        found = check_of("runtime-state", live)
    assert found.state is WARNED
    listed = "\n".join(evidence.text for evidence in found.evidence)
    for said in (
        "app/one is weight 10, configured 100",
        "frontend web is out of service",
        "maxconn of app/one is 5, configured none",
        "m.map: 1 entries only in the running process (/new 7)",
        "bad.lst: 1 entries of the file that it does not have (192.0.2.1)",
        f"certificate {tmp_path}/c.pem: the running one",
    ):
        assert said in listed
    assert len(found.evidence) == 6, listed


@pytest.mark.parametrize("version", versions("2.6", "3.2"))
def test_a_limit_that_the_new_process_would_not_get(tmp_path: Path, version: str) -> None:
    with live_haproxy(tmp_path, version) as live:
        assert check_of("room", live).state is PASSED
        live.write(with_global("maxconn 10000\n    fd-hard-limit 5000"))
        assert check_of("configuration", live).state is PASSED, "haproxy -c does not see it"
        found = check_of("room", live)
        assert found.state is FAILED
        assert "`fd-hard-limit` is 5000: HAProxy refuses to start" in found.message
        fail_to_reload(live, live.configuration.read_text(), "Cannot raise FD limit")


@pytest.mark.parametrize("version", versions("2.8"))
def test_whether_anything_has_changed(tmp_path: Path, version: str) -> None:
    with live_haproxy(tmp_path, version) as live:
        assert "nothing has changed" in check_of("configuration-age", live).message
        os.utime(live.configuration)
        assert f"{live.configuration} changed" in check_of("configuration-age", live).message


def test_what_lives_elsewhere_is_not_run_from_here(tmp_path: Path) -> None:
    """In a root that is not ours a program may be anything."""
    with live_haproxy(tmp_path, versions()[0]) as live:
        target = target_of(live)
        place = ProcessPlace(target.place.root, foreign=True, why="it lives in a container")
        for name in ("program", "configuration"):
            found = check_of(name, replace(target, place=place))
            assert found.state is CheckState.UNKNOWN
            assert found.stops
            assert "it lives in a container" in found.message
