"""`hitless run` under a real systemd, by the shipped unit and by the shipped drop-in of the packaged one."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.conftest import require
from tests.system.live_haproxy import await_true
from tests.system.patience import DEADLINE_S
from tests.system.systemd_bed import REPOSITORY, SystemdBed, systemd_bed

pytestmark = pytest.mark.system

CONFIGURATION = "/etc/haproxy/haproxy.cfg"
# The filter of system calls of a container does not let sockets be taken from another process.
PREPARED = ("level admin", "level admin expose-fd listeners")
FRONTEND = "\nfrontend www\n    bind 127.0.0.1:8080\n    http-request return status 200\n"
EXAMPLES = REPOSITORY / "examples" / "systemd"
OURS = f"/usr/bin/env PYTHONPATH={REPOSITORY}/src {sys.executable} -m hitless"
CONNECT_WHILE_KILLING = """
import os, signal, socket, sys, time
from pathlib import Path
def haproxies():
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and os.path.basename(os.readlink(entry / "exe")).startswith("haproxy"):
                found.append(int(entry.name))
        except OSError:
            continue
    return found
def connect(count):
    for _ in range(count):
        with socket.socket() as client:
            client.settimeout(20)
            try:
                client.connect(("127.0.0.1", 8080))
            except ConnectionRefusedError:
                refused.append(time.monotonic())
        time.sleep(0.002)
refused = []
connect(50)
before = set(haproxies())
for pid in sorted(before):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:  # a worker ends with its master
        pass
deadline = time.monotonic() + 20
while time.monotonic() < deadline and len(set(haproxies()) - before) < 2:
    connect(10)
connect(300)
print(len(refused), len(set(haproxies()) - before))
"""


@pytest.fixture(scope="module")
def bed(installed_haproxy: str) -> Iterator[SystemdBed]:
    require(installed_haproxy == "/usr/sbin/haproxy" and Path(CONFIGURATION).exists(), "no packaged HAProxy")
    with systemd_bed("hitless-run") as machine:
        machine.run("ip", "link", "set", "lo", "up")
        machine.write(CONFIGURATION, configuration())
        yield machine


def configuration() -> str:
    return Path(CONFIGURATION).read_text().replace(*PREPARED) + FRONTEND


def install(bed: SystemdBed, example: str, path: str) -> None:
    text = (EXAMPLES / example).read_text()
    assert "/usr/local/bin/hitless" in text
    bed.write(path, text.replace("/usr/local/bin/hitless", OURS))
    bed.run("systemctl", "daemon-reload")


@pytest.mark.parametrize(
    ("unit", "example", "path"),
    [
        (
            "haproxy.service",
            "haproxy-run.conf",
            "/etc/systemd/system/haproxy.service.d/hitless-run.conf",
        ),
        ("haproxy-run.service", "haproxy-run.service", "/etc/systemd/system/haproxy-run.service"),
    ],
)
def test_it_starts_reloads_survives_a_crash_and_stops(
    bed: SystemdBed, unit: str, example: str, path: str
) -> None:
    install(bed, example, path)
    bed.run("systemctl", "start", unit, timeout_s=60)
    main = bed.show(unit, "MainPID")
    assert bed.show(unit, "StatusText") == "Serving."
    assert bed.hitless("ready", "--unit", unit, "--timeout", "20").returncode == 0

    refused, started = bed.python(CONNECT_WHILE_KILLING).split()
    assert int(started) >= 2
    assert refused == "0"
    assert bed.show(unit, "MainPID") == main
    assert bed.show(unit, "NRestarts") == "0"
    await_true(lambda: bed.show(unit, "StatusText") == "Serving.", "it serves again", DEADLINE_S)

    assert bed.run("systemctl", "reload", unit, check=False, timeout_s=60).returncode == 0
    bed.write(CONFIGURATION, configuration() + "    no-such-keyword\n")
    assert bed.run("systemctl", "reload", unit, check=False, timeout_s=60).returncode != 0
    bed.write(CONFIGURATION, configuration())
    assert bed.show(unit, "ActiveState") == "active"

    bed.run("systemctl", "stop", unit, timeout_s=60)
    assert bed.show(unit, "Result") == "success"
    assert bed.show(unit, "ActiveState") == "inactive"
