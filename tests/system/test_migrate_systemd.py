"""A migration under a real systemd: it follows the new main process, or the migration is not begun."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.system.conftest import require
from tests.system.live_haproxy import await_true
from tests.system.patience import DEADLINE_S
from tests.system.systemd_bed import SystemdBed, systemd_bed

pytestmark = pytest.mark.system

CONFIGURATION = """\
defaults
    mode http
    timeout client 30s
    timeout server 30s
    timeout connect 5s
frontend web
    bind 127.0.0.1:{port}
    http-request return status 200
"""
FOREGROUND = "[Service]\nType=simple\nExecStart=/usr/sbin/haproxy -db -f /etc/haproxy/foreground.cfg\n"
BACKGROUND = """\
[Service]
Type=forking
PIDFile=/run/background.pid
ExecStart=/usr/sbin/haproxy -D -f /etc/haproxy/background.cfg -p /run/background.pid
"""


@pytest.fixture(scope="module")
def bed(installed_haproxy: str) -> Iterator[SystemdBed]:
    require(installed_haproxy == "/usr/sbin/haproxy", "no packaged HAProxy")
    with systemd_bed("hitless-migrate") as machine:
        machine.run("ip", "link", "set", "lo", "up")
        for number, (name, unit) in enumerate((("foreground", FOREGROUND), ("background", BACKGROUND))):
            machine.write(f"/etc/haproxy/{name}.cfg", CONFIGURATION.format(port=8080 + number))
            machine.write(f"/etc/systemd/system/haproxy-{name}.service", unit)
        machine.run("systemctl", "daemon-reload")
        yield machine


def migrate(bed: SystemdBed, unit: str, *words: str) -> dict[str, Any]:
    done = bed.hitless("migrate", "--unit", unit, "--timeout", "20", "--format", "json", *words)
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def await_main_process(bed: SystemdBed, unit: str, pid: str) -> None:
    await_true(lambda: bed.show(unit, "MainPID") == pid, "systemd follows", DEADLINE_S)


def serves(bed: SystemdBed, unit: str, port: int) -> bool:
    """Return whether a process of the unit listens: a unit of Type=simple is active before its program is."""
    group = bed.run("cat", f"/sys/fs/cgroup/system.slice/{unit}/cgroup.procs", check=False).stdout.split()
    listening = bed.run("ss", "-Hltnp", f"sport = :{port}").stdout
    return any(f"pid={pid}," in listening for pid in group)


def test_a_unit_that_would_end_is_left_alone_and_a_changed_one_goes_along(bed: SystemdBed) -> None:
    unit = "haproxy-foreground.service"
    bed.run("systemctl", "start", unit)
    main = bed.show(unit, "MainPID")
    await_true(lambda: serves(bed, unit, 8080), "it serves", DEADLINE_S)
    refused = migrate(bed, unit)
    assert refused["outcome"] == "rejected-by-preflight"
    assert f"{unit} ends" in refused["reason"]
    assert bed.show(unit, "MainPID") == main

    drop_in = "\n".join([*refused["unit_change"], "Restart=always", "RestartSec=100ms", ""])
    bed.write(f"/etc/systemd/system/{unit}.d/migrate.conf", drop_in)
    bed.run("systemctl", "daemon-reload")
    done = migrate(bed, unit)
    assert done["outcome"] == "migrated", done
    assert done["unit_change"] == []
    master = str(done["after"]["pid"])
    assert bed.show(unit, "MainPID") == master
    assert bed.show(unit, "ActiveState") == "active"

    bed.run("kill", "-KILL", master)
    await_true(lambda: bed.show(unit, "MainPID") not in {"0", master}, "systemd starts it again", DEADLINE_S)
    await_true(lambda: bed.show(unit, "SubState") == "running", "it runs", DEADLINE_S)
    await_true(lambda: serves(bed, unit, 8080), "it serves", DEADLINE_S)
    back = migrate(bed, unit, "--to", "classic")
    assert back["outcome"] == "migrated", back
    assert bed.show(unit, "MainPID") == str(back["after"]["pid"])
    assert bed.show(unit, "ActiveState") == "active"
    bed.run("systemctl", "stop", unit)


def test_a_pid_file_is_followed(bed: SystemdBed) -> None:
    unit = "haproxy-background.service"
    bed.run("systemctl", "start", unit)
    for words in ((), ("--to", "classic")):
        done = migrate(bed, unit, *words)
        assert done["outcome"] == "migrated", done
        pid = str(done["after"]["pid"])
        await_main_process(bed, unit, pid)
        assert bed.show(unit, "ActiveState") == "active"
    bed.run("systemctl", "stop", unit)
