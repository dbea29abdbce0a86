"""`hitless logs init --receiver journald` on a machine with a real systemd: each line arrives, and is read back."""

import json
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from hitless.host.processes import Gone, read_status
from tests.cli.commands import hitless
from tests.system.conftest import require
from tests.system.live_haproxy import await_true
from tests.system.patience import DEADLINE_S
from tests.system.systemd_bed import REPOSITORY, SystemdBed, systemd_bed
from tests.system.test_explain_logs import ASK_MASTER

pytestmark = pytest.mark.system

CONFIGURATION = "/etc/haproxy/haproxy.cfg"
TEXT = """\
global
    log /dev/log local0
    chroot /var/lib/haproxy
    user haproxy
    group haproxy
    stats socket /run/haproxy/admin.sock mode 600 level admin
defaults
    mode http
    log global
    option httplog
    timeout connect 5s
    timeout client 20s
    timeout server 20s
frontend web
    bind 127.0.0.1:80
    http-request return status 200
"""
REQUESTS = """
import socket, sys
for number in range(int(sys.argv[1])):
    with socket.create_connection(("127.0.0.1", 80), 20) as client:
        client.sendall(b"GET /%d HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n" % number)
        while client.recv(65536):
            pass
"""
COUNT = 100
FOLLOW = (
    *(
        "systemd-run",
        "--unit=follow",
        "--property=KillMode=process",
        "--property=StandardOutput=file:/run/told",
    ),
    *(
        f"--setenv=PYTHONPATH={REPOSITORY}/src",
        "--setenv=PYTHONUNBUFFERED=1",
        "--setenv=PYTHONDONTWRITEBYTECODE=1",
    ),
    *(sys.executable, "-m", "hitless", "explain", "--follow"),
)


def explained(*words: str, bed: SystemdBed | None = None) -> dict[str, Any]:
    arguments = ("explain", "--format", "json", "--no-receipts", "--since", "10m", *words)
    done = bed.hitless(*arguments) if bed is not None else hitless(*arguments)
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def processes_of(bed: SystemdBed, unit: str) -> dict[int, str]:
    """The programs that run in a unit."""
    found = {}
    with suppress(OSError):
        pids = (bed.root / f"sys/fs/cgroup/system.slice/{unit}.service/cgroup.procs").read_text().split()
        for pid in pids:
            with suppress(OSError):  # it has ended
                found[int(pid)] = Path(f"/proc/{pid}/comm").read_text().strip()
    return found


def waits_for_lines(pid: int) -> bool:
    """Return whether a journalctl has found the end of the journal: it watches the files, and sleeps."""
    with suppress(OSError, Gone):
        links = [str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()]
        return "anon_inode:inotify" in links and read_status(pid).state == "S"
    return False


def reload(bed: SystemdBed) -> None:
    bed.run("systemctl", "reload", "haproxy")
    bed.python(REQUESTS, str(COUNT))


def logged(bed: SystemdBed, lines: int) -> bool:
    return bed.run("journalctl", "-q", "-t", "haproxy").stdout.count('"process":') >= lines


def test_each_line_arrives_and_is_read_back_and_followed(installed_haproxy: str, tmp_path: Path) -> None:
    require(installed_haproxy == "/usr/sbin/haproxy", "no packaged HAProxy")
    with systemd_bed("hitless-journald") as bed:
        bed.run("ip", "link", "set", "lo", "up")
        bed.write(CONFIGURATION, TEXT)
        done = bed.hitless("logs", "init", CONFIGURATION, "--receiver", "journald", "--apply")
        assert done.returncode == 0, done.stdout + done.stderr
        bed.run("systemctl", "daemon-reload")
        bed.run("systemctl", "start", "haproxy")
        await_true(
            lambda: bed.run(*ASK_MASTER, check=False).returncode == 0, "the master answers", DEADLINE_S
        )
        shown = bed.run("systemctl", "show", "haproxy", "--property=LogRateLimitIntervalUSec").stdout
        assert shown == "LogRateLimitIntervalUSec=0\n"
        bed.run(*FOLLOW)
        await_true(
            lambda: any(
                waits_for_lines(pid)
                for pid, name in processes_of(bed, "follow").items()
                if name == "journalctl"
            ),
            "the journal is followed",
            DEADLINE_S,
        )
        bed.python(REQUESTS, str(COUNT))
        reload(bed)
        await_true(lambda: logged(bed, 2 * COUNT), "every line is in the journal", DEADLINE_S)
        told = bed.root / "run/told"
        await_true(lambda: "reload" in told.read_text(), "the reload is told", DEADLINE_S)
        bed.run("systemctl", "stop", "follow")
        assert processes_of(bed, "follow") == {}, "journalctl outlived what had started it"
        found = explained("--journal", "--config", CONFIGURATION, bed=bed)
        exported = bed.run("journalctl", "-o", "json", "-u", "haproxy").stdout
        (tmp_path / "haproxy.cfg").write_text((bed.root / CONFIGURATION.lstrip("/")).read_text())
    check(found)
    (tmp_path / "journal.json").write_text(exported)
    check(explained("--config", str(tmp_path / "haproxy.cfg"), str(tmp_path / "journal.json")))
    uris = (
        json.loads(json.loads(line)["MESSAGE"])["uri"]
        for line in exported.splitlines()
        if '\\"uri\\"' in line
    )
    assert Counter(uris) == Counter({f"/{number}": 2 for number in range(COUNT)})


def check(found: dict[str, Any]) -> None:
    assert found["totals"]["lines"] == 2 * COUNT
    kinds = [event["change"]["kind"] for event in found["events"]]
    assert kinds == ["start", "reload"]
    assert found["events"][1]["judgement"] == "harmless"
    assert not [skipped for skipped in found["skipped"] if skipped["reason"] != "other_program"]
