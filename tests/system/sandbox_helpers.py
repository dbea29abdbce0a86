"""Start the sandbox of either tier from a test, as root or as an ordinary user."""

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests.system.conftest import require, unprivileged_python

PROGRAMS = Path(__file__).parent / "sandbox_programs"
NOBODY = 65534
TIERS = ("root", "user")
_REPORT = '{"launcher": '
"""How the line of sandbox_programs/start.py begins."""


def python_for(tier: str) -> str:
    """The Python that runs hitless in this tier: as root the tests' own, else one that anybody may start."""
    if tier == "root" or os.geteuid() != 0:
        return sys.executable
    path = unprivileged_python()
    require(path, "no Python that an ordinary user may start")
    assert path is not None
    return path


def search_path() -> str:
    """PYTHONPATH with hitless and what it needs, for a Python that is not the tests' own."""
    specs = [find_spec(name) for name in ("hitless", "msgspec")]
    return os.pathsep.join(str(Path(spec.origin).parents[1]) for spec in specs if spec and spec.origin)


def start(tier: str, program: Sequence[str], **extra: str) -> "subprocess.Popen[bytes]":
    """Start `sandbox_programs/start.py` for a program; in the user tier as nobody."""
    require(tier == "user" or os.geteuid() == 0, "the root tier needs root")
    environment = {"PATH": os.environ["PATH"], "HOME": "/tmp", "PYTHONDONTWRITEBYTECODE": "1", **extra}
    environment["PYTHONPATH"] = search_path()
    identity: dict[str, Any] = {}
    if tier == "user" and os.geteuid() == 0:
        identity = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    return subprocess.Popen(
        [python_for(tier), str(PROGRAMS / "start.py"), tier, *program],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        **identity,
    )


def run(
    tier: str, program: Sequence[str], *, timeout_s: float = 60, **extra: str
) -> tuple[dict[str, Any], str]:
    """Run a program in the sandbox to its end; return the entry's report and what the program wrote."""
    with start(tier, program, **extra) as process:
        output, errors = process.communicate(timeout=timeout_s)
    assert process.returncode == 0, (output, errors)
    lines = output.decode().splitlines(keepends=True)
    told = next(line for line in lines if line.startswith(_REPORT))  # the program may have been faster
    lines.remove(told)
    return json.loads(told), "".join(lines)


def read_begin(process: "subprocess.Popen[bytes]", said: str, *, timeout_s: float = 60) -> dict[str, Any]:
    """Return the entry's report, once the program has said its line; which of them comes first is chance."""
    lines = [read_line(process, timeout_s=timeout_s) for _ in range(2)]
    lines.remove(f"{said}\n")
    found: dict[str, Any] = json.loads(lines[0])
    return found


def read_line(process: "subprocess.Popen[bytes]", *, timeout_s: float = 60) -> str:
    """Return the next line that a process writes."""
    assert process.stdout is not None
    deadline, line = time.monotonic() + timeout_s, b""
    while not line.endswith(b"\n"):
        ready = select.select([process.stdout], [], [], max(0.0, deadline - time.monotonic()))[0]
        assert ready, f"nothing in {timeout_s} s: {line!r}"
        byte = os.read(process.stdout.fileno(), 1)
        assert byte, (line, process.stderr and process.stderr.read())
        line += byte
    return line.decode()


def pids_with(mark: str) -> set[int]:
    """Return the processes whose environment carries a mark."""
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if mark.encode() in (entry / "environ").read_bytes():
                    found.add(int(entry.name))
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue
    return found


def wait_until_gone(mark: str, *, timeout_s: float = 60) -> set[int]:
    """Wait until no process carries the mark; return those that still do."""
    deadline = time.monotonic() + timeout_s
    left = pids_with(mark)
    while left and time.monotonic() < deadline:
        descriptor = _pidfd(next(iter(left)))
        if descriptor is not None:
            select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))
            os.close(descriptor)
        left = pids_with(mark)
    return left


def _pidfd(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return None
