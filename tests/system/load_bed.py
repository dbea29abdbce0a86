"""What the load tests stand on: a tiny origin server, a HAProxy in master-worker mode, and a run of the engine."""

import os
import socket
import socketserver
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, CloseConnection, Ping, Request, TextMessage

from hitless.attempts import OUTCOMES, read_attempts
from hitless.host.inet_diag import open_sock_diag, read_listeners
from hitless.load.runner import LoadProcesses
from hitless.records import LoadPlan, Outcome, Stream, Target
from tests.system.live_haproxy import DEADLINE_S, await_true, send_usr2

Rows = npt.NDArray[np.void]


def target(port: int, **fields: object) -> Target:
    return Target(frontend="fe", where="test.cfg:1", address="127.0.0.1", port=port, **fields)  # type: ignore[arg-type]


def await_queue(port: int, connections: int) -> None:
    """Wait until so many connections at least wait to be accepted there, in the network namespace of this thread."""
    with open_sock_diag() as diag:
        await_true(
            lambda: sum(one.queue_length for one in read_listeners(diag) if one.port == port) >= connections,
            "clients wait to be accepted",
        )


def run_load(
    directory: Path,
    streams: tuple[Stream, ...],
    *,
    during: Callable[[LoadProcesses], None],
    processes: int = 1,
) -> Rows:
    """Run the streams until `during` returns, and return the rows of the first process."""
    directory.mkdir(exist_ok=True)
    directory_fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with LoadProcesses(LoadPlan(streams=streams, processes=processes), directory_fd) as load:
            load.start()
            load.wait_ready(DEADLINE_S)
            during(load)
    finally:
        os.close(directory_fd)
    return read_attempts(directory / "attempts-0.bin")


def count_outcomes(rows: Rows) -> dict[Outcome, int]:
    """Return how many attempts ended how."""
    codes = rows["outcome"].tolist()
    return {outcome: codes.count(code) for code, outcome in enumerate(OUTCOMES) if code in codes}


def count_hurt(seen: dict[Outcome, int]) -> int:
    """Those that were only slow were not reset: a busy machine."""
    return sum(count for outcome, count in seen.items() if outcome not in {Outcome.OK, Outcome.SLOW})


def until_attempts(number: int, timeout_s: float = DEADLINE_S) -> Callable[[LoadProcesses], None]:
    """Return a `during` that waits until so many attempts have ended."""

    def wait(load: LoadProcesses) -> None:
        deadline_s = time.monotonic() + timeout_s
        while load.counters()[0] < number:
            assert time.monotonic() < deadline_s, f"only {load.counters()} attempts ended in {timeout_s} s"
            load.check()
            time.sleep(0.02)

    return wait


class MasterWorker:
    """A HAProxy in master-worker mode, reloaded by SIGUSR2."""

    def __init__(self, binary: str, configuration: str, directory: Path) -> None:
        file = directory / "haproxy.cfg"
        file.write_text(configuration)
        self._log = (directory / "haproxy.log").open("w+b")
        self.process = subprocess.Popen(
            [binary, "-W", "-db", "-f", str(file)], stderr=self._log, stdout=self._log
        )

    def wait_listening(self, port: int) -> None:
        deadline_s = time.monotonic() + DEADLINE_S
        while time.monotonic() < deadline_s:
            assert self.process.poll() is None, self.log()
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.02)
        raise AssertionError(self.log())

    def workers(self) -> set[int]:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return {int(pid) for pid in children.read_text().split()}

    def reload(self) -> None:
        """Reload and wait until the new worker is there."""
        before = self.workers()
        send_usr2(self.process.pid)
        deadline_s = time.monotonic() + DEADLINE_S
        while not self.workers() - before:
            assert time.monotonic() < deadline_s, self.log()
            time.sleep(0.02)

    def log(self) -> str:
        self._log.seek(0)
        return self._log.read().decode(errors="replace")

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=DEADLINE_S)
        self._log.close()


@contextmanager
def master_worker(binary: str, configuration: str, directory: Path, port: int) -> Iterator[MasterWorker]:
    haproxy = MasterWorker(binary, configuration, directory)
    try:
        haproxy.wait_listening(port)
        yield haproxy
    finally:
        haproxy.close()


class Origin(socketserver.ThreadingTCPServer):
    """An HTTP, WebSocket and echo server that obeys X-Hitless as the simulated servers do."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, *, echo: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), _EchoHandler if echo else _HttpHandler)
        self.port: int = self.server_address[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class _EchoHandler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        while data := self.request.recv(4096):
            self.request.sendall(data)


class _HttpHandler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        while self._answer_one():
            pass

    def _answer_one(self) -> bool:
        try:
            head = self._head()
            if not head.startswith((b"GET ", b"POST ", b"HEAD ")):
                return False
            headers = dict(
                line.split(": ", 1) for line in head.decode().lower().split("\r\n")[1:] if ": " in line
            )
            if headers.get("upgrade") == "websocket":
                self._websocket(head + b"\r\n")
                return False
            self.rfile.read(int(headers.get("content-length", "0")))
            self._answer(
                dict(part.strip().split("=") for part in headers.get("x-hitless", "").split(";") if part)
            )
        except OSError:
            return False
        return headers.get("connection") != "close"

    def _head(self) -> bytes:
        """Return the lines up to the empty one, or up to the client's end."""
        lines = []
        while (line := self.rfile.readline()) not in {b"", b"\r\n"}:
            lines.append(line)
        return b"".join(lines)

    def _answer(self, wishes: dict[str, str]) -> None:
        time.sleep(int(wishes.get("delay-ms", "0")) / 1000)
        if "stream-ms" not in wishes:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n")
            return
        self.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(int(wishes["stream-ms"]) // int(wishes["chunk-ms"])):
            self.wfile.write(b"5\r\ndata\n\r\n")
            time.sleep(int(wishes["chunk-ms"]) / 1000)
        self.wfile.write(b"0\r\n\r\n")

    def _websocket(self, head: bytes) -> None:
        protocol = WSConnection(ConnectionType.SERVER)
        data = head
        while data:
            protocol.receive_data(data)
            for event in protocol.events():
                if isinstance(event, Request):
                    self.wfile.write(protocol.send(AcceptConnection()))
                elif isinstance(event, TextMessage):
                    self.wfile.write(protocol.send(TextMessage(event.data)))
                elif isinstance(event, Ping | CloseConnection):
                    self.wfile.write(protocol.send(event.response()))
                    if isinstance(event, CloseConnection):
                        return
            data = self.request.recv(4096)
