"""A large log counted per minute by status class and process, beside halog; and a window of a very large one.

Run: python benchmarks/log_scan.py [LINES] [--gigabytes N] [--directory DIR]

The log is as rsyslog writes `option httplog`. halog knows neither minutes nor processes: it is asked for the part that
it can answer, requests by status (-st), of the same file in the same run. The very large log takes N gigabytes of disk.
"""

import argparse
import resource
import shutil
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hitless.explain.detect.detect import detect_changes
from hitless.explain.entries import ReadOptions
from hitless.explain.heads.wall_clock import WallClock
from hitless.explain.scan.census import Census
from hitless.explain.scan.run import scan_logs
from hitless.explain.sources.log_set import open_logs
from hitless.explain.window import Window, read_entries

START = datetime(2026, 11, 29, tzinfo=UTC)
PER_SECOND = 1500
SECONDS_OF_WORKER = 270
STATUSES = (200,) * 90 + (304,) * 4 + (404,) * 3 + (500, 502, 503)
OPTIONS = ReadOptions(clock=WallClock(UTC))
SECOND_NS = 1_000_000_000


def lines_of_second(moment: datetime, pid: int) -> Iterator[bytes]:
    for number in range(PER_SECOND):
        status = STATUSES[number * 7919 % 100]
        end = "----" if status < 500 else ("SH--", "SC--", "CD--")[number % 3]
        yield (
            f"{moment:%b} {moment.day:2d} {moment:%H:%M:%S} lb1 haproxy[{pid}]: "
            f"10.{number & 7}.{number >> 8 & 255}.{number & 255}:{1024 + number * 37 % 60000} "
            f"[{moment:%d/%b/%Y:%H:%M:%S}.{number * 1000 // PER_SECOND:03d}] "
            f"{('web', 'api~', 'static')[number % 3]} app/srv{number % 9} "
            f"0/0/{number % 3}/{number % 70}/{number % 80} {status} {number * 61} - - {end} "
            f"{number % 500}/{number % 400}/{number % 300}/{number % 40}/0 0/0 {{www.example.com|Mozilla/5.0}} "
            f'"GET /api/v1/items/{number % 500}?page={number % 7} HTTP/1.1"\n'
        ).encode()


def write(path: Path, *, lines: int = 0, size_bytes: int = 0) -> datetime:
    """Write a log of so many lines or bytes, second by second; return its end."""
    template = b"".join(lines_of_second(START, 10_000))
    seconds = 0
    with path.open("wb", buffering=1 << 22) as file:
        while seconds * PER_SECOND < lines or file.tell() < size_bytes:
            moment = START + timedelta(seconds=seconds)
            block = template.replace(
                b"Nov 29 00:00:00", f"{moment:%b} {moment.day:2d} {moment:%H:%M:%S}".encode()
            )
            block = block.replace(b"29/Nov/2026:00:00:00", f"{moment:%d/%b/%Y:%H:%M:%S}".encode())
            pid = 10_000 + seconds // SECONDS_OF_WORKER * 7 % 80_000
            file.write(block.replace(b"haproxy[10000]", b"haproxy[%d]" % pid))
            seconds += 1
    return START + timedelta(seconds=seconds)


def cpu_s() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def peak_mib() -> float:
    return max(
        resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )


def minutes(census: Census) -> Counter[tuple[int, int, int]]:
    """The answer: lines by minute, status class and pid."""
    found: Counter[tuple[int, int, int]] = Counter()
    for second, process, _, status, _, count in census.ended.tolist():
        found[second // 60, status // 100, census.processes[process].pid] += count
    return found


def row(name: str, wall_s: float, used_s: float, lines: int) -> float:
    """Print a line of the table; return lines per second."""
    print(
        f"{name:34} {wall_s:7.2f} s wall {used_s:7.2f} s CPU {lines / wall_s / 1e6:6.2f} M lines/s"
        f" {used_s / lines * 1e6:6.2f} us CPU/line"
    )
    return lines / wall_s


def scan(path: Path, workers: int) -> tuple[float, Census]:
    start, used = time.perf_counter(), cpu_s()
    with open_logs([str(path)], OPTIONS) as logs:
        census = scan_logs(logs, workers=workers)
    answer = minutes(census)
    wall_s = time.perf_counter() - start
    assert answer.total() == census.lines
    name = f"hitless, {workers} process{'es' if workers > 1 else ''}"
    return row(name, wall_s, cpu_s() - used, census.lines), census


def halog(program: str, path: Path, lines: int) -> tuple[float, Counter[int]]:
    start, used = time.perf_counter(), cpu_s()
    with path.open("rb") as file:
        done = subprocess.run([program, "-st"], stdin=file, capture_output=True, text=True, check=True)
    rate = row("halog -st (status alone)", time.perf_counter() - start, cpu_s() - used, lines)
    table = (line.split() for line in done.stdout.splitlines())
    return rate, Counter({int(status): int(count) for status, count in table})


def compare(path: Path, lines: int) -> None:
    write(path, lines=lines)
    lines = -(-lines // PER_SECOND) * PER_SECOND
    print(f"{lines} lines, {path.stat().st_size / 1e6:.0f} MB")
    path.read_bytes()  # both find it in memory
    one, census = scan(path, 1)
    two, _ = scan(path, 2)
    found = detect_changes(census.processes, census.messages, census.services)
    print(f"{len(census.processes)} processes, {len(found.changes)} changes of process found")
    program = shutil.which("halog")
    if program is None:
        print("halog is not here (Debian's package haproxy has it)")
        return
    rate, statuses = halog(program, path, lines)
    ours: Counter[int] = Counter()
    for _, _, _, status, _, count in census.ended.tolist():
        ours[status] += count
    assert ours == statuses, "both count the same"
    print(f"ratio to halog: {one / rate:.2f} with one process, {two / rate:.2f} with two")


def look_into(path: Path, gigabytes: float) -> None:
    end = write(path, size_bytes=int(gigabytes * 1e9))
    print(f"{path.stat().st_size / 1e9:.1f} GB, {(end - START).total_seconds() / 3600:.1f} hours")
    middle = START + (end - START) / 2
    window = Window(int(middle.timestamp()) * SECOND_NS, int(middle.timestamp() + 60) * SECOND_NS)
    for name in ("for the first time", "again"):
        start, used = time.perf_counter(), cpu_s()
        with open_logs([str(path)], OPTIONS) as logs:
            census = scan_logs(logs, window)
        row(f"a minute of it counted, {name}", time.perf_counter() - start, cpu_s() - used, census.lines)
    window = Window(window.since_ns, int(middle.timestamp() + 2) * SECOND_NS)
    start, used = time.perf_counter(), cpu_s()
    with open_logs([str(path)], OPTIONS) as logs:
        count = sum(1 for _ in read_entries(logs, window))
    row("two seconds of it as values", time.perf_counter() - start, cpu_s() - used, count)


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("lines", nargs="?", type=int, default=4_000_000)
    options.add_argument("--gigabytes", type=float, default=0)
    options.add_argument("--directory", help="where the logs are made; a temporary directory")
    chosen = options.parse_args()
    with ExitStack() as stack:
        folder = chosen.directory or stack.enter_context(tempfile.TemporaryDirectory(dir="/var/tmp"))
        path = Path(folder, "large.log")
        stack.callback(path.unlink, missing_ok=True)
        compare(path, chosen.lines)
        if chosen.gigabytes:
            look_into(path, chosen.gigabytes)
    print(f"peak memory of a process {peak_mib():.0f} MiB")


if __name__ == "__main__":
    main()
