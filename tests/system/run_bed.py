"""`hitless run` as a service manager or a container starts it, with a HAProxy below."""

import errno
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from hitless.host.processes import read_children
from hitless.run.processes import haproxy_children
from tests.ports import free_port
from tests.system.live_haproxy import await_true, program
from tests.system.reload_bed import command, environment

SAYS_WITHIN_S = 60.0
SERVES = "proven to serve"
CONFIGURATION = """\
global
    stats socket {socket} mode 600 level admin
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend fe
    bind 127.0.0.1:{port}
    {bind}
    http-request return status 200
listen slow
    bind 127.0.0.1:{slow}
    mode tcp
    server one 127.0.0.1:{server}
"""


@dataclass
class RunBed:
    """One run. `first` is its process as we see it: of a pid namespace the one outside."""

    directory: Path
    version: str
    port: int
    slow: int
    server: socket.socket
    first: "subprocess.Popen[bytes]"
    pid: int = 0
    """Of hitless."""

    @property
    def configuration(self) -> Path:
        return self.directory / "haproxy.cfg"

    def write(self, bind: str = "", more: str = "") -> None:
        server = self.server.getsockname()[1]
        text = CONFIGURATION.format(
            port=self.port, slow=self.slow, server=server, bind=bind, socket=self.directory / "s"
        )
        self.configuration.write_text(text + more)

    def log(self) -> str:
        return (self.directory / "log").read_text(errors="replace")

    def await_said(self, text: str, times: int = 1) -> None:
        """Look until it has said this so often: a proof or a reload takes Python a while on a busy machine."""
        deadline = time.monotonic() + SAYS_WITHIN_S
        while self.log().count(text) < times and self.first.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        assert self.log().count(text) >= times, self.log()

    @property
    def times_ready(self) -> int:
        return self.log().count(SERVES)

    def haproxies(self) -> set[int]:
        """All HAProxy processes: masters, workers, classic ones."""
        mains = haproxy_children(self.pid)
        return {*mains, *(child for main in mains for child in haproxy_children(main))}

    def kill_all(self) -> None:
        """End every HAProxy at once, and wait until another one is proven to serve."""
        before = self.times_ready
        for pid in self.haproxies():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.await_said(SERVES, before + 1)

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def refuses(self, port: int) -> bool:
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", port)) == errno.ECONNREFUSED


@contextmanager
def run_bed(
    directory: Path,
    version: str,
    *mode: str,
    options: Sequence[str] = (),
    wrapper: Sequence[str] = (),
    variables: dict[str, str] | None = None,
    wait: bool = True,
    broken: bool = False,
) -> Iterator[RunBed]:
    """Start it; everything ends with the block."""
    directory.mkdir(exist_ok=True)
    with socket.create_server(("127.0.0.1", 0)) as server, (directory / "log").open("ab") as log:
        bed = RunBed(directory, version, free_port(), free_port(), server, None)  # type: ignore[arg-type]
        bed.write(more="no-such-keyword\n" if broken else "")
        words = ["run", "--state-dir", str(directory / "state"), *options, "--", program(version), *mode]
        bed.first = subprocess.Popen(
            [*wrapper, *command(*words), "-f", str(bed.configuration)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**environment(), **(variables or {})},
        )
        try:
            bed.pid = bed.first.pid
            if wrapper:
                await_true(lambda: read_children(bed.first.pid), "the wrapper starts it")
                (bed.pid,) = read_children(bed.first.pid)
            if wait:
                bed.await_said(SERVES)
            yield bed
        finally:
            _end(bed)


def _end(bed: RunBed) -> None:
    left = bed.haproxies() if bed.first.poll() is None else set()
    bed.first.kill()
    bed.first.wait()
    for pid in left:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
