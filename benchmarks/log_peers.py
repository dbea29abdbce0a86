"""Other programs that read logs of HAProxy, asked for requests by status: the question that all of them can answer."""

import json
import resource
import shutil
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

Found = TypeVar("Found")
GOACCESS_FORMAT = r'%^]%^ %h:%^ [%d:%t.%^] %v %^/%^ %^/%^/%^/%^/%L %s %b %^"%r"'
GOACCESS = ("--no-global-config", "--no-progress", "--date-format=%d/%b/%Y", "--time-format=%H:%M:%S")


@dataclass(frozen=True, slots=True)
class Cost:
    """What a run took. `used_s` is processor time with that of the processes that it started."""

    wall_s: float
    used_s: float
    lines: int

    @property
    def lines_per_s(self) -> float:
        """By the clock on the wall."""
        return self.lines / self.wall_s

    @property
    def us_per_line(self) -> float:
        """Of processor time."""
        return self.used_s / self.lines * 1e6


@dataclass(frozen=True, slots=True)
class Peer:
    """`answer` takes the program and a log; `most_lines`: it is slow, and gets a log of so many."""

    name: str
    program: str | None
    package: str
    answer: Callable[[str, Path], Counter[int]]
    most_lines: int = 0


def cpu_s() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def measure(lines: int, call: Callable[[], Found]) -> tuple[Cost, Found]:
    start, used = time.perf_counter(), cpu_s()
    found = call()
    return Cost(time.perf_counter() - start, cpu_s() - used, lines), found


def peers(analysis: str | None) -> Sequence[Peer]:
    """Return all peers; `analysis` is the program of haproxy-log-analysis, which has no usual place."""
    return (
        Peer("halog -st", shutil.which("halog"), "apt-get install haproxy", _halog),
        Peer("goaccess", shutil.which("goaccess"), "apt-get install goaccess", _goaccess, 300_000),
        Peer("lnav (SQL)", shutil.which("lnav"), "apt-get install lnav", _lnav, 300_000),
        Peer(
            "haproxy-log-analysis",
            analysis,
            "python -m venv DIR && DIR/bin/pip install haproxy-log-analysis, "
            "then --log-analysis DIR/bin/haproxy_log_analysis",
            _log_analysis,
            15_000,
        ),
    )


def _run(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=1800).stdout


def _halog(program: str, path: Path) -> Counter[int]:
    with path.open("rb") as file:
        done = subprocess.run([program, "-st"], stdin=file, capture_output=True, text=True, check=True)
    return Counter({int(status): int(n) for status, n in map(str.split, done.stdout.splitlines())})


def _goaccess(program: str, path: Path) -> Counter[int]:
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        _run(program, str(path), *GOACCESS, f"--log-format={GOACCESS_FORMAT}", "-o", out.name)
        classes = json.loads(Path(out.name).read_bytes())["status_codes"]["data"]
    codes = [code for of_class in classes for code in of_class["items"]]
    return Counter({int(code["data"][:3]): code["hits"]["count"] for code in codes})


def _lnav(program: str, path: Path) -> Counter[int]:
    query = ";SELECT status_code AS status, count(*) AS n FROM haproxy_log GROUP BY status_code"
    rows = json.loads(_run(program, "-n", "-q", "-c", query, "-c", ":write-json-to -", str(path)))
    return Counter({int(row["status"]): int(row["n"]) for row in rows})


def _log_analysis(program: str, path: Path) -> Counter[int]:
    out = _run(program, "-l", str(path), "-c", "status_codes_counter", "--json")
    line = next(line for line in out.splitlines() if line.startswith('{"STATUS_CODES_COUNTER"'))
    rows = json.loads(line)["STATUS_CODES_COUNTER"]
    return Counter({int(status): int(n) for row in rows for status, n in row.items()})
