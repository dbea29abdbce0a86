"""What clients, names and logs do through a real HAProxy in front of the simulated world."""

import base64
import os
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from hitless.records import EventKind
from hitless.sandbox.world import WorldPlan, address6_for_name, address_for_name, plan_world
from tests.system.conftest import require
from tests.system.world_bed import (
    EventReader,
    ask,
    haproxy_process,
    model_of,
    private_network,
    server_states,
    wait_until,
    world,
)

pytestmark = pytest.mark.system

CONFIG = """\
global
    stats socket {directory}/stats.sock level admin
    log 192.0.2.77:514 local0
    log {directory}/log.sock len 4096 format rfc5424 local0
    maxconn 200
resolvers dns
    nameserver one 192.0.2.53:53
    nameserver two tcp@192.0.2.54:53
    accepted_payload_size 8192
    resolve_retries 3
    timeout resolve 200ms
    timeout retry 200ms
defaults
    log global
    mode http
    timeout connect 20s
    timeout client 60s
    timeout server 60s
    default-server inter 200ms rise 1
frontend http
    bind *:80
    option httplog
    use_backend %[path,field(2,/)]
    default_backend h1
frontend tls
    bind :443 ssl crt {certificate} alpn h2,http/1.1
    default_backend h1
backend h1
    server s 10.0.0.1:80
backend h2
    server s 10.0.0.2:443 ssl verify none alpn h2
backend h2c
    server s 10.0.0.2:80 proto h2
backend named
    server libc www.example.com:8080 check
    server resolved api.example.com:8081 check resolvers dns resolve-prefer ipv4 init-addr none
    server six api.example.com:8081 check resolvers dns resolve-prefer ipv6 init-addr none
backend local
    server s localhost:8085 check
backend templated
    server-template web 3 web.example.com:80 check resolvers dns init-addr none resolve-prefer ipv4
    server-template srv 2 _http._tcp.svc.example.com check resolvers dns init-addr none resolve-prefer ipv4
listen chained
    bind 127.0.0.1:9000
    server s 10.0.0.9:80 check
backend to-chained
    server s 127.0.0.1:9000 check
listen echo
    bind :7000
    mode tcp
    server s 10.0.0.3 send-proxy-v2
listen passthrough
    bind :7443
    mode tcp
    server s 10.0.0.4:443
"""


@contextmanager
def bed(haproxy: str, directory: Path, certificate: Path) -> Iterator[tuple[WorldPlan, EventReader]]:
    require(os.geteuid() == 0, "a network namespace needs root here")
    text = CONFIG.format(directory=directory, certificate=certificate)
    plan = plan_world(model_of(text), certificate=str(certificate))
    assert plan.cannot_imitate == ()
    with (
        private_network(),
        world(plan, directory) as events,
        haproxy_process(haproxy, text, plan, directory),
    ):
        yield plan, events


@pytest.fixture(scope="module", params=["installed", "embedded"])
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, world_certificate: Path
) -> Iterator[tuple[Path, EventReader]]:
    haproxy = str(request.getfixturevalue(f"{request.param}_haproxy"))
    directory = tmp_path_factory.mktemp("world")
    with bed(haproxy, directory, world_certificate) as (_, events):
        yield directory, events


def exchange(request: bytes, *, port: int = 80, until: bytes = b"", tls_alpn: str = "") -> bytes:
    """Send bytes to HAProxy; return what comes until the connection or the awaited bytes end."""
    with ExitStack() as stack:
        client = stack.enter_context(socket.create_connection(("192.0.2.10", port), timeout=60))
        if tls_alpn:
            context = ssl._create_unverified_context()
            context.set_alpn_protocols([tls_alpn])
            client = stack.enter_context(context.wrap_socket(client, server_hostname="api.example.com"))
        client.sendall(request)
        received = b""
        while not until or not received.endswith(until):
            data = client.recv(65536)
            if not data:
                break
            received += data
        return received


def get(path: str, *headers: str, method: str = "GET") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: x", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode()


@pytest.mark.usefixtures("served")
@pytest.mark.parametrize("backend", ["h1", "h2", "h2c"])
class TestHttp:
    def test_answers(self, backend: str) -> None:
        assert exchange(get(f"/{backend}/")).endswith(
            f"{backend}/s answers from the simulated world\n".encode()
        )

    def test_status_delay_and_length(self, backend: str) -> None:
        wish = "X-Hitless: status=503; delay-ms=100; size-bytes=300000"
        answer = exchange(get(f"/{backend}/", wish))
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert len(answer.partition(b"\r\n\r\n")[2]) == 300_000

    def test_stream(self, backend: str) -> None:
        answer = exchange(get(f"/{backend}/", "X-Hitless: stream-ms=1000; chunk-ms=50; size=32"))
        assert 4 <= answer.count(b"data: ") <= 21  # fewer where its server was kept waiting
        assert answer.endswith(b"0\r\n\r\n")

    def test_head_and_upload(self, backend: str) -> None:
        assert exchange(get(f"/{backend}/", method="HEAD")).endswith(b"\r\n\r\n")
        body = b"x" * 300_000
        request = get(f"/{backend}/", f"Content-Length: {len(body)}", method="POST")
        assert exchange(request + body).startswith(b"HTTP/1.1 200 ")

    def test_websocket_echo(self, backend: str) -> None:
        key = base64.b64encode(b"0123456789abcdef").decode()
        request = (
            f"GET /{backend}/ HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
        ).encode()
        text = b"\x81\x85\0\0\0\0hello"
        answer = exchange(request + text, until=b"\x81\x05hello")
        assert answer.startswith(b"HTTP/1.1 101 ")
        assert answer.endswith(b"\x81\x05hello")


@pytest.mark.usefixtures("served")
def test_echo_behind_send_proxy_at_the_port_of_the_bind() -> None:
    assert exchange(b"line one\n", port=7000, until=b"one\n") == b"line one\n"


@pytest.mark.usefixtures("served")
def test_tls_passes_through_to_http_and_to_echo() -> None:
    assert b"passthrough/s answers" in exchange(get("/"), port=7443, tls_alpn="http/1.1")
    assert exchange(b"ping 1\n", port=7443, until=b"1\n", tls_alpn="http/1.1") == b"ping 1\n"


def test_names_resolve_and_all_servers_go_up(served: tuple[Path, EventReader]) -> None:
    directory, _ = served

    def down() -> dict[str, tuple[str, str]]:
        states = server_states(directory)
        checked = {
            name for name in states if name.split("/")[0] in {"named", "local", "templated", "to-chained"}
        }
        return {name: states[name] for name in checked if states[name][0] != "UP"}

    wait_until(lambda: not down(), down, timeout_s=60)
    addresses = dict(
        line.split()[3:5] for line in ask(directory, "show servers state named").splitlines()[2:-1]
    )
    assert addresses["libc"] in {address_for_name("www.example.com"), address6_for_name("www.example.com")}
    assert addresses["resolved"] == address_for_name("api.example.com")
    assert addresses["six"] == address6_for_name("api.example.com")
    templated = [line.split() for line in ask(directory, "show servers state templated").splitlines()[2:-1]]
    assert {fields[4] for fields in templated if fields[3].startswith("web")} == {
        address_for_name("web.example.com", number=n) for n in range(3)
    }


def test_log_lines_arrive_with_the_pid(served: tuple[Path, EventReader]) -> None:
    directory, events = served
    exchange(get("/h1/a-path-to-find"))
    pid = next(
        int(line.split()[1]) for line in ask(directory, "show info").splitlines() if line.startswith("Pid:")
    )

    def found() -> list[int]:
        return [e.pid for e in events() if e.kind is EventKind.LOG_LINE and "a-path-to-find" in e.text]

    # Once by UDP in RFC 3164's format, once by the unix socket in RFC 5424's.
    wait_until(lambda: len(found()) >= 2, events, timeout_s=60)
    assert found() == [pid, pid]


@pytest.mark.parametrize("binds", ["*:80,ipv6@:80 v6only", ":::80 v4v6"])
def test_a_server_coexists_with_wildcard_binds_of_its_port(haproxy: str, tmp_path: Path, binds: str) -> None:
    require(os.geteuid() == 0, "a network namespace needs root here")
    text = f"""\
global
    stats socket {tmp_path}/stats.sock
defaults
    mode http
    timeout connect 20s
    timeout client 60s
    timeout server 60s
listen both
    bind {binds}
    server four 10.0.0.1:80
    server six [2001:db8:1::1]:80
    balance roundrobin
"""
    plan = plan_world(model_of(text))
    for world_first in (True, False):
        with private_network(), ExitStack() as stack:
            if world_first:
                stack.enter_context(world(plan, tmp_path))
            stack.enter_context(haproxy_process(haproxy, text, plan, tmp_path))
            if not world_first:
                stack.enter_context(world(plan, tmp_path))
            answers = {exchange(get("/")).rpartition(b"\r\n\r\n")[2] for _ in range(4)}
        assert answers == {
            f"both/{name} answers from the simulated world\n".encode() for name in ("four", "six")
        }
