"""`hitless logs init` with real programs: HAProxy writes, rsyslog receives, logrotate rotates; nothing is lost."""

import json
import os
import re
import socket
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from hitless.audit.logging_setup.formats import Form, format_line
from hitless.audit.logging_setup.fresh import CONFIGURATION_PATH, fresh_files
from hitless.audit.logging_setup.plan import LoggingChoice
from hitless.audit.logging_setup.receivers import rsyslog_text
from hitless.config import build_model, read_files
from hitless.control import check_configuration, find_haproxy
from hitless.evidence.haproxy_log import ConnectionLine, parse_line
from hitless.explain.entries import ReadOptions
from hitless.explain.formats.configured import read_configured_logging
from hitless.explain.inputs.applications import read_applications
from hitless.explain.sources.log_set import open_logs
from hitless.explain.window import ALWAYS, read_entries
from hitless.logged import Traffic, UnknownText
from tests.cli.commands import hitless
from tests.ports import free_port
from tests.system.conftest import require
from tests.system.live_haproxy import await_true, program, versions
from tests.system.patience import DEADLINE_S
from tests.system.syslog_bed import check_rsyslog, rsyslog

pytestmark = pytest.mark.system

TEXT = """\
global
    log /dev/log local0
    chroot {chroot}
    stats socket {directory}/admin.sock mode 600 level admin
defaults
    log global
    mode http
    option httplog
    timeout connect 1s
    timeout client 20s
    timeout server 20s
    timeout http-request 2s
    retries 0
frontend web
    bind 127.0.0.1:{port}
    http-request return status 200 if {{ path_beg /ok }}
    default_backend app
frontend opaque
    mode tcp
    bind 127.0.0.1:{tcp_port}
    default_backend gone
backend app
    server one 127.0.0.1:{server}
backend gone
    mode tcp
    server one 127.0.0.1:1
"""
HOSTILE = (
    b'GET /ok"quote\\back HTTP/1.1\r\n\r\n',
    b"GET /ok?<script>{|}%22%00 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /ok?" + b'"\\' * 700 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /ok\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
    b"garbage\r\n\r\n",
)


class Bed:
    """A configuration that `hitless logs init` has edited, with what it needs."""

    def __init__(self, directory: Path, version: str, form: Form) -> None:
        self.directory, self.haproxy = directory, program(version)
        self.port, self.tcp_port, self.server = free_port(), free_port(), free_port()
        self.chroot = directory / "chroot"
        self.chroot.mkdir()
        self.configuration = directory / "haproxy.cfg"
        ports = {"port": self.port, "tcp_port": self.tcp_port, "server": self.server}
        self.configuration.write_text(TEXT.format(directory=directory, chroot=self.chroot, **ports))
        below = ("--directory", str(directory / "image"), "--backup-dir", str(directory / "backups"))
        done = hitless(
            *("logs", "init", str(self.configuration), "--haproxy", self.haproxy, "--format", form.value),
            *below,
            "--apply",
        )
        assert done.status == 0, done.stderr
        assert "accepted by" in done.stdout

    @property
    def socket(self) -> str:
        return f"{self.chroot}/dev/log"

    @contextmanager
    def running(self) -> Iterator["subprocess.Popen[bytes]"]:
        with (self.directory / "haproxy.err").open("wb") as said:
            process = subprocess.Popen([self.haproxy, "-db", "-f", str(self.configuration)], stderr=said)
        try:
            await_true(lambda: self.ask("show info"), "HAProxy serves", DEADLINE_S)
            yield process
        finally:
            process.kill()
            process.wait()

    def ask(self, command: str) -> str:
        with socket.socket(socket.AF_UNIX) as connection:
            if connection.connect_ex(f"{self.directory}/admin.sock"):
                return ""
            connection.sendall(f"{command}\n".encode())
            return connection.makefile().read()

    def dropped(self) -> str:
        """Return how many lines HAProxy could not hand over: before its chroot there may be no socket."""
        return self.ask("show info").partition("DroppedLogs: ")[2].split("\n")[0]

    def send(self, request: bytes, port: int = 0) -> bytes:
        with socket.create_connection(("127.0.0.1", port or self.port), timeout=30) as connection:
            connection.sendall(request)
            return connection.recv(65_536)


@pytest.fixture(autouse=True)
def _as_root() -> None:
    require(os.geteuid() == 0, "a chroot needs root")


def more_than(sent: list[int], count: int) -> bool:
    return len(sent) > count


def message(line: str) -> str:
    """Return what HAProxy wrote, without what rsyslog has put before it."""
    match = re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+\d\d:\d\d \S+ haproxy\[\d+\]: (.*)", line)
    assert match is not None, line
    return match[1]


def requests(lines: list[str]) -> list[dict[str, Any]]:
    found = (message(line) for line in lines)
    return [json.loads(text) for text in found if text.startswith("{")]


def read_back(paths: list[Path], configuration: Path | None = None) -> list[Traffic]:
    """Read logs as `hitless explain` does; nothing of HAProxy's may be left out."""
    options = ReadOptions()
    if configuration is not None:
        files = read_files([str(configuration)])
        logging = read_configured_logging(build_model(files, environment={}, version=(2, 8)), files)
        assert logging.problems == ()
        options = ReadOptions(formats=logging.formats)
    with open_logs([str(path) for path in paths], options) as logs:
        entries = list(read_entries(logs))
        assert logs.skipped == ()
    assert not [entry for entry in entries if isinstance(entry, UnknownText)]
    return [entry for entry in entries if isinstance(entry, Traffic)]


@pytest.mark.parametrize("version", versions("2.2", "2.6", "2.8", "3.2"))
def test_lines_of_json_are_read_back_whatever_clients_send(tmp_path: Path, version: str) -> None:
    bed = Bed(tmp_path, version, Form.JSON)
    with rsyslog(tmp_path / "rsyslog", bed.socket) as receiver:
        with bed.running() as haproxy:
            for request in HOSTILE:
                bed.send(request)
            bed.send(b"GET /other HTTP/1.1\r\nHost: x\r\n\r\n")
            socket.create_connection(("127.0.0.1", bed.port)).close()
            bed.send(b"GET /slow", bed.port)
            with closing(socket.create_connection(("127.0.0.1", bed.tcp_port))) as opaque:
                opaque.recv(10)
            wanted = len(HOSTILE) + 4
            await_true(lambda: len(requests(receiver.lines())) >= wanted, "every line has come", DEADLINE_S)
        found = requests(receiver.lines())
        for configuration in (None, bed.configuration):
            read = read_back(receiver.files(), configuration)
            assert len(read) == len(found)
            assert {line.pid for line in read} == {haproxy.pid}
            assert all(line.timers_ms.keys() >= {"Th", "Tw", "Tc", "Td"} for line in read)
            assert Counter((line.request_id, line.status) for line in read) == Counter(
                (line["id"].strip("-"), line.get("status", -1)) for line in found
            )
    assert {line["process"] for line in found} == {haproxy.pid}
    # A client has its answer before the line is written, and each thread writes its own: the order is not the clients'.
    web = [line for line in found if line["frontend"] == "web"]
    good = sorted(line["uri"] for line in web if line["status"] == 200)
    assert good[0] == '/ok"quote\\back'
    assert good[1].startswith('/ok?"\\"\\')
    assert good[2:] == ["/ok?<script>{|}%22%00"]
    assert {line["termination"] for line in web if line["status"] == 200} == {"LR--"}
    assert Counter(line["status"] for line in web) >= Counter({200: 3, 400: 2, 408: 1, 503: 1})
    assert all(set(line["timers_ms"]) >= {"Th", "Tw", "Tc", "Td"} for line in found)
    (opaque_line,) = (line for line in found if line["frontend"] == "opaque")
    assert opaque_line["termination"] == "SC"
    assert len({line["id"] for line in found if line["id"] != "-"}) >= 5


@pytest.mark.parametrize("version", versions("2.6", "2.8"))
def test_rotation_and_a_restart_of_the_receiver_lose_nothing(tmp_path: Path, version: str) -> None:
    """Requests go on while logrotate rotates; each one's number is in the files, once."""
    bed = Bed(tmp_path, version, Form.JSON)
    with rsyslog(tmp_path / "rsyslog", bed.socket) as receiver:
        with bed.running():
            dropped = bed.dropped()
            ended = threading.Event()
            sent: list[int] = []

            def ask() -> None:
                while not ended.wait(0.002):
                    bed.send(b"GET /ok?%d HTTP/1.1\r\nHost: x\r\n\r\n" % len(sent))
                    sent.append(len(sent))

            client = threading.Thread(target=ask)
            client.start()
            for _ in range(3):
                before = len(sent)
                await_true(partial(more_than, sent, before + 30), "requests go on", DEADLINE_S)
                receiver.rotate()
            ended.set()
            client.join()
            last = f'/ok?{sent[-1]}"'  # a line on its way when the receiver ends is lost
            await_true(
                lambda: any(last in line for line in receiver.lines()),
                "the last line before the restart",
                DEADLINE_S,
            )
            receiver.stop()
            receiver.start()
            bed.send(b"GET /ok?after HTTP/1.1\r\nHost: x\r\n\r\n")
            await_true(
                lambda: any("after" in line for line in receiver.lines()),
                "lines after the restart",
                DEADLINE_S,
            )
            assert bed.dropped() == dropped
        uris = [line["uri"] for line in requests(receiver.lines())]
        read = read_back(receiver.files(), bed.configuration)
    assert sorted(line.request for line in read) == sorted(f"GET {uri} HTTP/1.1" for uri in uris)
    assert len({line.request_id for line in read}) == len(uris)
    assert sorted(uris) == sorted([*(f"/ok?{number}" for number in sent), "/ok?after"])
    assert len(list((tmp_path / "rsyslog").glob("haproxy.log*"))) == 4


@pytest.mark.parametrize("version", versions("2.8"))
def test_the_id_joins_haproxys_line_and_the_servers(tmp_path: Path, version: str) -> None:
    bed = Bed(tmp_path, version, Form.HTTPLOG)
    with rsyslog(tmp_path / "rsyslog", bed.socket) as receiver, bed.running():
        with socket.create_server(("127.0.0.1", bed.server)) as server:
            answers: list[bytes] = []
            client = threading.Thread(
                target=lambda: answers.append(bed.send(b"GET /app HTTP/1.1\r\nHost: x\r\n\r\n"))
            )
            client.start()
            connection, _ = server.accept()
            with connection:
                head = connection.recv(65_536).decode()
                (seen,) = re.findall(r"(?i)^x-request-id: (\S+)\r?$", head, re.MULTILINE)
                (tmp_path / "app.log").write_text(f"2026-11-22 14:32:01 INFO shop: sold (id={seen})\n")
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            client.join()
        await_true(receiver.lines, "the line has come", DEADLINE_S)
        lines = [message(line) for line in receiver.lines()]
        (read,) = read_back(receiver.files(), bed.configuration)
    assert (read.request_id, read.status, read.server, read.timers_ms["Th"]) == (seen, 200, "one", 0)
    applications = read_applications(
        [str(tmp_path / "app.log")], (), ReadOptions(), ALWAYS, [read.request_id]
    )
    assert set(applications.joined) == {seen}
    (line,) = [text for text in lines if "GET /app" in text]
    assert f" id={seen} " in line
    parsed = parse_line(line.encode())
    assert isinstance(parsed, ConnectionLine)
    assert (parsed.status, parsed.backend, parsed.server, parsed.termination) == (200, "app", "one", "----")


@pytest.mark.parametrize("version", versions())
@pytest.mark.parametrize("form", Form)
def test_haproxy_accepts_what_is_written_without_a_warning(tmp_path: Path, version: str, form: Form) -> None:
    text = fresh_files(LoggingChoice(form, chroot=""))[CONFIGURATION_PATH]
    text += "    timeout connect 1s\n    timeout client 1s\n    timeout server 1s\n"
    text += f"frontend web\n    bind 127.0.0.1:{free_port()}\n    default_backend b\n"
    text += "backend b\n    server s 127.0.0.1:1\n"
    tcp = f"defaults\n    mode tcp\n    log global\n    timeout connect 1s\n    {format_line(form, 'tcp')}\n"
    early = f"    option logasap\n    {format_line(form, 'http', early=True)}\n"
    path = tmp_path / "haproxy.cfg"
    path.write_text(text.replace("frontend web\n", f"frontend web\n{early}") + tcp)
    result = check_configuration(find_haproxy(program(version)), [str(path)], flags=["-dW"])
    assert result.ok, result.raw


def test_rsyslogd_accepts_what_is_written_and_would_say_otherwise(tmp_path: Path) -> None:
    for socket_path in ("", "/var/lib/haproxy/dev/log"):
        accepted, said = check_rsyslog(tmp_path, rsyslog_text(socket_path))
        assert accepted, said
        assert "error" not in said.lower()
    accepted, said = check_rsyslog(tmp_path, rsyslog_text("/x/dev/log").replace("CreatePath", "CreatesPath"))
    assert not accepted, said
