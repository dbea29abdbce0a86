"""What the tests of `hitless reload` stand on: a real HAProxy that runs, clients that repair nothing, the command."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hitless.attempts import OUTCOMES
from hitless.load.runner import LoadProcesses
from hitless.records import Outcome, Stream, Workload
from tests.system.live_haproxy import LiveHaproxy, live_haproxy
from tests.system.load_bed import run_load, target

REPOSITORY = Path(__file__).parent.parent.parent

ANSWERS = """\
global
    stats socket {directory}/run/admin.sock mode 600 level admin expose-fd listeners
    hard-stop-after 30s
defaults
    mode http
    timeout client 30s
    timeout server 30s
    timeout connect 5s
frontend web
    bind 127.0.0.1:{port}
    http-request return status 200 content-type text/plain string ok
"""
UNPREPARED = ANSWERS.replace(" expose-fd listeners", "")
WITHOUT_SOCKET = "".join(line for line in ANSWERS.splitlines(keepends=True) if "stats socket" not in line)


@dataclass
class Result:
    """What a call of the command came to."""

    status: int
    document: dict[str, Any]
    stderr: str

    @property
    def outcome(self) -> str:
        found: str = self.document.get("outcome", "")
        return found

    def check(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = next(c for c in self.document["checks"] if c["name"] == name)
        return found


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "hitless", *words]


def environment() -> dict[str, str]:
    """The environment of an installed hitless: its modules are compiled once, not with each call."""
    cache = Path(sys.prefix) / "hitless-tests-pycache"
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPATH": str(REPOSITORY / "src"), "PYTHONPYCACHEPREFIX": str(cache)}


def hitless(*words: str, timeout_s: float = 90) -> Result:
    """Run the command line as a person does."""
    done = subprocess.run(
        command(*words, "--format", "json"),
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
        env=environment(),
    )
    return Result(done.returncode, json.loads(done.stdout) if done.stdout else {}, done.stderr)


@dataclass
class Service:
    """A HAProxy that runs, and the state directory of its reloads."""

    live: LiveHaproxy
    state: Path

    @property
    def words(self) -> tuple[str, ...]:
        return ("--uses", str(self.live.configuration), "--state-dir", str(self.state))

    def reload(self, *more: str) -> Result:
        return hitless("reload", *self.words, *more)

    def serving(self) -> int:
        return self.live.api.ask_info(timeout_s=30, patient=True).pid

    @property
    def leftovers(self) -> list[str]:
        """Names beside the configuration that nobody should find."""
        return [p.name for p in self.live.directory.iterdir() if ".hitless-" in p.name]


@contextmanager
def service(
    directory: Path, version: str, mode: str = "master-worker", configuration: str = ANSWERS, **words: Any
) -> Iterator[Service]:
    with live_haproxy(directory / "service", version, mode, configuration=configuration, **words) as live:
        try:
            yield Service(live, directory / "state")
        finally:
            _end_successors(live)


def _end_successors(live: LiveHaproxy) -> None:
    """End classic processes that were started in the place of the first one: known by their configuration."""
    name = str(live.configuration).encode()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if name in words and b"haproxy" in words[0]:
                with suppress(ProcessLookupError):
                    os.kill(int(entry.name), signal.SIGKILL)


def outcomes(
    directory: Path,
    port: int,
    during: Callable[[], None],
    *,
    workload: Workload = Workload.CONNECT,
    connections: int = 8,
    rate_per_s: float = 400.0,
) -> Counter[Outcome]:
    """Return how each attempt of naive clients ended that ran while `during` did."""
    stream = Stream(
        number=0,
        workload=workload,
        target=target(port),
        connections=connections,
        rate_per_s=rate_per_s,
        slow_s=5.0,
    )

    def work(load: LoadProcesses) -> None:
        during()
        load.check()

    rows = run_load(directory, (stream,), during=work)
    return Counter(OUTCOMES[code] for code in rows["outcome"].tolist())


def hurt(found: Counter[Outcome]) -> dict[Outcome, int]:
    return {outcome: number for outcome, number in found.items() if outcome is not Outcome.OK}


@contextmanager
def foreign_listener(port: int, address: str = "127.0.0.1") -> Iterator["subprocess.Popen[bytes]"]:
    """A process of somebody else that holds a port."""
    program = (
        "import socket, sys; s = socket.create_server((sys.argv[1], int(sys.argv[2])));"
        "print(flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, address, str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()
    try:
        yield process
    finally:
        process.communicate(b"")


def in_parallel(number: int, call: Callable[[], Result]) -> list[Result]:
    """Return what `number` calls at once come to."""
    results: list[Result] = []
    threads = [threading.Thread(target=lambda: results.append(call())) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
