"""A large log counted, beside other programs that read logs of HAProxy; and a window of a very large one explained.

Run: python benchmarks/log_scan.py [LINES] [--rounds N] [--gigabytes N] [--directory DIR] [--log-analysis PROGRAM]

Hitless counts by second, process, frontend, status and termination; the others are asked for what they all can answer
of the same file in the same run, requests by status, and must answer the same. The slow ones get a shorter log, and
are compared per line: their rows say so. Of several rounds, which alternate, the fastest is shown.

The very large log takes N gigabytes of disk; a minute of it is explained by the command line as a user would.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC
from functools import partial
from pathlib import Path

from log_made import PER_SECOND, START, statuses_of, write_log
from log_peers import Cost, Peer, measure, peers

from hitless.explain.entries import ReadOptions
from hitless.explain.heads.wall_clock import WallClock
from hitless.explain.scan.census import Census
from hitless.explain.scan.run import scan_logs
from hitless.explain.sources.log_set import open_logs

OPTIONS = ReadOptions(clock=WallClock(UTC))
MOST_WALL_S = 2.0
MOST_MIB = 150


def scan(path: Path, workers: int) -> Census:
    with open_logs([str(path)], OPTIONS) as logs:
        return scan_logs(logs, workers=workers)


def statuses(census: Census) -> Counter[int]:
    found: Counter[int] = Counter()
    for _, _, _, status, _, count in census.ended.tolist():
        found[status] += count
    return found


def fastest(costs: list[Cost]) -> Cost:
    """Return the least of each: others disturb wall and processor time at different moments."""
    return Cost(min(c.wall_s for c in costs), min(c.used_s for c in costs), costs[0].lines)


def ask(peer: Peer, program: str, path: Path, lines: int) -> Cost:
    cost, answer = measure(lines, lambda: peer.answer(program, path))
    if answer != statuses_of(lines):
        print(f"{peer.name} answers otherwise: {dict(answer)}, not {dict(statuses_of(lines))}")
    return cost


def ask_all(path: Path, lines: int, rounds: int, there: Sequence[Peer]) -> dict[str, list[Cost]]:
    """Return the costs of each round by name."""
    costs: dict[str, list[Cost]] = {}
    for _ in range(rounds):
        for workers in (1, 2):
            cost, census = measure(lines, partial(scan, path, workers))
            assert statuses(census) == statuses_of(lines), "all lines are counted"
            costs.setdefault(f"hitless, {workers} process{'es' if workers > 1 else ''}", []).append(cost)
        for peer in there:
            assert peer.program, "only those that are here are asked"
            name, log, most = peer.name, path, lines
            if peer.most_lines and peer.most_lines < lines:
                most = peer.most_lines
                name, log = f"{name} ({most} lines)", path.with_name(f"{most}.log")
                write_log(log, lines=most)
            costs.setdefault(name, []).append(ask(peer, peer.program, log, most))
    return costs


def compare(folder: Path, lines: int, rounds: int, log_analysis: str | None) -> None:
    path, lines = folder / "all.log", -(-lines // PER_SECOND) * PER_SECOND
    write_log(path, lines=lines)
    print(
        f"{lines} lines, {path.stat().st_size / 1e6:.0f} MB, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}"
    )
    every = peers(log_analysis)
    costs = ask_all(path, lines, rounds, [peer for peer in every if peer.program])
    print(f"{'':36} wall s  CPU s  M lines/s  us CPU/line  ratio of lines/s, of CPU/line to hitless")
    names = list(costs)
    one, two = (fastest(costs[name]) for name in names[:2])
    for name in names:
        cost = fastest(costs[name])
        print(
            f"{name:36} {cost.wall_s:6.2f} {cost.used_s:6.2f} {cost.lines_per_s / 1e6:10.3f} {cost.us_per_line:12.2f}"
            f" {cost.lines_per_s / two.lines_per_s:10.3f} {cost.us_per_line / one.us_per_line:10.2f}"
        )
    for peer in every:
        if not peer.program:
            print(f"{peer.name:36} is not here: {peer.package}")


def look_into(folder: Path, gigabytes: float) -> None:
    size_bytes = int(gigabytes * 1e9)
    if shutil.disk_usage(folder).free < size_bytes * 1.2:
        raise SystemExit(f"{folder} has not the room for {gigabytes:.0f} GB.")
    path = folder / "very_large.log"
    end = write_log(path, size_bytes=size_bytes)
    hours = (end - START).total_seconds() / 3600
    print(f"{path.stat().st_size / 1e9:.1f} GB, {hours:.1f} hours of {PER_SECOND} lines a second")
    around = f"{START + (end - START) / 2:%Y-%m-%dT%H:%M:%S}"
    command = [sys.executable, "-m", "hitless", "explain", "--quiet", "--zone", "UTC", "--format", "json"]
    for span in ("30s", "30s", "5m"):
        cost, memory_mib = run([*command, "--around", around, "--span", span, str(path)])
        good = cost.wall_s < MOST_WALL_S and memory_mib < MOST_MIB
        print(
            f"hitless explain --around … --span {span:4} {cost.wall_s:6.2f} s wall {cost.used_s:6.2f} s CPU"
            f" {memory_mib:5.0f} MiB {cost.lines:8} lines; {'within' if good else 'above'} the bounds"
        )


def run(command: list[str]) -> tuple[Cost, float]:
    """Return what a run of the command line cost, interpreter and all, and its memory in MiB."""
    with tempfile.TemporaryFile() as out:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=out)
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode in {0, 1, 3}, "it explains"
        out.seek(0)
        lines = json.load(out)["totals"]["lines"]
    return Cost(wall_s, usage.ru_utime + usage.ru_stime, lines), usage.ru_maxrss / 1024


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("lines", nargs="?", type=int, default=4_000_000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--gigabytes", type=float, default=0)
    options.add_argument("--directory", help="where the logs are made; a temporary directory in /var/tmp")
    options.add_argument("--log-analysis", help="the program of haproxy-log-analysis")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(dir=chosen.directory or "/var/tmp") as name:
        if chosen.lines:
            compare(Path(name), chosen.lines, chosen.rounds, chosen.log_analysis)
        if chosen.gigabytes:
            look_into(Path(name), chosen.gigabytes)


if __name__ == "__main__":
    main()
