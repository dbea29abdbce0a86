"""The trial bind against real HAProxy: its verdict is what HAProxy meets, and nobody notices that it was made."""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hitless.host.inet_diag import read_listeners
from hitless.host.netns import in_named_network_namespace, in_network_namespace
from hitless.host.processes import read_socket_inodes
from hitless.reload.look import TargetOptions, read_target, with_configuration
from hitless.reload.preflight.trial_bind import check_binds
from hitless.reloads import CheckState, ListenerChange, ListenerFate, PreflightCheck
from tests.ports import free_port
from tests.system.conftest import require
from tests.system.live_haproxy import LiveHaproxy, await_true, live_haproxy, program, versions
from tests.system.patience import DEADLINE_S

pytestmark = pytest.mark.system

FAILED, WARNED, PASSED = CheckState.FAILED, CheckState.WARNED, CheckState.PASSED
HEAD = """\
global
    stats socket {directory}/run/admin.sock mode 600 level admin expose-fd listeners
    {more}
defaults
    mode http
    timeout client 60s
    timeout server 60s
    timeout connect 5s
frontend live
    bind 127.0.0.1:{port}
    http-request deny deny_status 200
"""
MODES = ["master-worker", "classic"]
SANE = versions("2.6", "2.8")


def head(more: str = "") -> str:
    return HEAD.replace("{more}", more)


def frontends(*binds: str) -> str:
    lines = (f"frontend row{n}\n    bind {bind}\n    http-request deny\n" for n, bind in enumerate(binds))
    return "".join(lines)


def check(
    live: LiveHaproxy, text: str, *, transfer: bool = True
) -> tuple[tuple[PreflightCheck, ...], tuple[ListenerChange, ...]]:
    """Check a new configuration, which is not written."""
    target = read_target(TargetOptions(pid=live.process.pid), views=False)
    new = text.format(directory=live.directory, port=live.port, server=live.server).encode()
    checks, plan = check_binds(with_configuration(target, {str(live.configuration): new}), transfer=transfer)
    return checks, plan.changes


@pytest.fixture
def directory() -> Iterator[Path]:
    """A directory that every user can reach."""
    require(os.geteuid() == 0, "network namespaces and other users need root")
    with tempfile.TemporaryDirectory(prefix="hitless-") as name:
        (Path(name) / "run").mkdir()
        for path in (name, f"{name}/run"):
            Path(path).chmod(0o777)  # not the mode of mkdir(), which the umask cuts
        yield Path(name)


@dataclass
class Network:
    """A network namespace with 192.0.2.1, and what strangers hold in it: sockets of the test's own process."""

    name: str
    stack: ExitStack = field(default_factory=ExitStack)

    @property
    def file(self) -> Path:
        return Path("/run/netns") / self.name

    @property
    def enter(self) -> tuple[str, ...]:
        return ("nsenter", f"--net={self.file}", "--")

    def open(self, family: int = socket.AF_INET, kind: int = socket.SOCK_STREAM) -> socket.socket:
        return self.stack.enter_context(
            in_named_network_namespace(self.file, lambda: socket.socket(family, kind))
        )

    def hold(
        self,
        host: str,
        port: int,
        *options: int,
        v6_only: bool | None = None,
        device: bytes = b"",
        listen: bool = True,
    ) -> socket.socket:
        sock = self.open(socket.AF_INET6 if ":" in host else socket.AF_INET)
        for option in options:
            sock.setsockopt(socket.SOL_SOCKET, option, 1)
        if device:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device)
        if v6_only is not None:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, v6_only)
        sock.bind((host, port))
        if listen:
            sock.listen()
        return sock

    def hold_udp(self, port: int, *options: int) -> socket.socket:
        sock = self.open(kind=socket.SOCK_DGRAM)
        for option in options:
            sock.setsockopt(socket.SOL_SOCKET, option, 1)
        sock.bind(("127.0.0.1", port))
        return sock

    def hold_abstract(self, name: bytes) -> None:
        sock = self.open(socket.AF_UNIX)
        sock.bind(name)
        sock.listen()


@pytest.fixture
def network() -> Iterator[Network]:
    require(os.geteuid() == 0 and shutil.which("ip"), "network namespaces need root and iproute2")
    made = Network(f"hitless-{os.getpid()}")
    subprocess.run(["ip", "netns", "add", made.name], check=True)
    try:
        for words in (("link", "set", "lo", "up"), ("addr", "add", "192.0.2.1/24", "dev", "lo")):
            subprocess.run(["ip", "-n", made.name, *words], check=True)
        with made.stack:
            yield made
    finally:
        subprocess.run(["ip", "netns", "del", made.name], check=True)


# The matrix: what a stranger has on the row's own port, the bind, and what it meets for root, for a user without
# rights, and for that user with CAP_NET_BIND_SERVICE. "F" is refused, "." is bound; "S" is bound beside a stranger who
# shares it, which must not pass either.
MATRIX = [
    ("any", "127.0.0.1:{row}", "FFF"),
    ("any", "192.0.2.1:{row}", "FFF"),
    ("any", ":::{row}", "FFF"),
    ("any", ":::{row} v6only", "..."),
    ("any", "::1:{row}", "..."),
    ("one", "127.0.0.1:{row}", "FFF"),
    ("one", ":{row}", "FFF"),
    ("one", "192.0.2.1:{row}", "..."),
    ("one", ":::{row} v4v6", "FFF"),
    ("one", "::ffff:127.0.0.1:{row}", "FFF"),
    ("dual", ":{row}", "FFF"),
    ("dual", "127.0.0.1:{row}", "FFF"),
    ("dual", ":::{row} v6only", "FFF"),
    ("v6", ":{row}", "..."),
    ("v6", ":::{row}", "FFF"),
    ("v6", "::1:{row}", "FFF"),
    ("v6-one", "::1:{row}", "FFF"),
    ("v6-one", ":::{row}", "FFF"),
    ("v6-one", ":{row}", "..."),
    ("shared", "127.0.0.1:{row}", "SFF"),
    ("shared", ":{row}", ".FF"),
    ("shared-any", "192.0.2.1:{row}", ".FF"),
    ("device", ":{row}", "FFF"),
    ("device", "127.0.0.1:{row} interface lo", "FFF"),
    ("bound", "127.0.0.1:{row}", "FFF"),
    ("connected", "127.0.0.1:{row}", "FFF"),
    ("", "198.51.100.9:{row}", "FFF"),
    ("", "198.51.100.9:{row} transparent", "..."),
    ("", "2001:db8::9:{row}", "FFF"),
    ("", "2001:db8::9:{row} transparent", "..."),
    ("", "127.0.0.1:{row},192.0.2.1:{row}", "..."),
    ("", "::ffff:127.0.0.1:{row}", "..."),
    ("", ":{row} interface nope", "..."),
    ("", "127.0.0.1:81", ".F."),
    ("", "abns@taken", "FFF"),
    ("", "abns@takenz", "..."),
    ("", "abns@free", "..."),
    ("", "{directory}/free.sock", "..."),
    ("", "{directory}/none/x.sock", "FFF"),
    ("", "{directory}/directory", "FFF"),
    ("", "{directory}/file", ".FF"),
    ("", "{directory}/socket", ".FF"),
    ("", "{directory}/open", "..."),
    ("", "{directory}/locked/x.sock", ".FF"),
    ("", "{directory}/given.sock uid 0", ".FF"),
    ("udp", "udp@127.0.0.1:{row}", "FFF"),
    ("udp-shared", "udp@127.0.0.1:{row}", "SSS"),
    ("", "udp@127.0.0.1:{row}", "..."),
]
FIRST_PORT = 2000
NOBODY = ("--reuid=65534", "--regid=65534", "--clear-groups")
CAPABILITIES = {
    "root": None,
    "nobody": "-all,+dac_read_search",  # to reach the program, wherever it was installed
    "net-bind": "-all,+dac_read_search,+net_bind_service",
}


def as_user(capabilities: str | None) -> tuple[str, ...]:
    if capabilities is None:
        return ()
    return ("setpriv", *NOBODY, f"--inh-caps={capabilities}", f"--ambient-caps={capabilities}", "--")


def occupy(network: Network, directory: Path) -> None:
    """Put strangers in the way of the matrix."""
    any_v4 = "0.0.0.0"
    server = network.hold("127.0.0.1", 0)
    for port, (who, _, _) in enumerate(MATRIX, FIRST_PORT):
        if who in {"any", "shared-any"}:
            network.hold(any_v4, port, socket.SO_REUSEADDR if who == "any" else socket.SO_REUSEPORT)
        elif who in {"one", "shared"}:
            network.hold("127.0.0.1", port, *([socket.SO_REUSEPORT] if who == "shared" else []))
        elif who in {"dual", "v6"}:
            network.hold("::", port, v6_only=who == "v6")
        elif who == "v6-one":
            network.hold("::1", port)
        elif who == "device":
            network.hold(any_v4, port, device=b"lo")
        elif who in {"bound", "connected"}:
            client = network.hold("127.0.0.1", port, listen=False)
            if who == "connected":
                client.connect(server.getsockname())
        elif who:
            network.hold_udp(
                port, *([socket.SO_REUSEADDR, socket.SO_REUSEPORT] if who == "udp-shared" else [])
            )
    network.hold_abstract(b"\0taken".ljust(108, b"\0"))
    network.hold_abstract(b"\0takenz")
    (directory / "directory").mkdir()
    (directory / "locked").mkdir(mode=0o700)
    (directory / "file").touch(mode=0o600)
    (directory / "open").touch()
    (directory / "open").chmod(0o666)
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(f"{directory}/socket")


def matrix_text() -> tuple[str, dict[int, str]]:
    """Return the configuration, and the outcomes of each row by its line."""
    lines = head().splitlines()
    where = {}
    for row, (_, bind, outcomes) in enumerate(MATRIX):
        datagram = bind.startswith("udp@")
        keyword = "dgram-bind" if datagram else "bind"
        lines += [f"log-forward row{row}" if datagram else f"frontend row{row}"]
        lines += [f"    {keyword} {bind}".replace("{row}", str(FIRST_PORT + row))]
        where[len(lines)] = outcomes
        lines += ["    log 127.0.0.1:9 local0" if datagram else "    http-request deny"]
    return "\n".join(lines) + "\n", where


def refused_lines(checks: tuple[PreflightCheck, ...], live: LiveHaproxy) -> set[int]:
    pattern = re.compile(rf"\([^()]*, {re.escape(str(live.configuration))}:(\d+)\)")
    found = set()
    for one in checks:
        match = pattern.search(one.message)
        if one.state is FAILED and match is not None:
            found.add(int(match[1]))
    return found


def haproxy_refuses(version: str, live: LiveHaproxy, text: str, wrapper: tuple[str, ...]) -> set[int]:
    """Start HAProxy with it: without an old process it says of every bind at once whether it fails."""
    file = live.directory / "trial.cfg"
    file.write_text(text.format(directory=live.directory, port=0, server=live.server))
    command = [*wrapper, program(version), "-f", str(file)]
    done = subprocess.run(command, capture_output=True, check=False, text=True, timeout=60)
    assert done.returncode == 1, done.stderr
    said = rf"\[ALERT\].* Binding \[{re.escape(str(file))}:(\d+)\] for "
    return {int(number) for number in re.findall(said, done.stderr)}


def words_of(lines: list[str], numbers: set[int]) -> list[str]:
    return [lines[number - 1].strip() for number in sorted(numbers)]


@pytest.mark.parametrize("who", list(CAPABILITIES))
@pytest.mark.parametrize("version", SANE)
def test_the_verdict_is_what_haproxy_meets(version: str, who: str, network: Network, directory: Path) -> None:
    occupy(network, directory)
    wrapper = (*network.enter, *as_user(CAPABILITIES[who]))
    text, where = matrix_text()
    with live_haproxy(directory, version, configuration=head(), wrapper=wrapper) as live:
        checks, _ = check(live, text)
        mine = refused_lines(checks, live)
        # The standalone one must not meet the live one: it is another instance.
        apart = text.replace("run/admin.sock", "run/other.sock").replace("127.0.0.1:{port}", "127.0.0.1:3000")
        theirs = haproxy_refuses(version, live, apart, wrapper)
    lines = text.splitlines()
    wanted = {number: outcomes[list(CAPABILITIES).index(who)] for number, outcomes in where.items()}
    assert words_of(lines, theirs) == words_of(lines, {n for n, outcome in wanted.items() if outcome == "F"})
    assert words_of(lines, mine) == words_of(lines, {n for n, outcome in wanted.items() if outcome in "FS"})
    unknown = [one.message for one in checks if one.state is CheckState.UNKNOWN]
    assert unknown == []


# What becomes of each socket: the new line, the fate, and what is to be true of the inode after a real reload.
TURNS = [
    ("127.0.0.1:4001", "127.0.0.1:4001", ListenerFate.INHERITED),
    ("127.0.0.1:4002", "127.0.0.1:4002 transparent", ListenerFate.OPENED_ANEW),
    ("127.0.0.1:4003 transparent", "127.0.0.1:4003", ListenerFate.OPENED_ANEW),
    (":::4004", ":::4004 v6only", ListenerFate.OPENED_ANEW),
    (":::4005 v6only", ":::4005 v4v6", ListenerFate.OPENED_ANEW),
    (":4006 interface lo", ":4006", ListenerFate.OPENED_ANEW),
    (":4007", ":4007 interface lo", ListenerFate.OPENED_ANEW),
    (":4008 interface nope", ":4008 interface nope", ListenerFate.INHERITED),
    ("::1:4009", "::1:4009", ListenerFate.OPENED_ANEW),
    ("::1:4010 v6only", "::1:4010 v6only", ListenerFate.INHERITED),
    ("127.0.0.1:4011", ":4012", ListenerFate.NEW),
    ("::ffff:127.0.0.1:4013", "::ffff:127.0.0.1:4013", ListenerFate.INHERITED),
    (":4014 shards 1", ":4014 shards 2", ListenerFate.INHERITED),
]


def held_by(live: LiveHaproxy) -> dict[str, set[int]]:
    """The listening TCP sockets of the process that serves."""
    pid = serving_pid(live)
    inodes = read_socket_inodes(pid)
    found: dict[str, set[int]] = {}
    for listener in in_network_namespace(pid, read_listeners):
        if listener.inode in inodes:
            found.setdefault(listener.endpoint, set()).add(listener.inode)
    return found


def reload(live: LiveHaproxy, network: Network) -> None:
    if live.master:
        live.reload()
        return
    old = live.process
    live.start("-x", f"{live.directory}/run/admin.sock", "-sf", str(old.pid), wrapper=network.enter)
    old.wait(DEADLINE_S)  # it has had questions and clients as well up to here


def serving_pid(live: LiveHaproxy) -> int:
    return live.api.ask_info(timeout_s=30, patient=True).pid


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("version", SANE)
def test_the_fate_of_each_socket_is_what_a_reload_makes_of_it(
    version: str, mode: str, network: Network, directory: Path
) -> None:
    before, after = (head("nbthread 2") + frontends(*(turn[side] for turn in TURNS)) for side in (0, 1))
    with live_haproxy(directory, version, mode, configuration=before, wrapper=network.enter) as live:
        checks, changes = check(live, after)
        assert [one.state for one in checks if one.state is not WARNED] in ([], [PASSED])
        live.write(after)
        reload(live, network)
        held = held_by(live)
    tcp = [c for c in changes if c.where and not c.endpoint.startswith("/")]
    assert {c.fate for c in tcp} >= {fate for *_, fate in TURNS}
    for change, (_, bind, fate) in zip(tcp[1:], TURNS, strict=True):
        assert change.fate is fate, bind
        now = held[change.endpoint]
        if fate is ListenerFate.INHERITED:
            assert set(change.inodes_after) <= now, bind
        else:
            assert not set(change.inodes_before) & now, bind
    removed = [c.endpoint for c in changes if c.fate is ListenerFate.REMOVED]
    assert removed == ["127.0.0.1:4011"]
    assert "127.0.0.1:4011" not in held


@contextmanager
def client_loop(port: int) -> Iterator[Callable[[], int]]:
    """Ask the live worker hundreds of times a second; the block's value tells how often so far.

    Every failure is kept and raised.
    """
    stop, failures, done = threading.Event(), [], [0]

    def ask() -> None:
        while not stop.wait(0.002):  # a busy loop would take a processor of two
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
                    client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                    answer = client.recv(99)
                    if not answer.startswith(b"HTTP/1.1 200"):
                        failures.append(f"answer {answer!r}")
            except OSError as error:
                failures.append(str(error))
            done[0] += 1

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    try:
        yield lambda: done[0]
    finally:
        stop.set()
        thread.join()
    assert failures == []


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("version", SANE)
def test_clients_of_the_live_worker_notice_nothing(version: str, mode: str, directory: Path) -> None:
    with (
        live_haproxy(directory, version, mode, configuration=head()) as live,
        socket.create_server(("127.0.0.1", 0)) as stranger,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
    ):
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        receiver.bind(("127.0.0.1", 0))
        taken, datagrams = stranger.getsockname()[1], receiver.getsockname()[1]
        text = head() + frontends(f"127.0.0.1:{taken}", f"127.0.0.1:{free_port()}", "abns@hitless-free")
        text += f"log-forward lf\n    dgram-bind 127.0.0.1:{datagrams}\n    log 127.0.0.1:9 local0\n"
        with client_loop(live.port) as answers:
            for round_number in range(4):
                # Without transfer the live worker's own port is tried as well.
                checks, _ = check(live, text, transfer=bool(round_number % 2))
                messages = [one.message for one in checks if one.state is FAILED]
                assert len(messages) == 2, messages
                assert f"127.0.0.1:{taken} (frontend row0," in messages[0]
                assert f"(pid {os.getpid()})" in messages[0]
                sender.sendto(b"%d" % round_number, ("127.0.0.1", datagrams))
            seen = answers()
            await_true(lambda: answers() > seen, "the worker answers on", DEADLINE_S)
        receiver.settimeout(60)
        assert [receiver.recv(9) for _ in range(4)] == [b"%d" % n for n in range(4)]
        stranger.settimeout(0)
        with pytest.raises(BlockingIOError):
            stranger.accept()


@pytest.mark.parametrize("version", SANE)
def test_own_sockets_in_the_way_really_end_in_nobody_listening(version: str, directory: Path) -> None:
    """HAProxy says that it has loaded. Why the preflight refuses what a plain `bind` would get in the end."""
    port = free_port()
    before = head("noreuseport") + frontends(f"127.0.0.1:{port}")
    after = head("noreuseport") + frontends(f":{port}")
    with live_haproxy(directory, version, configuration=before) as live:
        (failed,) = check(live, after)[0]
        assert failed.state is FAILED
        assert "nobody would listen on any TCP address" in failed.message
        live.write(after)
        live.reload()
        pid = serving_pid(live)
        await_true(lambda: live.workers == {pid}, "the old worker is gone")
        inodes = read_socket_inodes(pid)
        listening = {one.endpoint for one in read_listeners() if one.inode in inodes}
        assert f"127.0.0.1:{live.port}" not in listening
        with pytest.raises(ConnectionRefusedError):
            live.connect()


@pytest.mark.parametrize("version", SANE[:1])
def test_without_transfer_a_port_that_is_not_shared_is_a_gap(version: str, directory: Path) -> None:
    with live_haproxy(directory, version, "classic", configuration=head("noreuseport")) as live:
        (warned,), _ = check(live, head("noreuseport"), transfer=False)
        assert warned.state is WARNED
        assert "is free only when the old process stops listening" in warned.message
        (twice,), _ = check(live, head("noreuseport") + frontends(f":{free_port()}", "abns@a", "abns@a"))
        assert twice.state is FAILED
        assert "as well" in twice.message


@pytest.mark.parametrize("version", SANE[:1])
def test_binds_of_a_named_namespace(version: str, network: Network, directory: Path) -> None:
    """The service is in ours; only the bind is in the other one."""
    network.hold("127.0.0.1", 2001)
    before = head() + frontends(f"127.0.0.1:2002 namespace {network.name}")
    with live_haproxy(directory, version, configuration=before) as live:
        after = head() + frontends(
            f"127.0.0.1:2002 namespace {network.name}",
            f"127.0.0.1:2001 namespace {network.name}",
            f"127.0.0.1:2003 namespace {network.name}",
            "127.0.0.1:2003 namespace hitless-none",
        )
        checks, changes = check(live, after)
        held, missing = checks
        assert f"127.0.0.1:2001 in network namespace {network.name} (frontend row1," in held.message
        assert f"is held by {Path('/proc/self/comm').read_text().strip()} (pid {os.getpid()})" in held.message
        assert (
            "the network namespace hitless-none cannot be entered (No such file or directory)"
            in missing.message
        )
        fates = {c.endpoint: c.fate for c in changes}
        assert fates[f"127.0.0.1:2002 in namespace {network.name}"] is ListenerFate.INHERITED
        assert fates[f"127.0.0.1:2003 in namespace {network.name}"] is ListenerFate.NEW


@pytest.mark.parametrize("version", SANE[:1])
def test_a_path_that_another_haproxy_serves(version: str, directory: Path) -> None:
    for name in ("one", "other"):
        (directory / name / "run").mkdir(parents=True)
    with (
        live_haproxy(directory / "one", version, configuration=head()) as live,
        live_haproxy(directory / "other", version, configuration=head()) as other,
    ):
        # /proc/self/root: another name for the same file.
        for path in (f"{directory}/other/run/admin.sock", f"/proc/self/root{directory}/other/run/admin.sock"):
            (stolen,), _ = check(live, head() + frontends(path))
            assert stolen.state is FAILED
            assert f"{path} (frontend row0," in stolen.message
            worker = min(other.workers)
            assert (
                f"is served by haproxy (pid {worker}): HAProxy would silently take the path" in stolen.message
            )
        assert serving_pid(other) == worker


@pytest.mark.parametrize("version", SANE[:1])
def test_the_masters_socket_whose_directory_is_gone(version: str, directory: Path) -> None:
    (directory / "gone").mkdir()
    more = ("-S", f"{directory}/gone/m.sock")
    with live_haproxy(directory, version, configuration=head(), more=more) as live:
        assert check(live, head())[0][0].state is PASSED
        shutil.rmtree(directory / "gone")
        (failed,), _ = check(live, head())
        assert (
            f"{directory}/gone does not exist: the master would end, and the whole service with it"
            in failed.message
        )


@pytest.mark.parametrize("version", SANE[:1])
def test_files_are_seen_as_the_service_sees_them(version: str, directory: Path) -> None:
    """What systemd's ReadOnlyPaths= does: a mount namespace in which a directory cannot be written."""
    (directory / "sealed").mkdir()
    seal = (
        f"mount --bind {directory}/sealed {directory}/sealed && mount -o remount,ro,bind {directory}/sealed"
    )
    wrapper = ("unshare", "--mount", "sh", "-c", f'{seal} && exec "$@"', "sh")
    with live_haproxy(directory, version, configuration=head(), wrapper=wrapper) as live:
        (failed,), _ = check(live, head() + frontends("{directory}/sealed/x.sock", "{directory}/open.sock"))
        assert failed.state is FAILED
        assert "sealed (Read-only file system)" in failed.message


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("version", SANE[:1])
def test_a_descriptor_that_the_service_was_started_with(version: str, mode: str, directory: Path) -> None:
    port = free_port()
    passing = (
        "import os, socket, sys; s = socket.create_server(('127.0.0.1', int(sys.argv[1])));"
        "os.dup2(s.fileno(), 9, inheritable=True); os.execv(sys.argv[2], sys.argv[2:])"
    )
    wrapper = (sys.executable, "-c", passing, str(port))
    text = head() + frontends("fd@9")
    with live_haproxy(directory, version, mode, configuration=text, wrapper=wrapper) as live:
        checks, changes = check(live, head() + frontends("fd@9", "fd@77"))
        failed = [one.message for one in checks if one.state is FAILED]
        if mode == "classic":  # the next process is ours to start, and we have not got it
            assert ["descriptor 9" in failed[0], "descriptor 77" in failed[1]] == [True, True]
        else:
            (message,) = failed
            assert "has no listening socket as descriptor 77" in message
            fates = {c.endpoint: c.fate for c in changes}
            assert fates[f"127.0.0.1:{port}"] is ListenerFate.INHERITED


@pytest.mark.parametrize("version", SANE[:1])
def test_thousands_of_addresses_are_quick(version: str, network: Network, directory: Path) -> None:
    ranges = [f"127.0.{net}.1:20000-20499" for net in range(10)]
    with live_haproxy(directory, version, configuration=head(), wrapper=network.enter) as live:
        target = read_target(TargetOptions(pid=live.process.pid), views=False)
        text = (head() + frontends(*ranges)).format(directory=directory, port=live.port)
        new = with_configuration(target, {str(live.configuration): text.encode()})
        before_s = os.times()
        (passed,), plan = check_binds(new, transfer=True)
        after_s = os.times()
    assert passed.message.endswith("5000 tried, all can be bound")
    assert sum(change.fate is ListenerFate.NEW for change in plan.changes) == 5000
    spent_s = (after_s.user + after_s.children_user) - (before_s.user + before_s.children_user)
    assert spent_s < 5  # about 0.3 s here; of processor time, which a busy machine does not stretch
