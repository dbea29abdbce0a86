"""What it costs a busy HAProxy to be watched for a receipt: its CPU time for each request, with and without.

    python benchmarks/receipt_overhead.py [--haproxy PATH] [--rounds N] [--slice S] [--connections N] [--proxies N]

A HAProxy in master-worker mode with two threads answers, by itself, one request on each new connection, as fast as the
load engine opens them. While the load goes on, slices of time follow each other in random order, one of each kind in a
round: "off"; "watch", the state in which a client watch is nearly all the time; "listeners", its state from the trigger
to the takeover; "guard", the watch and the traffic guard. In each the CPU time of the worker, of hitless itself and the
number of requests are taken. A round gives one ratio to its own "off"; shown are the mean of the ratios and its 95 %
confidence interval. Root only. The engine shares the machine with HAProxy, and its resets and states are traced too:
a load balancer whose clients are elsewhere pays about half.
"""

import argparse
import contextlib
import math
import os
import random
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hitless.clock import now_ns
from hitless.control.runtime_api import MasterCli
from hitless.host.processes import read_children
from hitless.load.runner import LoadProcesses
from hitless.records import LoadPlan, Stream, Target, Workload
from hitless.reload.client_watch import ClientWatch
from hitless.reload.guard import GuardBounds
from hitless.reload.guard_watch import TrafficGuard

GLOBAL = """
global
    maxconn 4000
    nbthread 2
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend benchmark
    bind 127.0.0.1:{port}
    http-request return status 200
"""
ANOTHER = """
frontend another{number}
    bind unix@{directory}/{number}.sock
    default_backend another{number}
backend another{number}
"""
OFF, WATCH, LISTENERS, GUARD = "off", "watch", "listeners", "guard"
TARGETS = {WATCH: (1.03, 0.01), LISTENERS: (1.10, 0.01), GUARD: (1.06, 0.05)}
"""The greatest ratio of HAProxy's CPU time per request to that of "off", and of hitless's own to HAProxy's. "listeners"
lasts no longer than a takeover."""


@dataclass(frozen=True)
class Slice:
    """What one slice of time took. Units: seconds, CPU seconds."""

    requests: int
    wall_s: float
    haproxy_s: float
    own_s: float

    @property
    def rate_per_s(self) -> float:
        """Requests per second of wall-clock time."""
        return self.requests / self.wall_s

    @property
    def us_per_request(self) -> float:
        """HAProxy's CPU microseconds for one request."""
        return self.haproxy_s / self.requests * 1e6


@dataclass(frozen=True)
class Bed:
    """A running HAProxy and the load on it."""

    port: int
    worker: int
    master_socket: str
    load: LoadProcesses


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--haproxy", default=shutil.which("haproxy", path=os.environ["PATH"] + ":/usr/sbin"))
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--slice", type=float, default=1.0, help="seconds")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument(
        "--proxies", type=int, default=100, help="frontends and backends that the guard reads"
    )
    options = parser.parse_args()
    if not options.haproxy or os.geteuid() != 0:
        parser.error("needs root and a haproxy: give --haproxy")
    print(f"opening and closing a watch: {measure_opening() * 1e3:.0f} ms of CPU, once for each reload")
    with running_bed(options.haproxy, options.connections, options.proxies) as bed:
        results = run_rounds(bed, options.rounds, options.slice)
    return 0 if report(results) else 1


def measure_opening() -> float:
    """Return the CPU seconds of opening, triggering and finishing a watch, its janitor process included."""
    before = own_and_children_s()
    for _ in range(5):
        with socket.create_server(("127.0.0.1", 0)) as server:
            endpoint = f"127.0.0.1:{server.getsockname()[1]}"
            with ClientWatch([endpoint], os.getpid()) as watch:
                watch.mark_trigger()
                watch.mark_takeover()
                watch.finish()
    return (own_and_children_s() - before) / 5


def run_rounds(bed: Bed, rounds: int, slice_s: float) -> dict[str, list[Slice]]:
    results: dict[str, list[Slice]] = {kind: [] for kind in (OFF, WATCH, LISTENERS, GUARD)}
    measure(bed, OFF, slice_s)  # to warm up
    for number in range(rounds):
        kinds = list(results)
        random.shuffle(kinds)
        for kind in kinds:
            results[kind].append(measure(bed, kind, slice_s))
        shown = ", ".join(f"{kind} {results[kind][-1].us_per_request:.1f}" for kind in results)
        print(f"{number + 1}/{rounds} HAProxy us per request: {shown}", file=sys.stderr)
    return results


def measure(bed: Bed, kind: str, slice_s: float) -> Slice:
    with contextlib.ExitStack() as stack:
        if kind != OFF:
            watch = stack.enter_context(ClientWatch([f"127.0.0.1:{bed.port}"], bed.worker))
            if kind == LISTENERS:
                watch.mark_trigger()
            if kind == GUARD:
                stack.enter_context(guarded(bed, watch))
        bed.load.check()
        requests, start_ns = bed.load.counters()[0], now_ns()
        haproxy_s, own_s = worker_cpu_s(bed.worker), time.process_time()
        time.sleep(slice_s)  # the slice itself: there is nothing to wait for
        end_ns, ended = now_ns(), bed.load.counters()[0]
        return Slice(
            ended - requests,
            (end_ns - start_ns) / 1e9,
            worker_cpu_s(bed.worker) - haproxy_s,
            time.process_time() - own_s,
        )


@contextlib.contextmanager
def guarded(bed: Bed, watch: ClientWatch) -> Iterator[None]:
    """Have the traffic guard watch the worker from a thread. Nothing can trip it, so that it lasts."""
    bounds = GuardBounds(None, None, None, None, None, None)
    guard = TrafficGuard(
        bed.worker, master_address=bed.master_socket, bounds=bounds, resets=watch.resets_seen
    )
    if not guard.take_baseline():
        raise SystemExit("the worker's counters cannot be read")
    thread = threading.Thread(target=guard.watch, args=(bed.worker, 2.0))
    thread.start()
    try:
        yield
    finally:
        thread.join()


def worker_cpu_s(pid: int) -> float:
    """Return the CPU time of all threads to the nanosecond: /proc/PID/stat counts in ticks of 10 ms."""
    texts = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/schedstat")]
    return sum(int(text.split()[0]) for text in texts) / 1e9


def own_and_children_s() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


@contextlib.contextmanager
def running_bed(binary: str, connections: int, proxies: int) -> Iterator[Bed]:
    with (
        tempfile.TemporaryDirectory() as directory,
        running_haproxy(binary, Path(directory), proxies) as (port, worker),
    ):
        target = Target(frontend="benchmark", where="benchmark", address="127.0.0.1", port=port)
        stream = Stream(number=0, workload=Workload.CONNECT, target=target, connections=connections)
        directory_fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            with LoadProcesses(LoadPlan(streams=(stream,), capacity=8_000_000), directory_fd) as load:
                load.start()
                load.wait_ready(10.0)
                yield Bed(port, worker, f"{directory}/master.sock", load)
        finally:
            os.close(directory_fd)


@contextlib.contextmanager
def running_haproxy(binary: str, directory: Path, proxies: int) -> Iterator[tuple[int, int]]:
    """Run HAProxy on a free port of the loopback device; yield the port and the worker's pid."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    others = "".join(ANOTHER.format(number=number, directory=directory) for number in range(proxies // 2))
    (directory / "haproxy.cfg").write_text(GLOBAL.format(port=port) + others)
    command = [binary, "-W", "-db", "-S", f"{directory}/master.sock", "-f", str(directory / "haproxy.cfg")]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        master = MasterCli(f"{directory}/master.sock")
        (worker,) = master.ask_processes(timeout_s=10.0, patient=True).workers
        master.ask_worker_info(worker.pid, timeout_s=10.0)
        if worker.pid not in read_children(process.pid):
            raise SystemExit("another HAProxy answered")
        yield port, worker.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=10)


def report(results: dict[str, list[Slice]]) -> bool:
    """Print what each kind took; return whether every target is met."""
    print(
        f"\n{'':10} {'requests/s':>10} {'HAProxy us':>11}   of off: rate, HAProxy's CPU per request; own CPU"
    )
    met = True
    for kind, slices in results.items():
        rate = statistics.median(one.rate_per_s for one in slices)
        line = f"{kind:10} {rate:10.0f} {statistics.median(one.us_per_request for one in slices):11.2f}"
        if kind != OFF:
            pairs = list(zip(slices, results[OFF], strict=True))
            speed = ratio_of([one.rate_per_s / off.rate_per_s for one, off in pairs])
            cpu = ratio_of([one.us_per_request / off.us_per_request for one, off in pairs])
            own_s = statistics.fmean(one.own_s - off.own_s for one, off in pairs)
            own = own_s / statistics.fmean(one.haproxy_s for one in slices)
            good = cpu[0] - cpu[1] <= TARGETS[kind][0] and own <= TARGETS[kind][1]
            met = met and good
            line += (
                f"   {speed[0]:.3f} +- {speed[1]:.3f}   {cpu[0]:.3f} +- {cpu[1]:.3f}   {own:.2%} of HAProxy's"
                f"   target <= {TARGETS[kind][0]:.2f}, <= {TARGETS[kind][1]:.0%}: {'met' if good else 'MISSED'}"
            )
        print(line)
    return met


def ratio_of(ratios: list[float]) -> tuple[float, float]:
    """Return the geometric mean and the half width of its 95 % confidence interval (normal approximation)."""
    logs = [math.log(ratio) for ratio in ratios]
    mean = statistics.fmean(logs)
    error = statistics.stdev(logs) / math.sqrt(len(logs)) if len(logs) > 1 else 0.0
    return math.exp(mean), math.exp(mean) * 1.96 * error


if __name__ == "__main__":
    sys.exit(main())
