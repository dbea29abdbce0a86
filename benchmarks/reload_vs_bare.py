"""`hitless reload` beside the bare reload of the same HAProxy, under full load, in alternating rounds of one run.

    python benchmarks/reload_vs_bare.py [--haproxy PATH] [--rounds N] [--connections N] [--idle]

Both reload a HAProxy in master-worker mode by the same means (SIGUSR2, or the master's CLI from 2.7 on); "bare" does
nothing else. Shown for each, as medians: from the trigger until a new worker answers, the whole call and its CPU time
(hitless with everything it starts), and attempts of naive clients that failed. The load opens a new connection for each
request as fast as it is answered, so that hitless competes with it for the processor; `--idle` leaves it out.
"""

import argparse
import os
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from hitless.control.binary import read_binary
from hitless.control.errors import CouldNotAsk
from hitless.control.runtime_api import MasterCli, RuntimeApi
from hitless.load.runner import LoadProcesses
from hitless.records import LoadPlan, Stream, Target, Workload
from hitless.reload.mechanism import MASTER_CLI_SYNCHRONOUS
from hitless.reloads import Receipt

CONFIGURATION = """
global
    maxconn 4000
    stats socket {directory}/admin.sock mode 600 level admin expose-fd listeners
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend benchmark
    bind 127.0.0.1:{port}
    http-request return status 200
"""
BARE, HITLESS = "bare", "hitless"
REST_S = 2.5
"""Between two reloads: no version needs more (`hitless.reload.spacing`)."""


@dataclass(frozen=True)
class Reload:
    """One reload. Units: seconds, CPU seconds, failed attempts while it went on."""

    takeover_s: float
    wall_s: float
    cpu_s: float
    failed: int


@dataclass(frozen=True)
class Bed:
    """A running HAProxy."""

    haproxy: str
    directory: Path
    master: int

    def serving(self) -> int:
        """Return the worker that answers; 0 while none does."""
        try:
            info = RuntimeApi(f"{self.directory}/admin.sock").ask_info(timeout_s=1.0)
        except CouldNotAsk:
            return 0
        return 0 if info.stopping else info.pid


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--haproxy", default=shutil.which("haproxy", path=os.environ["PATH"] + ":/usr/sbin"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--idle", action="store_true", help="without load")
    options = parser.parse_args()
    if not options.haproxy:
        parser.error("needs a haproxy: give --haproxy")
    with running_bed(options.haproxy) as (bed, port):
        if options.idle:
            return report(run_rounds(bed, options.rounds, None))
        with running_load(bed.directory, port, options.connections) as load:
            return report(run_rounds(bed, options.rounds, load))


def run_rounds(bed: Bed, rounds: int, load: LoadProcesses | None) -> dict[str, list[Reload]]:
    measure(bed, HITLESS, load)  # to warm up
    results: dict[str, list[Reload]] = {BARE: [], HITLESS: []}
    for number in range(rounds):
        for kind, reloads in results.items():
            time.sleep(REST_S)
            reloads.append(measure(bed, kind, load))
        print(f"round {number + 1} of {rounds}", file=sys.stderr)
    return results


def measure(bed: Bed, kind: str, load: LoadProcesses | None) -> Reload:
    failed = load.counters()[1] if load else 0
    cpu_s, start = children_s(), time.monotonic()
    takeover_s = reload_bare(bed) if kind == BARE else reload_with_hitless(bed)
    wall_s = time.monotonic() - start
    cpu_s = children_s() - cpu_s
    return Reload(takeover_s, wall_s, cpu_s, (load.counters()[1] if load else 0) - failed)


def reload_bare(bed: Bed) -> float:
    """Reload, and wait until another worker answers; return how long that took."""
    before, start = bed.serving(), time.monotonic()
    if read_binary(bed.haproxy).version >= MASTER_CLI_SYNCHRONOUS:
        start = time.monotonic()
        MasterCli(f"{bed.directory}/master.sock").apply_reload()
    else:
        start = time.monotonic()
        os.kill(bed.master, signal.SIGUSR2)
    while bed.serving() in {0, before}:
        time.sleep(0.005)
    return time.monotonic() - start


def reload_with_hitless(bed: Bed) -> float:
    """Reload with the command line; return how long the takeover took by its receipt."""
    words = ["reload", "--uses", f"{bed.directory}/haproxy.cfg", "--state-dir", f"{bed.directory}/state"]
    done = subprocess.run(
        [sys.executable, "-m", "hitless", *words, "--format", "json"], check=True, capture_output=True
    )
    receipt = msgspec.json.decode(done.stdout, type=Receipt)
    phases = {phase.name: phase for phase in receipt.phases}
    trigger, proof = phases["trigger"], phases["prove"]
    return (proof.start_ns + proof.duration_ns - trigger.start_ns) / 1e9


def children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def report(results: dict[str, list[Reload]]) -> int:
    print(f"{'':10}{'takeover':>12}{'whole call':>12}{'CPU':>10}{'failed':>8}")
    medians = {}
    for kind, reloads in results.items():
        takeover_s, wall_s, cpu_s = (
            statistics.median(getattr(r, name) for r in reloads) for name in ("takeover_s", "wall_s", "cpu_s")
        )
        medians[kind] = wall_s
        failed = sum(r.failed for r in reloads)
        print(f"{kind:10}{takeover_s * 1e3:9.0f} ms{wall_s * 1e3:9.0f} ms{cpu_s * 1e3:7.0f} ms{failed:8}")
    print(f"whole call: {medians[HITLESS] / medians[BARE]:.1f} times the bare reload")
    return 1 if any(r.failed for r in results[HITLESS]) else 0


@contextmanager
def running_bed(haproxy: str) -> Iterator[tuple[Bed, int]]:
    with tempfile.TemporaryDirectory() as name, socket.socket() as probe:
        directory = Path(name)
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        probe.close()
        (directory / "haproxy.cfg").write_text(CONFIGURATION.format(directory=directory, port=port))
        command = [haproxy, "-W", "-db", "-S", f"{directory}/master.sock", "-f", f"{directory}/haproxy.cfg"]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
            try:
                RuntimeApi(f"{directory}/admin.sock").ask_info(timeout_s=10, patient=True)
                yield Bed(haproxy, directory, process.pid), port
            finally:
                process.terminate()


@contextmanager
def running_load(directory: Path, port: int, connections: int) -> Iterator[LoadProcesses]:
    target = Target(frontend="benchmark", where="haproxy.cfg:11", address="127.0.0.1", port=port)
    stream = Stream(number=0, workload=Workload.CONNECT, target=target, connections=connections)
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        plan = LoadPlan(streams=(stream,), capacity=8_000_000)
        with LoadProcesses(plan, descriptor) as load:
            load.start()
            load.wait_ready(10.0)
            yield load
    finally:
        os.close(descriptor)


if __name__ == "__main__":
    sys.exit(main())
