"""An old worker that WebSockets keep alive: why, until when, and closed at an even rate. HITLESS_SOCKETS: how many."""

import os
import selectors
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from hitless.units import format_count
from tests.system.live_haproxy import await_true, versions
from tests.system.load_bed import Origin
from tests.system.reload_bed import Service, command, environment, hitless, service

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

SOCKETS = int(os.environ.get("HITLESS_SOCKETS", "100"))
OVER_S = float(os.environ.get("HITLESS_OVER_S", "4"))
CONFIGURATION = """\
global
    maxconn 5000
    stats socket {{directory}}/run/admin.sock mode 600 level admin expose-fd listeners
    hard-stop-after 10m
defaults
    mode http
    timeout client 10m
    timeout server 10m
    timeout connect 5s
    timeout tunnel 1h
frontend web
    bind 127.0.0.1:{{port}}
    default_backend app
backend app
    server one 127.0.0.1:{origin}
"""
UPGRADE = (
    b"GET /chat HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def web_socket(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=20)
    connection.sendall(UPGRADE)
    assert connection.recv(4096).startswith(b"HTTP/1.1 101")
    return connection


@contextmanager
def draining(
    tmp_path: Path, version: str
) -> Iterator[tuple[Service, list[socket.socket], list[socket.socket]]]:
    """A service whose old worker holds WebSockets, and whose current one holds a few, too."""
    with ExitStack() as stack:
        origin = stack.enter_context(Origin())
        running = stack.enter_context(
            service(tmp_path, version, configuration=CONFIGURATION.format(origin=origin.port))
        )
        port = running.live.port
        old = [stack.enter_context(web_socket(port)) for _ in range(SOCKETS)]
        before = running.serving()
        running.live.reload()
        await_true(lambda: running.serving() != before, "the new worker serves")
        new = [stack.enter_context(web_socket(port)) for _ in range(20)]
        yield running, old, new


def closings(sockets: list[socket.socket], process: "subprocess.Popen[bytes]") -> list[float]:
    """Return when each of the sockets was closed, until a process ends."""
    found: list[float] = []
    with selectors.DefaultSelector() as selector:
        for one in sockets:
            one.settimeout(0)
            selector.register(one, selectors.EVENT_READ)
        while process.poll() is None or (len(found) < len(sockets) and selector.select(0.5)):
            for key, _ in selector.select(0.05):
                assert isinstance(key.fileobj, socket.socket)
                try:
                    ended = not key.fileobj.recv(4096)
                except ConnectionResetError:
                    ended = True
                if ended:
                    found.append(time.monotonic())
                    selector.unregister(key.fileobj)
    return found


@pytest.mark.parametrize("version", versions("2.6", "2.8"))
def test_web_sockets_of_an_old_worker(tmp_path: Path, version: str) -> None:
    with draining(tmp_path, version) as (running, old, new):
        words = ("drain", "--uses", str(running.live.configuration))
        found = hitless(*words)
        assert found.status == 1
        generations = {g["pid"]: g for g in found.document["view"]["generations"]}
        (left,) = [g for g in generations.values() if not g["current"]]
        assert format_count(SOCKETS) in str(left["why"])
        assert left["forecast"]["cut"] == SOCKETS, left["forecast"]
        with subprocess.Popen(
            command(*words, "--close", "--over", f"{OVER_S:g}s", "--quiet"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment(),
        ) as process:
            times = closings(old, process)
        assert process.returncode == 0
        assert len(times) == SOCKETS
        span = times[-1] - times[0]
        assert OVER_S * 0.7 < span < OVER_S * 2
        quarters = [0, 0, 0, 0]
        for moment in times:
            quarters[min(3, int((moment - times[0]) / span * 4))] += 1
        assert all(SOCKETS * 0.12 < number < SOCKETS * 0.42 for number in quarters), quarters
        for one in new:
            one.settimeout(0)
            with pytest.raises(BlockingIOError):  # open, and nothing to read
                one.recv(1)
