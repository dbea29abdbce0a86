"""Lines that real HAProxies write in formats of all sorts, read by the formats that their configuration has."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from hitless.config import build_model, read_files
from hitless.explain.entries import EntryReader, ReadOptions
from hitless.explain.formats.configured import read_configured_logging
from hitless.logged import OwnMessage, Traffic
from tests.cli.commands import hitless
from tests.ports import free_port
from tests.system.live_haproxy import DEADLINE_S, LiveHaproxy, live_haproxy, versions

pytestmark = pytest.mark.system

CONFIGURATION = """\
global
    log {directory}/log.sock len 8192 format rfc5424 local0
    log-tag edge
    stats socket {directory}/run/admin.sock mode 600 level admin
defaults
    mode http
    log global
    timeout client 30s
    timeout server 30s
    timeout connect 2s
    unique-id-format %{{+X}}o\\ %ci:%cp_%Ts_%rt
frontend captured
    bind 127.0.0.1:{port}
    option httplog
    capture request header Host len 40
    capture request header User-Agent len 40
    capture response header X-Answer len 40
    http-request return status 200 hdr X-Answer "a|b"
frontend json_looking
    bind 127.0.0.1:PORT1
    log-format LOOKING
    capture request header User-Agent len 40
    http-request return status 204
frontend quoted
    bind 127.0.0.1:PORT2
    log-format "%{{+Q}}o %{{-Q}}ci %{{-Q}}cp %ft %b %s %ST %tsc %r %hr %{{+X}}pid %ID %[var(txn.host)] %T"
    capture request header User-Agent len 40
    http-request set-var(txn.host) req.hdr(host)
    log-format-sd "%{{+Q,+E}}o [edge@1 path=%HP host=%[capture.req.hdr(0)]]"
    http-request return status 404
frontend clf
    bind 127.0.0.1:PORT3
    option httplog clf
    http-request return status 200
frontend words
    bind 127.0.0.1:PORT4
    log-format WORDS
    http-request return status 503
JSON"""
ENCODED = """\
frontend encoded
    bind 127.0.0.1:PORT5
    log-format OBJECT
    http-request set-var(txn.host) req.hdr(host)
    http-request return status 200
"""
FORMATS = {
    "LOOKING": '\'{{"time":"%tr","client":"%ci:%cp","fe":"%ft","st":%ST,"term":"%tsc","id":"%ID",'
    '"pid":%pid,"req":"%HM %HU","ua":"%[capture.req.hdr(0)]"}}\'',
    "WORDS": '"id=%ID pid=%pid %ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %U %tsc '
    '%ac/%fc/%bc/%sc/%rc %sq/%bq %{{+Q}}r"',
    "OBJECT": '"%{{+json}}o %(client)ci %(port:str)cp %(fe)ft %(st)ST %(term)tsc %(req)r %(at)tr '
    '%(agent)[var(txn.host)]"',
}
AGENT = 'Moz "5" {x} \\ z'
REQUEST = "GET /a?b=%22c HTTP/1.1"


@contextmanager
def running(version: str, directory: Path) -> Iterator[tuple[LiveHaproxy, socket.socket, list[int]]]:
    ports = [free_port() for _ in range(5)]
    text = CONFIGURATION.replace("JSON", ENCODED if version >= "3.0" else "")
    for name, line_format in FORMATS.items():
        text = text.replace(name, line_format)
    for number, port in enumerate(ports, 1):
        text = text.replace(f"PORT{number}", str(port))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        log.bind(str(directory / "log.sock"))
        log.settimeout(DEADLINE_S)
        with live_haproxy(directory, version, configuration=text) as live:
            yield live, log, [live.port, *ports]


def ask(port: int) -> str:
    """Send a request; return the client's endpoint."""
    with socket.create_connection(("127.0.0.1", port), DEADLINE_S) as client:
        head = f"{REQUEST}\r\nHost: a.example\r\nUser-Agent: {AGENT}\r\nConnection: close\r\n\r\n"
        client.sendall(head.encode())
        while client.recv(65536):
            pass
        return f"127.0.0.1:{client.getsockname()[1]}"


def next_traffic(log: socket.socket, reader: EntryReader, written: IO[bytes]) -> Traffic:
    """The next line about a request, kept as a receiver keeps it; up to 2.3 the master logs that proxies start."""
    while True:
        line = log.recv(65536)
        written.write(line.rstrip(b"\n") + b"\n")
        entry = reader.read(line.rstrip(b"\n"), 0)
        if isinstance(entry, OwnMessage):
            continue
        assert isinstance(entry, Traffic), line
        return entry


@pytest.mark.parametrize("version", versions("2.2", "2.6", "2.8", "3.0", "3.2"))
def test_the_configurations_formats_read_its_lines(version: str, tmp_path: Path) -> None:
    path = tmp_path / "haproxy.log"
    with running(version, tmp_path) as (live, log, ports), path.open("wb") as written:
        files = read_files([str(live.configuration)])
        logging = read_configured_logging(build_model(files, environment={}, version=(2, 8)), files)
        assert not logging.problems
        options = ReadOptions(
            formats=logging.formats, data_formats=logging.data_formats, programs=logging.programs
        )
        reader = EntryReader(0, options)
        found: dict[str, Traffic] = {}
        (worker,) = live.workers
        for port in ports if version >= "3.0" else ports[:-1]:
            client = ask(port)
            entry = next_traffic(log, reader, written)
            assert (entry.client, entry.program, entry.pid) == (client, "edge", worker), entry
            assert not entry.cut
            if entry.accepted is not None:
                assert abs(entry.at.t_ns - entry.accepted.t_ns) < DEADLINE_S * 10**9
            found[entry.frontend] = entry
    assert {frontend.frontend: frontend.format_name for frontend in logging.frontends} == {
        name: entry.format_name for name, entry in found.items()
    }
    assert {name: entry.status for name, entry in found.items()} == {
        "captured": 200,
        "json_looking": 204,
        "quoted": 404,
        "clf": 200,
        "words": 503,
        **({"encoded": 200} if version >= "3.0" else {}),
    }
    assert {entry.termination for entry in found.values()} == {"LR--"}
    assert found["captured"].request_captures == ("a.example", AGENT)
    assert found["captured"].request == "GET /a?b=%22c HTTP/1.1"
    assert found["json_looking"].request == "GET /a?b=%22c"
    assert found["json_looking"].other["capture.req.hdr(0)"] == AGENT
    assert found["quoted"].request_captures == (AGENT,)
    assert found["quoted"].other["var(txn.host)"] == "a.example"
    # Of the structured data; 2.2 leaves out what follows a backslash where it escapes.
    expected = AGENT.partition("\\")[0] if version == "2.2" else AGENT
    assert found["quoted"].other["capture.req.hdr(0)"] == expected
    for name in ("json_looking", "quoted", "words"):
        assert found[name].request_id.startswith("7F000001:"), found[name]
    assert found["words"].timers_ms.keys() == {"TR", "Tw", "Tc", "Tr", "Ta"}
    assert found["words"].received_bytes > 0
    assert found["clf"].server == "<NOSRV>"
    if version >= "3.0":
        assert found["encoded"].request == "GET /a?b=%22c HTTP/1.1"
        assert found["encoded"].other["agent"] == "a.example"
    explained(path, live, len(found))


def explained(path: Path, live: LiveHaproxy, lines: int) -> None:
    """The same through the command line: all lines are counted, none is left out."""
    words = ("explain", "--no-journal", "--config", str(live.configuration), "--format", "json", str(path))
    done = hitless(*words)
    read = json.loads(done.stdout)
    assert read["totals"]["lines"] == lines
    assert read["skipped"] == []
    (configuration,) = (one for one in read["inputs"] if one["kind"] == "configuration")
    assert configuration["notes"] == []
    assert configuration["items"] >= 3
    assert read["totals"]["errors"] == 1, "the 503"
