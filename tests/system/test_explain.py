"""Causes that were planted in real HAProxies, named by `hitless explain` from their logs and captures alone."""

import os
import re
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hitless.captured import Ending
from hitless.errors import ExitCode
from hitless.explain.answer import explain
from hitless.explain.inputs.chosen import Chosen
from hitless.explanations import ExplainedEvent, Explanation, Judgement, NamedCause
from hitless.load.runner import LoadProcesses
from hitless.logged import ChangeKind
from hitless.records import Stream, Workload
from tests.cli.commands import hitless
from tests.system.capture_bed import loopback_capture
from tests.system.conftest import require
from tests.system.live_haproxy import (
    DEADLINE_S,
    LiveHaproxy,
    await_true,
    children,
    live_haproxy,
    stop_at_rest,
    versions,
)
from tests.system.load_bed import await_queue, count_hurt, count_outcomes, run_load, target, until_attempts
from tests.system.logging_bed import SyslogFile, await_lines, busy, logging_bed
from tests.system.test_explain_logs import live_through
from tests.system.websocket_bed import Closings, Upstream, web_socket

pytestmark = pytest.mark.system

K = ChangeKind
SERVICE = """\
global
    log LOG_TARGET len 8192 local0
    stats socket {{directory}}/run/admin.sock mode 600 level admin expose-fd listeners
    {settings}
defaults
    mode http
    log global
    option httplog
    retries 0
    timeout client 30s
    timeout server 30s
    timeout connect 2s
    timeout tunnel 1h
    {option}
frontend web
    bind 127.0.0.1:{{port}}
    {rule}
"""
ANSWER = "http-request return status 200 content-type text/plain string ok"


def service(*, settings: str = "hard-stop-after 30s", option: str = "", rule: str = ANSWER) -> str:
    return SERVICE.format(settings=settings, option=option, rule=rule)


@contextmanager
def serving(
    directory: Path, version: str, text: str, mode: str = "master-worker", wrapper: tuple[str, ...] = ()
) -> Iterator[LiveHaproxy]:
    """Run a HAProxy whose log is `haproxy.log`."""
    log = SyslogFile(directory / "haproxy.log")
    try:
        with live_haproxy(directory, version, mode, configuration=log.name_in(text), wrapper=wrapper) as live:
            yield live
    finally:
        log.close()


def explain_logs(directory: Path, capture: Path | None = None, *, port: int = 0) -> Explanation:
    """What is captured on loopback is not ours alone."""
    return explain(
        Chosen(
            logs=(str(directory / "haproxy.log"),),
            captures=(str(capture),) if capture is not None else (),
            listeners=(f"127.0.0.1:{port}",) if port else (),
        )
    )


def causes(explanation: Explanation) -> dict[str, NamedCause]:
    return {cause.code: cause for event in explanation.events for cause in event.causes}


def event_of(explanation: Explanation, kind: ChangeKind) -> ExplainedEvent:
    (found,) = [event for event in explanation.events if event.change.kind is kind]
    return found


@pytest.mark.parametrize("version", versions("2.6", "2.8", "3.2"))
def test_a_day_with_everything(version: str, tmp_path: Path) -> None:
    with logging_bed(tmp_path, version) as bed, socket.create_server(("127.0.0.1", 0)) as taken:
        live_through(bed, taken)
    explanation = explain_logs(tmp_path)
    assert explanation.judgement is Judgement.HARMFUL
    failed = event_of(explanation, K.FAILED_RELOAD)
    assert [cause.code for cause in failed.causes] == ["HL401"]
    assert failed.causes[0].victims > 5
    assert [cause.code for cause in event_of(explanation, K.HARD_STOP).causes] == ["HL201"]
    assert [cause.code for cause in event_of(explanation, K.RESTART).causes] == ["HL101"]
    reloads = [event for event in explanation.events if event.change.kind is K.RELOAD]
    assert {event.judgement for event in reloads} == {Judgement.HARMLESS}, [e.causes for e in reloads]


def test_five_reloads_that_hurt_nobody(tmp_path: Path) -> None:
    (version,) = versions("2.8")
    with logging_bed(tmp_path, version) as bed:
        for _ in range(5):
            bed.note("reload", bed.live.reload)
    done = hitless("explain", "--no-journal", "--no-receipts", str(tmp_path / "haproxy.log"))
    assert done.status == ExitCode.CLEAN, done.stdout
    assert "Nothing bad happened around 5 reloads" in " ".join(done.stdout.split())


@pytest.mark.parametrize("version", versions("2.6", "2.8", "3.2"))
def test_a_hard_stop_on_websockets(version: str, tmp_path: Path) -> None:
    with Upstream() as upstream:
        rule = f"default_backend app\nbackend app\n    server s 127.0.0.1:{upstream.port}"
        with (
            serving(tmp_path, version, service(settings="hard-stop-after 500ms", rule=rule)) as live,
            busy(live.port),
        ):
            await_lines(tmp_path / "haproxy.log")
            sockets = [live.stack.enter_context(web_socket(live.port)) for _ in range(10)]
            with Closings(sockets) as closings:
                live.reload()
                closings.await_number(10)
            await_true(lambda: len(children(live.process.pid)) == 1, "the old worker ends")
            await_lines(tmp_path / "haproxy.log")
    explanation = explain_logs(tmp_path)
    hard_stop = event_of(explanation, K.HARD_STOP)
    (cause,) = hard_stop.causes
    assert (cause.code, cause.victims) == ("HL201", 10)
    assert hard_stop.endings[0].termination.startswith("K")
    assert event_of(explanation, K.RELOAD).judgement is Judgement.HARMLESS


def keep_alive(port: int) -> socket.socket:
    """Open a connection that has had one answer."""
    client = socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S)
    ask(client)
    return client


def ask(client: socket.socket) -> bytes:
    client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    return client.recv(65536)


@pytest.mark.parametrize("version", versions("2.6", "2.8", "3.2"))
def test_an_old_worker_with_a_frozen_server_list(version: str, tmp_path: Path) -> None:
    with Upstream() as stays:
        leaving = Upstream().__enter__()
        rule = (
            "default_backend app\nbackend app\n    balance roundrobin\n    http-reuse never\n"
            "    default-server inter 100ms fall 1 rise 1 check\n"
            f"    server stays 127.0.0.1:{stays.port}\n    server leaves 127.0.0.1:{leaving.port}"
        )
        text = service(option="option idle-close-on-response\n    option http-server-close", rule=rule)
        with serving(tmp_path, version, text) as live, busy(live.port):
            clients = [live.stack.enter_context(keep_alive(live.port)) for _ in range(40)]
            (old,) = live.workers
            live.reload()
            leaving.__exit__()
            await_true(lambda: "leaves is DOWN" in (tmp_path / "log").read_text(), "the new worker sees it")
            answers = [ask(client) for client in clients]
            failed = sum(answer.startswith(b"HTTP/1.1 503") for answer in answers)
            logged = re.compile(rb"haproxy\[%d\]: .* 503 " % old)
            await_true(
                lambda: len(logged.findall((tmp_path / "haproxy.log").read_bytes())) >= failed,
                "all are logged",
            )
    assert failed >= 10
    explanation = explain_logs(tmp_path)
    cause = causes(explanation)["HL205"]
    assert cause.victims == failed
    assert any("app/leaves" in statement.text for statement in cause.evidence)


@pytest.mark.parametrize("version", versions("2.6", "2.8", "3.2"))
def test_descriptors_that_run_out(version: str, tmp_path: Path) -> None:
    with Upstream() as upstream:
        rule = f"default_backend app\nbackend app\n    server s 127.0.0.1:{upstream.port}"
        settings = "no strict-limits\n    maxconn 2000\n    nbthread 1\n    hard-stop-after 30s"
        text = service(settings=settings, rule=rule)
        with serving(tmp_path, version, text, wrapper=("prlimit", "--nofile=300:300")) as live:
            held = [live.stack.enter_context(web_socket(live.port)) for _ in range(5)]
            live.reload()
            held.append(
                live.stack.enter_context(keep_alive(live.port))
            )  # the log's socket is open from now on
            held += [live.connect() for _ in range(320)]
            await_true(
                lambda: "FD limit" in (tmp_path / "haproxy.log").read_text(errors="replace"), "it runs out"
            )
    cause = causes(explain_logs(tmp_path))["HL218"]
    assert any("FD limit" in statement.text for statement in cause.evidence)


def test_idle_close_under_clients_seen_from_a_capture(tmp_path: Path) -> None:
    require(os.geteuid() == 0, "packet sockets need root")
    (version,) = versions("2.8")
    with serving(tmp_path, version, service()) as live, loopback_capture(tmp_path / "lo.pcap", live.port):
        stream = Stream(
            number=0, workload=Workload.IDLE, target=target(live.port), connections=10, idle_s=0.5
        )

        run_load(tmp_path / "rows", (stream,), during=around(live.reload))
    explanation = explain_logs(tmp_path, tmp_path / "lo.pcap", port=live.port)
    reload = event_of(explanation, K.RELOAD)
    cause = next(cause for cause in reload.causes if cause.code == "HL501")
    assert cause.victims >= 5
    assert reload.captured is not None
    assert dict(reload.captured.endings)[Ending.STALE_REUSE] == cause.victims
    clock = next(clock for clock in explanation.clocks if clock.name == "the capture")
    assert abs(clock.offset_ns) <= clock.error_ns + 10**7


def around(act: Callable[[], object]) -> Callable[[LoadProcesses], None]:
    def during(load: LoadProcesses) -> None:
        until_attempts(30)(load)
        act()
        until_attempts(load.counters()[0] + 30)(load)
        load.check()

    return during


def test_an_accept_queue_that_was_thrown_away_seen_from_a_capture(tmp_path: Path) -> None:
    """The old process is stopped while connections queue up, and told to go before it can accept all of them."""
    require(os.geteuid() == 0, "packet sockets need root")
    (version,) = versions("2.8")
    text = service(settings="nbthread 1")
    with (
        serving(tmp_path, version, text, "classic") as live,
        loopback_capture(tmp_path / "lo.pcap", live.port),
    ):
        stream = Stream(
            number=0, workload=Workload.CONNECT, target=target(live.port), connections=12, rate_per_s=60
        )

        def replace() -> None:
            old = live.process
            stop_at_rest(old.pid)
            await_queue(live.port, 8)
            live.start("-sf", str(old.pid))
            await_true(lambda: is_pending(old.pid, signal.SIGUSR1), "the old process is told to go")
            old.send_signal(signal.SIGCONT)
            old.wait(DEADLINE_S)

        rows = run_load(tmp_path / "rows", (stream,), during=around(replace))
    lost = count_hurt(count_outcomes(rows))
    explanation = explain_logs(tmp_path, tmp_path / "lo.pcap", port=live.port)
    cause = causes(explanation)["HL104"]
    assert cause.victims == lost > 0
    assert any("it never took the others" in statement.text for statement in cause.evidence)


def is_pending(pid: int, number: signal.Signals) -> bool:
    status = Path(f"/proc/{pid}/status").read_text()
    return bool(int(status.partition("ShdPnd:")[2].split()[0], 16) >> (number - 1) & 1)
