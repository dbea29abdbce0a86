"""A live proxy: where a URL leads, who listens there, what its reload command says."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from hitless.errors import LoadError, UsageError
from hitless.host.processes import read_network_namespace, read_status
from hitless.prove import live as live_proxy
from hitless.prove.live import LiveProxy, parse_url, prepare_live
from hitless.prove.protocol import LiveTarget, ProvePlan
from hitless.records import Request, Workload
from tests.prove.pipes import Pipes


@pytest.fixture
def port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def live(url: str, *, remote: bool = False, command: tuple[str, ...] = ("/bin/true",)) -> LiveTarget:
    return LiveTarget(url=url, reload_command=command, remote=remote)


def test_a_url_names_target_and_request() -> None:
    target, request = parse_url(live("http://127.0.0.1:8080/a?b=c"), 7)
    assert (target.endpoint, target.mode, target.tls) == ("127.0.0.1:8080", "http", False)
    assert target.source_address.startswith("127.18.7.")
    assert request == Request(path="/a?b=c", host="127.0.0.1:8080")


def test_https_and_tcp() -> None:
    tls, _ = parse_url(live("https://[::1]"), 7)
    assert (tls.endpoint, tls.tls, tls.alpn) == ("[::1]:443", True, ("h2", "http/1.1"))
    tcp, _ = parse_url(live("tcp://localhost:5432"), 7)
    assert (tcp.mode, tcp.port) == ("tcp", 5432)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("127.0.0.1:80", "--url wants"),
        ("ftp://127.0.0.1/", "--url wants"),
        ("http://", "--url wants"),
        ("http:///path", "--url wants"),
        ("http://[::1", "is no URL"),
        ("tcp://127.0.0.1", "needs a port"),
        ("http://127.0.0.1:99999/", "leads nowhere"),
        ("http://no-such-host.invalid/", "leads nowhere"),
        ("http://192.0.2.1/", "not an address of this host"),
    ],
)
def test_urls_that_cannot_be_meant(url: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        parse_url(live(url), 7)


def test_another_host_is_meant_when_it_is_said() -> None:
    target, _ = parse_url(live("http://192.0.2.1/", remote=True), 7)
    assert target.source_address == ""


@pytest.mark.parametrize(
    ("command", "ok", "told"),
    [
        (("/bin/true",), True, ""),
        (("/bin/sh", "-c", "echo no >&2; exit 4"), False, "/bin/sh ended with status 4: no"),
        (("/nowhere/reload",), False, "No such file"),
    ],
)
def test_what_the_reload_command_says(command: tuple[str, ...], ok: bool, told: str) -> None:  # noqa: FBT001 - a column
    reply = LiveProxy(command, ("haproxy", 0)).trigger()
    assert reply.ok is ok
    assert told in reply.text
    assert bool(reply.text) is not ok


def test_processes_are_known_by_name_and_masters_are_left_out() -> None:
    name, namespace = read_status(os.getpid()).name, read_network_namespace(os.getpid())
    pids = LiveProxy(("/bin/true",), (name, namespace)).serving_pids()
    assert os.getpid() in pids or os.getppid() in pids
    assert LiveProxy(("/bin/true",), ("no-such-program", namespace)).serving_pids() == frozenset()
    assert LiveProxy(("/bin/true",), (name, namespace + 1)).serving_pids() == frozenset()


FORKS_AND_WAITS = """
import os, sys
child = os.fork()
if child == 0:
    sys.stdin.read()
    open("/proc/self/comm", "w").write("another")
    print("another", flush=True)
    os.read(int(sys.argv[2]), 1)
    os._exit(0)
print(child, flush=True)
os.waitpid(child, 0)
print("alone", flush=True)
os.read(int(sys.argv[1]), 1)
"""


def test_who_has_ended_and_who_runs_another_program_by_now_serve_nobody(tmp_path: Path) -> None:
    name = f"proxy-{os.getpid()}"  # of which no other test has one on this host
    program = tmp_path / name
    program.symlink_to(Path(sys.executable).resolve())
    (tmp_path / "serve.py").write_text(FORKS_AND_WAITS)
    proxy = LiveProxy(("/bin/true",), (name, read_network_namespace(os.getpid())))
    with closing_pipe() as end, closing_pipe() as leave:
        master = subprocess.Popen(
            [program, tmp_path / "serve.py", str(end[0]), str(leave[0])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=[end[0], leave[0]],
        )
        with master:
            assert master.stdin is not None
            assert master.stdout is not None
            worker = int(master.stdout.readline())
            assert proxy.serving_pids() == {worker}
            assert proxy.has_master()
            master.stdin.close()
            assert master.stdout.readline() == b"another\n"
            assert proxy.serving_pids() == {master.pid}
            os.write(leave[1], b"x")
            assert master.stdout.readline() == b"alone\n"
            assert proxy.serving_pids() == {master.pid}
            os.write(end[1], b"x")
            os.waitid(os.P_PID, master.pid, os.WEXITED | os.WNOWAIT)
            assert proxy.serving_pids() == frozenset()


@contextmanager
def closing_pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    try:
        yield ends
    finally:
        for descriptor in ends:
            os.close(descriptor)


def test_a_check_of_the_configuration_is_no_process_that_serves(tmp_path: Path) -> None:
    program = tmp_path / "haproxy"
    program.symlink_to(Path(sys.executable).resolve())
    waits = "import sys; print(flush=True); sys.stdin.read()"
    (tmp_path / "serve.py").write_text(waits)
    pids = {}
    with ExitStack() as stack:
        for words in ((str(tmp_path / "serve.py"),), ("-c", waits)):
            process = stack.enter_context(
                subprocess.Popen([program, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            )
            assert process.stdout is not None
            assert process.stdout.readline() == b"\n"
            pids[words[0]] = process.pid
        serving, check = pids.values()
        found = LiveProxy(("/bin/true",), ("haproxy", read_network_namespace(os.getpid()))).serving_pids()
    assert serving in found
    assert check not in found


def test_a_process_between_two_programs_is_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has a new name already and no arguments yet: whether it only checks cannot be told."""
    ours = LiveProxy(("/bin/true",), (read_status(os.getpid()).name, read_network_namespace(os.getpid())))
    with monkeypatch.context() as patched:
        patched.setattr(live_proxy, "read_command_line", lambda _pid: ())
        assert ours.serving_pids() == frozenset()
    assert ours.serving_pids()


def prepare(tmp_path: Path, target: LiveTarget) -> tuple[int, tuple[str, ...]]:
    plan = ProvePlan(tier="live", live=target, workloads=tuple(Workload))
    with Pipes(tmp_path) as pipes, ExitStack() as stack:
        pipes.answer()
        _, observer, load, facts = prepare_live(plan, pipes.channel, stack)
        assert facts.endpoints == tuple(sorted(observer.endpoints))
        return len(load.streams), facts.endpoints


def test_the_proxy_is_who_listens_there(tmp_path: Path, port: int) -> None:
    streams, endpoints = prepare(tmp_path, live(f"http://127.0.0.1:{port}/"))
    assert streams > 5
    assert endpoints == (f"127.0.0.1:{port}",)


def test_nobody_listens_there(tmp_path: Path, port: int) -> None:
    with socket.socket() as silent:  # bound, so that nobody else gets the port
        silent.bind(("127.0.0.1", 0))
        free = silent.getsockname()[1]
        assert free != port
        with pytest.raises(LoadError, match="Nobody listens"):
            prepare(tmp_path, live(f"http://127.0.0.1:{free}/"))
