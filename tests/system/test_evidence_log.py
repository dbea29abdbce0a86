"""Lines that real HAProxies log, read back."""

import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from hitless.evidence.haproxy_log import ConnectionLine, ProcessMessage, parse_line
from hitless.evidence.haproxy_messages import MessageKind

pytestmark = pytest.mark.system

DEADLINE_S = 30.0
CONFIGURATION = """
global
    log 127.0.0.1:{log} format {header} local0
defaults
    log global
    timeout client 30s
    timeout server 30s
    timeout connect 5s
    retries 0
frontend web
    mode http
    option httplog
    bind fd@{web}
    capture request header User-Agent len 40
    http-request return status 200 content-type text/plain string ok
frontend secure
    mode http
    option httpslog
    bind fd@{secure}
    http-request return status 204
frontend raw
    mode tcp
    option tcplog
    bind fd@{raw}
    default_backend nowhere
frontend plain
    mode http
    bind fd@{plain}
    http-request return status 200
backend nowhere
    mode tcp
    server s1 127.0.0.1:1
"""


class Running:
    """A HAProxy that logs to us."""

    def __init__(self, process: subprocess.Popen[bytes], log: socket.socket, ports: dict[str, int]) -> None:
        self.process = process
        self.ports = ports
        self._log = log

    def ask(self, frontend: str, request: bytes, host: str = "127.0.0.1") -> ConnectionLine:
        """Send bytes to a frontend; return the line that HAProxy logs about this client."""
        with socket.create_connection((host, self.ports[frontend]), DEADLINE_S) as client:
            name = client.getsockname()
            client.sendall(request)
            with suppress(ConnectionResetError):  # the raw frontend has no server
                while client.recv(65536):
                    pass
        endpoint = f"[{name[0]}]:{name[1]}" if ":" in name[0] else f"{name[0]}:{name[1]}"
        while True:
            line = parse_line(self._log.recv(65536))
            if isinstance(line, ConnectionLine) and line.client == endpoint:
                return line

    def stop(self) -> list[ProcessMessage]:
        """End it softly; return what it says about itself in its log until it has ended."""
        self.process.send_signal(signal.SIGUSR1)
        self.process.wait(DEADLINE_S)
        self._log.settimeout(0)
        messages: list[ProcessMessage] = []
        while True:
            try:
                line = parse_line(self._log.recv(65536))
            except BlockingIOError:
                return messages
            if isinstance(line, ProcessMessage):
                messages.append(line)


@contextmanager
def running(haproxy: str, directory: Path, header: str) -> Iterator[Running]:
    """Start a HAProxy on sockets that listen already: nobody has to wait for it."""
    with ExitStack() as stack:
        log = stack.enter_context(socket.socket(type=socket.SOCK_DGRAM))
        log.bind(("127.0.0.1", 0))
        log.settimeout(DEADLINE_S)
        listening = {
            name: stack.enter_context(socket.create_server((host, 0), family=family))
            for name, host, family in (
                ("web", "127.0.0.1", socket.AF_INET),
                ("secure", "127.0.0.1", socket.AF_INET),
                ("raw", "127.0.0.1", socket.AF_INET),
                ("plain", "::1", socket.AF_INET6),
            )
        }
        descriptors = {name: server.fileno() for name, server in listening.items()}
        path = directory / "haproxy.cfg"
        path.write_text(CONFIGURATION.format(log=log.getsockname()[1], header=header, **descriptors))
        command = [haproxy, "-db", "-f", str(path)]
        process = stack.enter_context(subprocess.Popen(command, pass_fds=tuple(descriptors.values())))
        try:
            yield Running(process, log, {name: server.getsockname()[1] for name, server in listening.items()})
        finally:
            if process.poll() is None:
                process.kill()


@pytest.mark.parametrize("header", ["rfc3164", "rfc5424", "raw", "local"])
def test_lines_of_every_format(haproxy: str, tmp_path: Path, header: str) -> None:
    with running(haproxy, tmp_path, header) as proxy:
        pid = 0 if header == "raw" else proxy.process.pid

        line = proxy.ask(
            "web", b'GET /"x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nUser-Agent: }" x\r\n\r\n'
        )
        assert (line.pid, line.frontend, line.status) == (pid, "web", 200)
        assert line.termination == "LR--"
        assert "/" in line.request
        assert len(line.timers_ms) == 5

        line = proxy.ask("web", b"\x16\x03\x01\x00\xff\n\n")
        assert (line.status, line.request) == (400, "<BADREQ>")
        assert line.termination in {"PR--", "CR--"}

        line = proxy.ask("secure", b"GET /s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert (line.status, line.request) == (204, "GET /s HTTP/1.1")

        line = proxy.ask("raw", b"x")
        assert (line.frontend, line.backend, line.server) == ("raw", "nowhere", "s1")
        assert line.termination in {"SC", "CC"}
        assert len(line.timers_ms) == 3

        line = proxy.ask("plain", b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "::1")
        assert (line.frontend, line.status) == ("plain", -1)

        messages = proxy.stop()
    stopped = {message.subject for message in messages if message.kind is MessageKind.PROXY_STOPPED}
    assert {"web", "secure", "raw", "plain"} <= stopped
    assert {message.pid for message in messages} == {pid}
