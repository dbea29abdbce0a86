"""The load engine against hey, wrk and h2load: one HAProxy, equal concurrency, alternating rounds, medians.

    python benchmarks/load_vs_peers.py [--haproxy PATH] [--rounds N] [--seconds S] [--connections N]

Hitless runs with full accounting: every request is a row of its table. HAProxy answers by itself
(`http-request return`), so that the generator and the kernel are what is measured. A generator's CPU time is
that of its processes, start-up included, as the kernel accounts it (wait4). "traced" is hitless with the kernel's trace
of resets and listeners open, as in a proof (root only).
"""

import argparse
import os
import re
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hitless.attempts import read_attempts
from hitless.clock import now_ns
from hitless.evidence.trace import KernelTrace
from hitless.evidence.trace_events import TraceFilter
from hitless.load.runner import LoadProcesses
from hitless.records import LoadPlan, Stream, Target, Workload

CONFIGURATION = """
global
    maxconn 4000
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend benchmark
    bind 127.0.0.1:{port}
    http-request return status 200
"""
KEEP_ALIVE = "keep-alive"
NEW_CONNECTION = "new connection"
TRACED = "traced"
LEAST_TRACED_SHARE = 0.9
"""Tracing may cost a tenth of the throughput."""
TARGETS = {
    (KEEP_ALIVE, "wrk"): (0.8, 1.6),
    (KEEP_ALIVE, "hey"): (2.5, 1 / 3),
    (NEW_CONNECTION, "wrk"): (0.8, 1.6),
    (NEW_CONNECTION, "hey"): (1.8, 1 / 3),
}
"""By peer: the least ratio of rates, the greatest ratio of CPU time for each request."""


@dataclass(frozen=True)
class Result:
    """One run. Units: requests, seconds."""

    requests: int
    wall_s: float
    cpu_s: float

    @property
    def rate_per_s(self) -> float:
        """Requests per second of wall-clock time."""
        return self.requests / self.wall_s

    @property
    def cpu_s_per_10k(self) -> float:
        """CPU seconds of the generator for 10 000 requests."""
        return self.cpu_s / self.requests * 10_000


@dataclass(frozen=True)
class Bench:
    """What every generator is given."""

    port: int
    seconds: int
    connections: int
    processes: int

    @property
    def url(self) -> str:
        """What the peers are told to ask for."""
        return f"http://127.0.0.1:{self.port}/"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--haproxy", default=shutil.which("haproxy", path=os.environ["PATH"] + ":/usr/sbin"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--processes", type=int, default=1, help="of hitless, at most one for each core")
    options = parser.parse_args()
    if not options.haproxy:
        parser.error("no haproxy on PATH; give --haproxy")
    with running_haproxy(options.haproxy) as port:
        bench = Bench(port, options.seconds, options.connections, options.processes)
        results = {
            (mode, name): run_rounds
            for mode in (KEEP_ALIVE, NEW_CONNECTION)
            for name, run_rounds in run_mode(bench, mode, options.rounds).items()
        }
    return 0 if report(results) else 1


def run_mode(bench: Bench, mode: str, rounds: int) -> dict[str, list[Result]]:
    """Run every generator in turn, `rounds` times, so that a busy moment of the machine hits all of them."""
    generators = generators_for(mode)
    results: dict[str, list[Result]] = {name: [] for name in generators}
    for number in range(rounds):
        for name, generate in generators.items():
            results[name].append(generate(bench, mode))
            last = results[name][-1]
            progress = f"{mode} {number + 1}/{rounds} {name}: {last.rate_per_s:.0f}/s"
            print(f"{progress}, {last.cpu_s_per_10k:.3f} s CPU per 10 000", file=sys.stderr)
    return results


def generators_for(mode: str) -> dict[str, Callable[[Bench, str], Result]]:
    generators: dict[str, Callable[[Bench, str], Result]] = {"hitless": run_hitless}
    if os.geteuid() == 0:
        generators[TRACED] = run_traced
    if shutil.which("wrk"):
        generators["wrk"] = run_wrk
    if shutil.which("hey"):
        generators["hey"] = run_hey
    if shutil.which("h2load") and mode == KEEP_ALIVE:  # it cannot open a connection for each request
        generators["h2load"] = run_h2load
    return generators


def run_hitless(bench: Bench, mode: str) -> Result:
    workload = Workload.KEEPALIVE if mode == KEEP_ALIVE else Workload.CONNECT
    target = Target(frontend="benchmark", where="benchmark", address="127.0.0.1", port=bench.port)
    stream = Stream(number=0, workload=workload, target=target, connections=bench.connections)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryDirectory() as directory:
        directory_fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        with LoadProcesses(LoadPlan(streams=(stream,), processes=bench.processes), directory_fd) as load:
            load.start()
            load.wait_ready(10.0)
            start_ns = now_ns()
            time.sleep(bench.seconds)  # the length of the run itself: there is nothing to wait for
            end_ns = now_ns()
        os.close(directory_fd)
        rows = np.concatenate([read_attempts(path) for path in Path(directory).glob("attempts-*.bin")])
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if (rows["outcome"] != 0).any():
        raise SystemExit("hitless: some attempts failed; the comparison would not be fair")
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    inside = np.count_nonzero((rows["end_ns"] >= start_ns) & (rows["end_ns"] < end_ns))
    wall_s = (end_ns - start_ns) / 1e9
    # CPU time is that of the whole process, so it is spread over all its requests.
    return Result(int(inside), wall_s, cpu_s * int(inside) / len(rows))


def run_traced(bench: Bench, mode: str) -> Result:
    endpoint = f"127.0.0.1:{bench.port}"
    with KernelTrace(TraceFilter(endpoints=frozenset({endpoint}))) as trace:
        result = run_hitless(bench, mode)
        trace.stop()
        status = trace.status()
    if status.source != "tracefs" or status.lost_events:
        raise SystemExit(f"the trace is incomplete: {status}")
    return result


def run_wrk(bench: Bench, mode: str) -> Result:
    close = ["-H", "Connection: close"] if mode == NEW_CONNECTION else []
    output, cpu_s = run_command(
        ["wrk", "-t1", f"-c{bench.connections}", f"-d{bench.seconds}s", *close, bench.url]
    )
    requests, wall_s = re.search(r"(\d+) requests in ([\d.]+)s", output).groups()  # type: ignore[union-attr]
    return Result(int(requests), float(wall_s), cpu_s)


def run_hey(bench: Bench, mode: str) -> Result:
    close = ["-disable-keepalive"] if mode == NEW_CONNECTION else []
    command = ["hey", "-z", f"{bench.seconds}s", "-c", str(bench.connections), *close, bench.url]
    output, cpu_s = run_command(command)
    wall_s = float(re.search(r"Total:\s+([\d.]+) secs", output)[1])  # type: ignore[index]
    requests = int(re.search(r"\[200\]\s+(\d+) responses", output)[1])  # type: ignore[index]
    return Result(requests, wall_s, cpu_s)


def run_h2load(bench: Bench, _mode: str) -> Result:
    clients = ["-c", str(bench.connections), "-t1", "-D", str(bench.seconds)]
    output, cpu_s = run_command(["h2load", "--h1", *clients, bench.url])
    requests = int(re.search(r"requests: .* (\d+) succeeded", output)[1])  # type: ignore[index]
    return Result(requests, float(bench.seconds), cpu_s)


def run_command(command: list[str]) -> tuple[str, float]:
    """Return what a generator printed and the CPU seconds that it took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return done.stdout, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@contextmanager
def running_haproxy(binary: str) -> Iterator[int]:
    """Run HAProxy on a free port of the loopback device."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    with tempfile.NamedTemporaryFile("w", suffix=".cfg") as file:
        file.write(CONFIGURATION.format(port=port))
        file.flush()
        process = subprocess.Popen([binary, "-db", "-f", file.name], stderr=subprocess.DEVNULL)
        try:
            await_listener(port, process)
            yield port
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=10)


def await_listener(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline_s = time.monotonic() + 5
    while time.monotonic() < deadline_s and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise SystemExit("haproxy did not start")


def report(results: dict[tuple[str, str], list[Result]]) -> bool:
    """Print medians and ratios; return whether every target is met."""
    met = True
    for mode in (KEEP_ALIVE, NEW_CONNECTION):
        ours_rate, ours_cpu = medians(results[mode, "hitless"])
        print(
            f"\n{mode}\n  {'':8} {'requests/s':>10} {'CPU s/10k':>10}   hitless / peer: rate, CPU per request"
        )
        print(f"  {'hitless':8} {ours_rate:10.0f} {ours_cpu:10.3f}")
        for name in (name for at, name in results if at == mode and name != "hitless"):
            rate, cpu = medians(results[mode, name])
            line = f"  {name:8} {rate:10.0f} {cpu:10.3f}   {ours_rate / rate:5.2f}  {ours_cpu / cpu:5.2f}"
            if name == TRACED:
                good = rate >= LEAST_TRACED_SHARE * ours_rate
                met = met and good
                line += f"   target: costs at most 10 %: {'met' if good else 'MISSED'}"
            target = TARGETS.get((mode, name))
            if target is not None:
                good = ours_rate / rate >= target[0] and ours_cpu / cpu <= target[1]
                met = met and good
                line += f"   target >= {target[0]:.1f}, <= {target[1]:.2f}: {'met' if good else 'MISSED'}"
            print(line)
    return met


def medians(rounds: list[Result]) -> tuple[float, float]:
    rate = statistics.median(result.rate_per_s for result in rounds)
    return rate, statistics.median(result.cpu_s_per_10k for result in rounds)


if __name__ == "__main__":
    sys.exit(main())
