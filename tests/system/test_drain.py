"""Old workers of real HAProxies: why they are alive, whom the hard stop cuts, their sessions closed at an even rate.

HITLESS_SOCKETS and HITLESS_OVER_S: how many WebSockets, over which time.
"""

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hitless.host.process_handle import ProcessHandle
from tests.system.live_haproxy import DEADLINE_S, await_true, stop_process, versions
from tests.system.reload_bed import Result, Service, command, environment, hitless, service
from tests.system.websocket_bed import Closings, Upstream, is_open, web_socket

pytestmark = pytest.mark.system

SOCKETS = int(os.environ.get("HITLESS_SOCKETS", "1000"))
OVER_S = float(os.environ.get("HITLESS_OVER_S", "6"))
CONFIGURATION = """\
global
    maxconn {maxconn}
    stats socket {{directory}}/run/admin.sock mode 600 level admin expose-fd listeners
    {hard_stop}
defaults
    mode http
    timeout client 1h
    timeout server 1h
    timeout connect 5s
    timeout http-keep-alive 10m
frontend web
    bind 127.0.0.1:{{port}}
    {option}
    default_backend app
backend app
    server one 127.0.0.1:{upstream}
"""


@dataclass
class Bed:
    """A service in front of WebSockets."""

    running: Service
    stack: ExitStack
    upstream: Upstream

    @property
    def words(self) -> tuple[str, ...]:
        return ("drain", "--uses", str(self.running.live.configuration))

    def hold(self, number: int) -> list[socket.socket]:
        """Open WebSockets through the worker that serves now."""
        port = self.running.live.port
        return [self.stack.enter_context(web_socket(port)) for _ in range(number)]

    def request(self, path: str) -> socket.socket:
        """Send a request on a connection that stays open, and wait until the worker has passed it on."""
        before = self.upstream.requests
        connection = self.running.live.connect()
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        await_true(lambda: self.upstream.requests > before, "the request arrives")
        return connection

    def reload(self) -> int:
        """Reload; return the process that served before."""
        before = self.running.serving()
        self.running.live.reload()
        await_true(lambda: self.running.serving() != before, "the new worker serves")
        return before

    def look(self, *more: str) -> Result:
        return hitless(*self.words, *more)

    def generation(self, pid: int, *more: str) -> dict[str, Any]:
        found = self.look(*more).document["view"]["generations"]
        one: dict[str, Any] = next(g for g in found if g["pid"] == pid)
        return one

    def start(self, *more: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            command(*self.words, *more, "--format", "json"),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment(),
        )
        self.stack.callback(process.wait)
        self.stack.callback(process.kill)
        return process


@contextmanager
def bed(
    tmp_path: Path,
    version: str,
    mode: str = "master-worker",
    *,
    hard_stop: str = "hard-stop-after 10m",
    option: str = "",
    maxconn: int = 4000,
) -> Iterator[Bed]:
    with Upstream() as upstream, ExitStack() as stack:
        configuration = CONFIGURATION.format(
            maxconn=maxconn, hard_stop=hard_stop, option=option, upstream=upstream.port
        )
        running = stack.enter_context(service(tmp_path, version, mode, configuration=configuration))
        yield Bed(running, stack, upstream)


def reasons(generation: dict[str, Any]) -> dict[str, str]:
    return {reason["why"]: reason["text"] for reason in generation["why"]}


@pytest.mark.parametrize("version", versions("2.6", "2.8", "3.2"))
def test_a_thousand_web_sockets_are_closed_at_an_even_rate(tmp_path: Path, version: str) -> None:
    with bed(tmp_path, version) as made:
        held = made.hold(SOCKETS)
        old = made.reload()
        new = made.hold(20)

        left = made.generation(old)
        assert reasons(left)["tunnels"].startswith(
            f"{SOCKETS:,} WebSocket sessions of frontend web".replace(",", " ")
        )
        assert "no `timeout tunnel`" in reasons(left)["tunnels"]
        assert (left["sessions"], left["draining_exact"]) == (SOCKETS, True)
        assert left["groups"][0]["idle_longest_s"] > 0
        forecast = left["forecast"]
        assert 500 < forecast["hard_stop"]["due_s"] <= 600
        assert not forecast["hard_stop"]["assumed"]
        assert forecast["cut"] == SOCKETS

        with Closings(held) as closings:
            done = made.look("--close", "--over", f"{OVER_S:g}s", "--wait", "--timeout", "60s")
        assert (done.status, done.document["result"]["closed"]) == (0, SOCKETS)
        assert [g["pid"] for g in done.document["view"]["generations"]] == [made.running.serving()]
        assert len(closings.times) == SOCKETS
        assert is_even(closings.times, OVER_S)
        assert all(is_open(one) for one in new)


def is_even(times: list[float], over_s: float) -> bool:
    """Whether no fifth of the time saw hardly any, or more than twice, of what it should.

    A machine that stands still for a moment closes less in it; hitless then goes on at twice the pace at most.
    """
    parts = [0] * 5
    for at in times:
        parts[min(4, int((at - times[0]) / over_s * 5))] += 1
    fair = len(times) / 5
    return min(parts) > fair / 10 and max(parts) < fair * 2.2


@pytest.mark.parametrize("version", versions("2.2", "2.6", "2.8", "3.0", "3.2"))
def test_why_an_old_worker_is_alive(tmp_path: Path, version: str) -> None:
    keeping = "" if version == "2.2" else "option idle-close-on-response"
    with bed(tmp_path, version, hard_stop="", option=keeping) as made:
        made.hold(3)
        idle = made.request("/")
        assert idle.recv(4096).startswith(b"HTTP/1.1 200")
        made.request("/slow")
        old = made.reload()
        said = made.generation(old)
        why = reasons(said)
        assert why["tunnels"].startswith("3 WebSocket sessions of frontend web (backend app)")
        assert why["requests"].startswith("1 request in flight of web (1 response)")
        assert why["idle-connections"].startswith("1 connection of clients without a request")
        assert "no `hard-stop-after`" in why["no-hard-stop"]
        assert said["listeners"][0]["without_session"] == 1
        assert said["forecast"]["hard_stop"] is None
        assert {s["source"].partition(":")[0] for s in said["oldest"]} == {"127.0.0.1"}
        # All its sessions are closed, and the connection that no command closes keeps it.
        done = made.look("--close", "--over", "0", "--wait", "--timeout", "500ms")
        assert (done.status, done.document["timed_out"]) == (1, True)
        assert done.document["result"]["closed"] == 4
        assert "idle-connections" in reasons(done.document["view"]["generations"][1])
        assert is_open(idle)


@pytest.mark.parametrize("version", versions("2.6", "3.2")[:1])
def test_the_hard_stop_comes_when_it_was_foretold(tmp_path: Path, version: str) -> None:
    with bed(tmp_path, version, hard_stop="hard-stop-after 12s") as made:
        held = made.hold(3)
        old = made.reload()
        with ProcessHandle(old) as process, Closings(held) as closings:
            asked = time.monotonic()
            forecast = made.generation(old)["forecast"]
            answered = time.monotonic()
            assert process.await_exit(30)
        assert forecast["cut"] == 3
        due_s = forecast["hard_stop"]["due_s"]
        assert asked + due_s - 2.0 < closings.times[0] < answered + due_s + 2.0


@pytest.mark.parametrize("version", versions("2.8")[:1])
def test_generations_are_told_apart(tmp_path: Path, version: str) -> None:
    with bed(tmp_path, version) as made:
        first = made.hold(2)
        oldest = made.reload()
        second = made.hold(3)
        older = made.reload()
        current = made.running.serving()
        found = made.look()
        assert found.status == 1
        generations = found.document["view"]["generations"]
        assert [(g["pid"], g["number"], g["sessions"]) for g in generations[1:]] == [
            (older, 1, 3),
            (oldest, 2, 2),
        ]
        assert generations[1]["draining_s"] < generations[2]["draining_s"]

        for words in (("--close", "--generation", str(current)), ("--close", "--current")):
            refused = made.look(*words)
            assert (refused.status, refused.document) == (2, {})
        closed = made.look("--close", "--over", "0", "--generation", str(oldest))
        assert (closed.status, closed.document["result"]["closed"]) == (0, 2)
        await_true(lambda: not any(is_open(one) for one in first), "they are closed")
        assert all(is_open(one) for one in second)

        third = made.hold(2)
        meant = made.look("--close", "--over", "0", "--current", "--generation", str(current))
        assert meant.document["result"]["closed"] == 2
        await_true(lambda: not any(is_open(one) for one in third), "they are closed")
        assert all(is_open(one) for one in second)


@pytest.mark.parametrize("version", versions("2.6")[:1])
def test_ctrl_c_stops_closing_and_says_how_far_it_came(tmp_path: Path, version: str) -> None:
    with bed(tmp_path, version) as made:
        held = made.hold(50)
        made.reload()
        with Closings(held) as closings:
            process = made.start("--close", "--over", "60s")
            closings.await_number(3)
            process.send_signal(signal.SIGINT)
            output, _ = process.communicate(timeout=60)
            said = re.search(r'"closed": (\d+),', output)
            assert said, output
            closings.await_number(int(said[1]))
        assert process.returncode == 130
        assert len(closings.times) == int(said[1])
        assert '"interrupted": true' in output
        assert len(closings.times) < 20
        assert made.running.live.api.ask_info(timeout_s=DEADLINE_S).stopping is False


@pytest.mark.parametrize("version", versions("2.8")[:1])
def test_a_worker_that_exits_while_it_is_closed(tmp_path: Path, version: str) -> None:
    with bed(tmp_path, version) as made:
        held = made.hold(50)
        old = made.reload()
        with Closings(held) as closings:
            process = made.start("--close", "--over", "60s")
            closings.await_number(3)
            os.kill(old, signal.SIGTERM)
            output, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        assert f'"ended": [\n      {old}\n    ]' in output
        assert len(closings.times) == 50


@pytest.mark.parametrize("version", versions("2.8")[:1])
def test_a_worker_that_does_not_answer(tmp_path: Path, version: str) -> None:
    with bed(tmp_path, version) as made:
        held = made.hold(20)
        old = made.reload()
        with Closings(held) as closings:
            process = made.start("--close", "--over", "30s")
            closings.await_number(2)
            stop_process(old)
            output, _ = process.communicate(timeout=60)
            stopped = made.generation(old)
            os.kill(old, signal.SIGCONT)
        assert process.returncode == 1
        assert f"process {old} does not answer, its sessions are left" in output
        assert "stopped" in reasons(stopped)
        assert stopped["sessions"] is None
        assert made.generation(old)["sessions"] > 10


@pytest.mark.parametrize("version", versions("2.6", "3.2")[:1])
def test_a_classic_process_shows_what_the_kernel_says(tmp_path: Path, version: str) -> None:
    with bed(tmp_path, version, "classic") as made:
        held = made.hold(4)
        old = made.reload()
        said = made.generation(old)
        assert (said["sessions"], said["closable"]) == (None, False)
        assert "no CLI any more" in said["why_not_closable"]
        assert reasons(said)["connections"].startswith("4 connections of clients on 127.0.0.1:")
        refused = made.look("--close")
        assert (refused.status, refused.document) == (3, {})
        assert f"kill -TERM {old}" in refused.stderr
        assert all(is_open(one) for one in held)
