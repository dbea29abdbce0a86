"""Time until an answer, cold: `hitless audit --help`, and the audit of a configuration, each in a new process.

Beside them `python -c pass`, which is the floor, and `haproxy -c` on the same file. CPU counts child processes, too.

Run: python benchmarks/start_up.py [LINES] [--haproxy PATH] [--rounds N]
"""

import argparse
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from config_parse import configuration

LINES_OF_A_SERVER = 1
LINES_BESIDES = 14


def measure(command: list[str], rounds: int) -> tuple[float, float]:
    """Return the median of wall clock and CPU in milliseconds; the first round warms the disk's cache."""
    walls, cpus = [], []
    for number in range(rounds + 1):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.perf_counter()
        subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wall = time.perf_counter() - start
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if number:
            walls.append(wall * 1e3)
            cpus.append((after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1e3)
    return statistics.median(walls), statistics.median(cpus)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("lines", nargs="?", type=int, default=300)
    options.add_argument("--haproxy", default=shutil.which("haproxy"))
    options.add_argument("--rounds", type=int, default=9)
    chosen = options.parse_args()
    hitless = [sys.executable, "-m", "hitless"]
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "haproxy.cfg"
        data = configuration((chosen.lines - LINES_BESIDES) // LINES_OF_A_SERVER)
        path.write_bytes(data)
        commands = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "hitless --help": [*hitless, "--help"],
            "hitless audit --help": [*hitless, "audit", "--help"],
            f"hitless audit ({data.count(10)} lines)": [*hitless, "audit", str(path)],
        }
        if chosen.haproxy:
            commands["haproxy -c"] = [chosen.haproxy, "-c", "-f", str(path)]
        for name, command in commands.items():
            wall_ms, cpu_ms = measure(command, chosen.rounds)
            print(f"{name:32} {wall_ms:7.1f} ms   CPU {cpu_ms:7.1f} ms")


if __name__ == "__main__":
    main()
