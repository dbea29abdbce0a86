"""The shipped unit and drop-in under a real systemd: a restart or crash of HAProxy or of the holder refuses nobody."""

import json
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hitless.holding import HeldInstance, HoldStatus
from hitless.holding import parse_status as parse
from tests.system.conftest import require
from tests.system.live_haproxy import await_true
from tests.system.patience import DEADLINE_S
from tests.system.systemd_bed import REPOSITORY, SystemdBed, systemd_bed

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

CONFIGURATION = "/etc/haproxy/haproxy.cfg"
FRONTEND = "\nfrontend www\n    bind :80\n    http-request return status 200\n"
EXAMPLES = REPOSITORY / "examples" / "systemd"
LOAD = """
import json, os, socket, sys, threading, time
counts = dict.fromkeys(("ok", "refused", "lost"), 0)
longest = [0.0]
lock = threading.Lock()
ended = threading.Event()
def come():
    while not ended.is_set():
        began_s = time.monotonic()
        try:
            with socket.create_connection(("127.0.0.1", 80), 20) as client:
                client.settimeout(20)
                client.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n")
                outcome = "ok" if client.recv(100).startswith(b"HTTP/1.") else "lost"
        except ConnectionRefusedError:
            outcome = "refused"
            time.sleep(0.01)
        except OSError:
            outcome = "lost"
        with lock:
            counts[outcome] += 1
            longest[0] = max(longest[0], time.monotonic() - began_s)
threads = [threading.Thread(target=come) for _ in range(4)]
for thread in threads:
    thread.start()
def served(number):
    deadline_s = time.monotonic() + 60
    while counts["ok"] < number and time.monotonic() < deadline_s:
        time.sleep(0.01)
served(50)
open(sys.argv[1], "w").close()
while not os.path.exists(sys.argv[2]):
    time.sleep(0.01)
served(counts["ok"] + 50)
ended.set()
for thread in threads:
    thread.join()
print(json.dumps({**counts, "longest_s": round(longest[0], 3)}))
"""


@pytest.fixture(scope="module")
def bed(installed_haproxy: str) -> Iterator[SystemdBed]:
    require(installed_haproxy == "/usr/sbin/haproxy" and Path(CONFIGURATION).exists(), "no packaged HAProxy")
    # Its sandbox, not the unit, forbids this one: a real machine has none.
    with systemd_bed("hitless-hold", options=("--system-call-filter=pidfd_getfd",)) as machine:
        machine.run("ip", "link", "set", "lo", "up")
        ours = f"/usr/bin/env PYTHONPATH={REPOSITORY}/src {sys.executable} -m hitless"
        unit = (EXAMPLES / "hitless-hold.service").read_text()
        assert "/usr/local/bin/hitless" in unit
        machine.write(
            "/etc/systemd/system/hitless-hold.service", unit.replace("/usr/local/bin/hitless", ours)
        )
        drop_in = (EXAMPLES / "hitless-hold.conf").read_text()
        machine.write("/etc/systemd/system/haproxy.service.d/hitless-hold.conf", drop_in)
        machine.write(CONFIGURATION, Path(CONFIGURATION).read_text() + FRONTEND)
        machine.run("systemctl", "daemon-reload")
        machine.run("systemctl", "start", "haproxy")
        await_true(lambda: is_held(machine), f"the port is held: {journal(machine)}", DEADLINE_S)
        yield machine


def journal(bed: SystemdBed) -> str:
    return bed.run("journalctl", "-u", "hitless-hold", "-u", "haproxy", "--no-pager", "-n", "60").stdout


def await_other_holder(bed: SystemdBed, pid: str) -> None:
    await_true(lambda: bed.show("hitless-hold", "MainPID") not in {pid, "0"}, "another holder", DEADLINE_S)


def status(bed: SystemdBed) -> HoldStatus | None:
    done = bed.hitless("hold", "status", "--format", "json")
    return parse(json.loads(done.stdout)) if done.returncode in {0, 1} else None


def instance(bed: SystemdBed) -> HeldInstance | None:
    found = status(bed)
    return found.instances[0] if found else None


def is_held(bed: SystemdBed) -> bool:
    found = instance(bed)
    return found is not None and any(one.endpoint.endswith(":80") and one.acceptors for one in found.sockets)


def inode(bed: SystemdBed) -> int:
    found = instance(bed)
    assert found is not None
    (held,) = [one.inode for one in found.sockets if one.endpoint.endswith(":80")]
    return held


def under_load(bed: SystemdBed, act: Callable[[], object]) -> dict[str, float]:
    """Return what clients saw while it was done."""
    begun, stop = "/run/load-begins", "/run/load-ends"
    bed.run("rm", "-f", begun, stop)
    with ThreadPoolExecutor(1) as executor:
        load = executor.submit(bed.run, sys.executable, "-c", LOAD, begun, stop, timeout_s=170)
        try:
            await_true((bed.root / begun.lstrip("/")).exists, "clients come", DEADLINE_S)
            act()
            await_true(lambda: is_held(bed), journal(bed), DEADLINE_S)
        finally:
            bed.write(stop, "")
        counts: dict[str, float] = json.loads(load.result(DEADLINE_S).stdout)
    sys.stderr.write(f"\n  {counts}\n")
    assert counts["ok"] >= 100
    assert counts["refused"] == 0, (counts, journal(bed))
    return counts


def test_restart_of_haproxy(bed: SystemdBed) -> None:
    before, pid = inode(bed), bed.show("haproxy", "MainPID")
    counts = under_load(bed, lambda: bed.run("systemctl", "restart", "haproxy", timeout_s=60))
    assert bed.show("haproxy", "MainPID") != pid
    assert counts["lost"] == 0
    assert inode(bed) == before


def test_crash_of_haproxy(bed: SystemdBed) -> None:
    """Every process of it is killed; systemd starts it again. What was in its hands is lost, nobody is refused."""
    before, pid = inode(bed), bed.show("haproxy", "MainPID")

    def crash() -> None:
        bed.run("systemctl", "kill", "--signal=KILL", "--kill-whom=all", "haproxy")
        await_true(
            lambda: bed.show("haproxy", "MainPID") not in {pid, "0"}, "systemd starts it again", DEADLINE_S
        )

    counts = under_load(bed, crash)
    assert counts["lost"] <= 4  # as many as there were connections at once
    assert inode(bed) == before


def test_restart_and_crash_of_the_holder(bed: SystemdBed) -> None:
    before = inode(bed)
    for act in (
        ("systemctl", "restart", "hitless-hold"),
        ("systemctl", "kill", "--signal=KILL", "hitless-hold"),
    ):
        pid = bed.show("hitless-hold", "MainPID")
        counts = under_load(bed, lambda act=act: bed.run(*act))  # type: ignore[misc]
        await_other_holder(bed, pid)
        await_true(lambda: is_held(bed), "the new holder holds", DEADLINE_S)
        assert counts["lost"] == 0
        assert inode(bed) == before
    await_true(lambda: int(bed.show("hitless-hold", "NFileDescriptorStore")) >= 3, "systemd keeps them")


def test_the_holder_is_restarted_while_haproxy_is_down(bed: SystemdBed) -> None:
    before = inode(bed)

    def act() -> None:
        bed.run("systemctl", "stop", "haproxy", timeout_s=60)
        bed.run("systemctl", "restart", "hitless-hold")
        bed.run("systemctl", "start", "haproxy")

    assert under_load(bed, act)["lost"] == 0
    assert inode(bed) == before


def test_what_it_may_do(bed: SystemdBed) -> None:
    pid = bed.show("hitless-hold", "MainPID")
    fields = dict(
        line.split(":\t", 1)
        for line in bed.run("cat", f"/proc/{pid}/status").stdout.splitlines()
        if ":\t" in line
    )
    chown, dac_read_search, net_admin, sys_ptrace = 0, 2, 12, 19
    allowed = sum(1 << number for number in (chown, dac_read_search, net_admin, sys_ptrace))
    assert int(fields["CapEff"], 16) & ~allowed == 0
    assert int(fields["CapBnd"], 16) & ~allowed == 0
    assert fields["NoNewPrivs"].strip() == "1"
