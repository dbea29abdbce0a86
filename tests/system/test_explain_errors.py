"""What real HAProxies refuse: their error log and `show errors`, told by `hitless explain`."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from hitless.sandbox.certificates import make_authority
from tests.cli.commands import hitless
from tests.ports import free_port
from tests.system.live_haproxy import DEADLINE_S, LiveHaproxy, await_true, live_haproxy, versions
from tests.system.logging_bed import SyslogFile

pytestmark = pytest.mark.system

CONFIGURATION = """\
global
    log LOG_TARGET len 8192 local0
    stats socket {directory}/run/admin.sock mode 600 level admin
defaults
    mode http
    log global
    option httplog
    option log-separate-errors
    timeout client 30s
    timeout server 30s
    timeout connect 2s
frontend web
    bind 127.0.0.1:{port}
    default_backend bad
frontend tls
    bind 127.0.0.1:TLS ssl crt {directory}/web.pem
    error-log-format "%ci:%cp [%tr] %ft %ST %tsc <%[fc_err]> %{{+Q}}[fc_err_str] %{{+Q}}[ssl_fc_err_str]"
frontend proxied
    bind 127.0.0.1:PROXIED accept-proxy
backend bad
    server s1 127.0.0.1:{server}
"""
INVALID = b"GET / HTTP/1.1\r\nHost: a\r\nBad\x1b[31mName: y\r\n\r\n"


def send(port: int, data: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), DEADLINE_S) as client, suppress(ConnectionResetError):
        client.sendall(data)
        return client.recv(65536)
    return b""


@contextmanager
def bad_server(port: int) -> Iterator[None]:
    """Answer one request with a header that is none."""
    listener = socket.create_server(("127.0.0.1", port))

    def serve() -> None:
        with listener.accept()[0] as connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nBad Header\x01: x\r\nContent-Length: 0\r\n\r\n")

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield
    finally:
        thread.join()
        listener.close()


def go_wrong(live: LiveHaproxy, tls: int, proxied: int) -> None:
    assert send(live.port, INVALID).startswith(b"HTTP/1.1 400")
    assert send(live.port, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").startswith(b"HTTP/1.1 502")
    send(tls, b"GET / HTTP/1.1\r\n\r\n")
    send(proxied, b"GET / HTTP/1.1\r\n\r\n")


@pytest.mark.parametrize("version", versions("2.6", "2.8", "3.2"))
def test_what_haproxy_refused_is_told_with_time_place_and_reason(version: str, tmp_path: Path) -> None:
    tls, proxied, server = free_port(), free_port(), free_port()
    (tmp_path / "web.pem").write_bytes(make_authority().issue_pem(["a"]))
    (tmp_path / "run").mkdir()
    log = SyslogFile(tmp_path / "haproxy.log")
    try:
        text = log.name_in(CONFIGURATION.replace("TLS", str(tls)).replace("PROXIED", str(proxied)))
        text = text.replace("{server}", str(server))
        with live_haproxy(tmp_path, version, configuration=text) as live, bad_server(server):
            go_wrong(live, tls, proxied)
            await_true(lambda: (tmp_path / "haproxy.log").read_bytes().count(b"haproxy[") >= 4, "4 lines")
            (tmp_path / "errors.txt").write_text(live.api.ask("show errors"))
    finally:
        log.close()
    words = ("explain", "--no-journal", "--config", str(tmp_path / "haproxy.cfg"))
    done = hitless(*words, "--format", "json", str(tmp_path / "haproxy.log"), str(tmp_path / "errors.txt"))
    found = json.loads(done.stdout)
    told = {(fault["kind"], fault["frontend"]): fault for fault in found["faults"]}
    assert told.keys() == {
        ("invalid_request", "web"),
        ("invalid_response", "web"),
        ("connection_failed", "tls"),
        ("connection_failed", "proxied"),
    }
    assert told["invalid_request", "web"]["what"] == 'in a header\'s name by "\\e"'
    assert told["invalid_response", "web"]["server"] == "s1"
    assert told["connection_failed", "tls"]["what"].startswith("SSL handshake failure")
    assert "PROXY protocol header" in told["connection_failed", "proxied"]["what"]
    times = [fault["first_ns"] for fault in found["faults"]]
    assert max(times) - min(times) < DEADLINE_S * 10**9
    assert not [note for read in found["inputs"] for note in read["notes"] if "malformed" in note]
    assert found["skipped"] == []
    text = hitless(*words, str(tmp_path / "haproxy.log"), str(tmp_path / "errors.txt")).stdout
    assert "failed connection · tls: SSL handshake failure" in " ".join(text.split())
    assert "\x1b" not in text
