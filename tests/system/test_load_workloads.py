"""Each workload through a real HAProxy to a server that does what the client asks."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest

from hitless.attempts import FLAG_IN_PROGRESS, FLAG_REUSED
from hitless.load.classes import count_classes
from hitless.load.runner import LoadProcesses
from hitless.records import ClientClass, Outcome, Request, Stream, Target, Workload
from tests.ports import free_port
from tests.system.live_haproxy import await_true
from tests.system.load_bed import (
    MasterWorker,
    Origin,
    Rows,
    master_worker,
    run_load,
    target,
)
from tests.system.load_progress import until

pytestmark = pytest.mark.system

CONFIGURATION = """
global
    maxconn 1000
    hard-stop-after 5s
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
    timeout tunnel 1m
frontend web
    bind 127.0.0.1:{web}
    bind 127.0.0.1:{proxied} accept-proxy
    bind {socket}
    default_backend origin
frontend secure
    bind 127.0.0.1:{tls} ssl crt {certificate} alpn h2,http/1.1
    bind 127.0.0.1:{prior} proto h2
    default_backend origin
backend origin
    server origin 127.0.0.1:{origin}
listen raw
    mode tcp
    bind 127.0.0.1:{raw}
    server echo 127.0.0.1:{echo}
listen passthrough
    mode tcp
    bind 127.0.0.1:{passthrough}
    tcp-request inspect-delay 20s
    tcp-request content accept if {{ req.ssl_sni -m str example.test }}
    tcp-request content reject
    server secure 127.0.0.1:{tls}
"""
RELOADS = 2
PORTS = ("web", "proxied", "tls", "prior", "raw", "passthrough")


class Bed:
    """The ports of the frontends above, and the HAProxy behind them."""

    def __init__(self, directory: Path, ports: dict[str, int], haproxy: MasterWorker) -> None:
        self.directory = directory
        self.ports = ports
        self.haproxy = haproxy

    @property
    def rows(self) -> Path:
        return self.directory / "rows"

    def run(self, stream: Stream, attempts: int, *, connections: int = 0, processes: int = 1) -> Rows:
        """Run it until so many attempts have ended, and so many connections were used."""
        during = until(self.rows, attempts, connections=connections, processes=processes)
        return run_load(self.rows, (patient(stream),), during=during, processes=processes)


def patient(stream: Stream) -> Stream:
    """Whatever else this machine does meanwhile."""
    return msgspec.structs.replace(stream, slow_s=60.0, timeout_s=60.0)


@pytest.fixture
def bed(tmp_path: Path, installed_haproxy: str) -> Iterator[Bed]:
    certificate = make_certificate(tmp_path)
    ports = {name: free_port() for name in PORTS}
    with Origin() as origin, Origin(echo=True) as echo:
        configuration = CONFIGURATION.format(
            **ports,
            origin=origin.port,
            echo=echo.port,
            certificate=certificate,
            socket=tmp_path / "web.sock",
        )
        with master_worker(installed_haproxy, configuration, tmp_path, ports["web"]) as haproxy:
            yield Bed(tmp_path, ports, haproxy)


def make_certificate(directory: Path) -> Path:
    key, certificate, both = (directory / name for name in ("key.pem", "crt.pem", "both.pem"))
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
    ]
    subprocess.run(
        [*command, "-keyout", key, "-out", certificate, "-subj", "/CN=example.test", "-days", "2"],
        check=True,
        capture_output=True,
    )
    both.write_bytes(certificate.read_bytes() + key.read_bytes())
    return both


def assert_all_ok(rows: Rows, status: int = 200) -> None:
    outcomes = {str(Outcome.OK) if code == 0 else code for code in rows["outcome"].tolist()}
    assert outcomes == {"ok"}, rows
    finished = rows[(rows["flags"] & FLAG_IN_PROGRESS) == 0]
    assert (finished["status"] == status).all()
    assert (finished["connected_ns"] >= finished["opened_ns"]).all()
    assert (finished["first_byte_ns"] >= finished["start_ns"]).all()
    assert (finished["end_ns"] >= finished["first_byte_ns"]).all()


@pytest.mark.parametrize("where", ["web", "proxied", "tls"])
def test_connect_makes_a_new_connection_for_each_request(bed: Bed, where: str) -> None:
    extra: dict[str, dict[str, object]] = {
        "proxied": {"accept_proxy": True},
        "tls": {"tls": True, "alpn": ("http/1.1",)},
    }
    stream = Stream(
        number=3,
        workload=Workload.CONNECT,
        target=target(bed.ports[where], **extra.get(where, {})),
        connections=4,
        rate_per_s=200,
    )
    rows = bed.run(stream, 60)
    assert_all_ok(rows)
    assert (rows["stream"] == 3).all()
    assert len(np.unique(rows["connection"])) == len(rows)
    assert (rows["local_port"] > 0).all()
    steps = np.diff(np.sort(rows["intended_ns"])) / 5e6
    assert steps == pytest.approx(np.round(steps), abs=1e-3)  # on the grid, however late the machine was


def test_connect_through_a_unix_socket(bed: Bed) -> None:
    address = str(bed.directory / "web.sock")
    unix = Target(frontend="web", where="test.cfg:1", address=address)
    rows = bed.run(Stream(number=0, workload=Workload.CONNECT, target=unix, connections=2), 50)
    assert_all_ok(rows)


def test_source_addresses_are_used(bed: Bed) -> None:
    source = target(bed.ports["web"], source_address="127.9.8.7")
    rows = bed.run(Stream(number=0, workload=Workload.CONNECT, target=source, connections=2), 50)
    assert_all_ok(rows)


@pytest.mark.parametrize("where", ["web", "tls"])
def test_keepalive_reuses_its_connections(bed: Bed, where: str) -> None:
    fields = {"tls": True} if where == "tls" else {}
    stream = Stream(
        number=0, workload=Workload.KEEPALIVE, target=target(bed.ports[where], **fields), connections=4
    )
    rows = bed.run(stream, 200, connections=4)
    assert_all_ok(rows)
    assert len(np.unique(rows["connection"])) == 4
    assert ((rows["flags"] & FLAG_REUSED) != 0).sum() == len(rows) - 4


def test_inflight_is_always_in_flight(bed: Bed) -> None:
    stream = Stream(
        number=0,
        workload=Workload.INFLIGHT,
        target=target(bed.ports["web"]),
        connections=5,
        duration_s=0.5,
    )
    rows = bed.run(stream, 15, connections=5)
    assert_all_ok(rows)
    done = rows[(rows["flags"] & FLAG_IN_PROGRESS) == 0]
    assert (done["end_ns"] - done["start_ns"] >= 500_000_000).all()
    lanes = [rows[rows["connection"] == number] for number in np.unique(rows["connection"])]
    begin, end = max(lane["start_ns"].min() for lane in lanes), min(lane["end_ns"].max() for lane in lanes)
    moments = np.linspace(begin, end, 200)
    going_on = [((rows["start_ns"] <= t) & (rows["end_ns"] >= t)).sum() for t in moments]
    assert np.median(going_on) == 5


@pytest.mark.parametrize("workload", [Workload.UPLOAD, Workload.STREAM])
def test_slow_bodies_take_their_time(bed: Bed, workload: Workload) -> None:
    stream = Stream(
        number=0, workload=workload, target=target(bed.ports["web"]), connections=3, duration_s=0.4
    )
    rows = bed.run(stream, 6)
    assert_all_ok(rows)
    done = rows[(rows["flags"] & FLAG_IN_PROGRESS) == 0]
    assert (done["end_ns"] - done["start_ns"] >= 390_000_000).all()


def test_websocket_echoes_on_long_lived_sessions(bed: Bed) -> None:
    stream = Stream(
        number=0,
        workload=Workload.WEBSOCKET,
        target=target(bed.ports["web"]),
        connections=3,
        idle_s=0.1,
    )
    rows = bed.run(stream, 15, connections=3)
    assert (rows["outcome"] == 0).all()
    assert len(np.unique(rows["connection"])) == 3
    assert (rows[rows["request_number"] == 1]["status"] == 101).all()


@pytest.mark.parametrize(
    "fields",
    [{"tls": True, "alpn": ("h2",)}, {"h2_prior_knowledge": True}],
    ids=["alpn", "prior knowledge"],
)
def test_h2_opens_several_streams_at_once(bed: Bed, fields: dict[str, object]) -> None:
    where = "tls" if "tls" in fields else "prior"
    stream = Stream(
        number=0,
        workload=Workload.H2,
        target=target(bed.ports[where], **fields),
        request=Request(headers=(("X-Hitless", "delay-ms=20"),)),
        connections=2,
        streams_per_connection=4,
    )
    rows = bed.run(stream, 60, connections=2)
    assert_all_ok(rows)
    assert len(np.unique(rows["connection"])) == 2
    middle = int(np.median(rows["start_ns"]))
    assert ((rows["start_ns"] <= middle) & (rows["end_ns"] >= middle)).sum() > 2


@pytest.mark.parametrize("workload", [Workload.TCP, Workload.CONNECT])
def test_tcp_echo(bed: Bed, workload: Workload) -> None:
    stream = Stream(
        number=0,
        workload=workload,
        target=target(bed.ports["raw"], mode="tcp"),
        connections=3,
        idle_s=0.05,
    )
    rows = bed.run(stream, 15, connections=3)
    assert_all_ok(rows, status=0)
    assert (len(np.unique(rows["connection"])) == 3) == (workload is Workload.TCP)


def test_tls_payload_reaches_the_server_by_its_name(bed: Bed) -> None:
    stream = Stream(
        number=0,
        workload=Workload.KEEPALIVE,
        target=target(bed.ports["passthrough"], mode="tcp"),
        request=Request(host="example.test"),
        tls_payload=True,
        connections=2,
        rate_per_s=50,
    )
    assert_all_ok(bed.run(stream, 20))


def test_two_processes_share_the_connections(bed: Bed) -> None:
    stream = Stream(
        number=0, workload=Workload.KEEPALIVE, target=target(bed.ports["web"]), connections=5, rate_per_s=100
    )
    mine = 3 if len(os.sched_getaffinity(0)) > 1 else 5
    rows = bed.run(stream, 40, connections=mine, processes=2)
    assert len(np.unique(rows["connection"])) == mine
    assert_all_ok(rows)


@pytest.mark.parametrize("idle_s", [0.0, 0.3])
def test_h2_across_reloads(bed: Bed, idle_s: float) -> None:
    def during(load: LoadProcesses) -> None:
        until(bed.rows, 0, connections=3)(load)
        for number in range(1, RELOADS + 1):
            bed.haproxy.reload()
            until(bed.rows, 0, connections=3 * (number + 1))(load)
            await_true(lambda: len(bed.haproxy.workers()) == 1, "the old worker ends")

    stream = Stream(
        number=0,
        workload=Workload.H2,
        target=target(bed.ports["tls"], tls=True, alpn=("h2",)),
        connections=3,
        streams_per_connection=2,
        idle_s=idle_s,
    )
    rows = run_load(bed.rows, (patient(stream),), during=during)
    totals = count_classes(rows)
    # HAProxy says GOAWAY in advance (last stream 2^31-1) and serves what still comes: who obeys loses nothing.
    assert totals[ClientClass.NAIVE].failed == 0
    assert len(np.unique(rows["connection"])) == 3 * (RELOADS + 1)
    assert totals[ClientClass.NAIVE].attempts == len(rows)
