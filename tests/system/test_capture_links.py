"""What tcpdump and dumpcap write on real links: each shows the same connections, in whatever form they come by."""

import os
import re
import select
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from hitless.captured import CapturedConnection, CaptureTotals, Ending
from hitless.explain.captures.endpoints import parse_listeners
from hitless.explain.captures.read import CaptureReader
from hitless.host.netns import in_named_network_namespace
from tests.system.conftest import require
from tests.system.live_haproxy import DEADLINE_S, await_readable, await_true, live_haproxy, versions

pytestmark = pytest.mark.system

V4, V6 = "192.0.2.1", "2001:db8::1"
"""Each over a link of its own."""
PORT, CLOSED_PORT = 8080, 8081
CONFIGURATION = f"""\
global
    stats socket {{directory}}/run/admin.sock mode 600 level admin
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend fe
    bind {V4}:{PORT}
    bind [{V6}]:{PORT}
    http-request return status 200
"""
REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
TCPDUMP = ("tcpdump", "-Z", "root", "--immediate-mode", "-U", "-B", "4096")
CAPTURES = {
    "cooked-2.pcap": (
        *TCPDUMP,
        "-i",
        "any",
        "-y",
        "LINUX_SLL2",
        "-s",
        "2000",
        "--time-stamp-precision=nano",
        "-w",
    ),
    "cooked.pcap": (*TCPDUMP, "-i", "any", "-y", "LINUX_SLL", "-s", "128", "-w"),
    "ethernet.pcapng": ("dumpcap", "-i", "first", "-i", "second", "-i", "lo", "-w"),
}
"""With the longest snap length, tcpdump's buffer would have room for 16 packets, and lose more.
dumpcap only where it is installed: it comes with Wireshark."""


@dataclass
class Network:
    """A proxy's network namespace and its clients'; two links between them."""

    proxy: str
    clients: str

    def socket(self, family: socket.AddressFamily) -> socket.socket:
        return in_named_network_namespace(
            Path("/run/netns") / self.clients, lambda: socket.socket(family, socket.SOCK_STREAM)
        )


@pytest.fixture
def network() -> Iterator[Network]:
    require(os.geteuid() == 0, "network namespaces need root")
    for needed in ("ip", "tcpdump"):
        require(shutil.which(needed), f"no {needed} is installed")
    made = Network(f"hitless-proxy-{os.getpid()}", f"hitless-clients-{os.getpid()}")
    with ExitStack() as stack:
        for name in (made.proxy, made.clients):
            ip("netns", "add", name)
            stack.callback(ip, "netns", "del", name)
        for link in ("first", "second"):
            ip(
                *("-n", made.proxy, "link", "add", link, "type", "veth"),
                *("peer", "name", link, "netns", made.clients),
            )
        for name, host in ((made.proxy, 1), (made.clients, 2)):
            for link in ("lo", "first", "second"):
                ip("-n", name, "link", "set", link, "up")
            ip("-n", name, "address", "add", f"192.0.2.{host}/24", "dev", "first")
            ip("-n", name, "address", "add", f"2001:db8::{host}/64", "dev", "second", "nodad")
        yield made


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, timeout=DEADLINE_S)


@contextmanager
def captures(directory: Path, network: Network) -> Iterator[list[Path]]:
    """Capture in all forms at once until the block ends; return the files."""
    forms = {directory / name: words for name, words in CAPTURES.items() if shutil.which(words[0])}
    with ExitStack() as stack:
        for path, words in forms.items():
            stack.enter_context(one_capture(path, words, network.proxy))
        yield list(forms)


@contextmanager
def one_capture(path: Path, words: tuple[str, ...], namespace: str) -> Iterator[None]:
    said = path.with_suffix(".err")
    with said.open("wb") as errors:
        command = ["ip", "netns", "exec", namespace, *words, str(path)]
        process = subprocess.Popen(command, stderr=errors, stdin=subprocess.DEVNULL)
    try:
        await_true(lambda: re.search(r"listening on|^File:", said.read_text(), re.MULTILINE), "it captures")
        yield
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(DEADLINE_S)
        finally:
            process.kill()


def name_of(connection: socket.socket) -> str:
    """Return the client's endpoint, which one that was refused has forgotten. Both families may have the same port."""
    address = "192.0.2.2" if connection.family == socket.AF_INET else "[2001:db8::2]"
    return f"{address}:{connection.getsockname()[1]}"


def drop_clients(network: Network, reload: Callable[[], None]) -> dict[str, Ending]:
    """Have requests answered, cut, and refused, over both families; return what each client went through."""
    seen: dict[str, Ending] = {}
    with ExitStack() as stack:
        kept = []
        for family, address in ((socket.AF_INET, V4), (socket.AF_INET6, V6)):
            good, idle, refused = (stack.enter_context(network.socket(family)) for _ in range(3))
            for connection in (good, idle):
                connection.settimeout(DEADLINE_S)
                connection.connect((address, PORT))
                connection.sendall(REQUEST)
                assert connection.recv(4096).startswith(b"HTTP/1.1 200 ")
            seen[name_of(good)] = Ending.CLIENT
            good.close()
            kept.append(idle)
            assert refused.connect_ex((address, CLOSED_PORT)) != 0
            seen[name_of(refused)] = Ending.REFUSED
        reload()
        for idle in kept:
            await_readable(idle)  # the FIN has come, at which this client does not look
            seen[name_of(idle)] = Ending.STALE_REUSE
            idle.sendall(REQUEST)
            assert await_reset(idle)
    return seen


def await_reset(connection: socket.socket) -> bool:
    """Return whether the connection is reset, not only closed."""
    poll = select.poll()
    poll.register(connection, 0)
    return any(what & select.POLLERR for _, what in poll.poll(DEADLINE_S * 1000))


def read(path: Path) -> tuple[list[CapturedConnection], CaptureTotals]:
    reader = CaptureReader(parse_listeners([]))
    with path.open("rb") as file:
        found = [*reader.read(file, path.name), *reader.finish()]
    return [one for one in found if isinstance(one, CapturedConnection)], reader.totals()


def has_all(path: Path, count: int) -> bool:
    """Return whether so many connections have ended in what is written so far: dumpcap collects for a while."""
    return path.exists() and sum(one.ended_ns > 0 for one in read(path)[0]) >= count


@pytest.mark.parametrize("version", versions("2.6", "2.8", "3.2"))
def test_every_form_of_a_capture_shows_the_same(tmp_path: Path, network: Network, version: str) -> None:
    inside = ("ip", "netns", "exec", network.proxy)
    with (
        live_haproxy(tmp_path, version, configuration=CONFIGURATION, wrapper=inside) as haproxy,
        captures(tmp_path, network) as files,
    ):
        seen = drop_clients(network, haproxy.reload)
        for path in files:
            await_true(partial(has_all, path, len(seen)), f"{path.name} is written")
    assert set(seen.values()) == {Ending.CLIENT, Ending.REFUSED, Ending.STALE_REUSE}
    nanoseconds = set()
    for path in files:
        name = path.name
        connections, totals = read(path)
        endings = {one.client: one.ending for one in connections}
        assert endings == seen, name
        assert len(connections) == len(seen), name
        assert (totals.holes, totals.cut, totals.unknown_link, totals.skipped) == (0, 0, 0, ()), name
        assert {one.proxy.rpartition(":")[0] for one in connections} == {V4, f"[{V6}]"}
        if any(one.first_ns % 1000 for one in connections):
            nanoseconds.add(name)
    assert "cooked-2.pcap" in nanoseconds
    assert "cooked.pcap" not in nanoseconds
