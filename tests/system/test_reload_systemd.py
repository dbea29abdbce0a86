"""The drop-in under a real systemd: `systemctl reload` says the truth, and the journal says why."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.conftest import require
from tests.system.systemd_bed import REPOSITORY, SystemdBed, systemd_bed

pytestmark = pytest.mark.system

CONFIGURATION = "/etc/haproxy/haproxy.cfg"
FRONTEND = "\nfrontend www\n    bind :80\n    http-request return status 200\n"
DROP_IN = "/etc/systemd/system/haproxy.service.d/hitless-reload.conf"


@pytest.fixture(scope="module")
def bed(installed_haproxy: str) -> Iterator[SystemdBed]:
    require(installed_haproxy == "/usr/sbin/haproxy" and Path(CONFIGURATION).exists(), "no packaged HAProxy")
    with systemd_bed("hitless-reload") as machine:
        machine.run("ip", "link", "set", "lo", "up")
        example = (REPOSITORY / "examples" / "systemd" / "hitless-reload.conf").read_text()
        ours = f"/usr/bin/env PYTHONPATH={REPOSITORY}/src {sys.executable} -m hitless"
        assert "/usr/local/bin/hitless" in example
        machine.write(DROP_IN, example.replace("/usr/local/bin/hitless", ours))
        machine.write(CONFIGURATION, Path(CONFIGURATION).read_text() + FRONTEND)
        machine.run("systemctl", "daemon-reload")
        machine.run("systemctl", "start", "haproxy")
        yield machine


def main_pid(bed: SystemdBed) -> str:
    return bed.show("haproxy", "MainPID")


def test_a_good_configuration(bed: SystemdBed) -> None:
    before = main_pid(bed)
    bed.write(CONFIGURATION, Path(CONFIGURATION).read_text() + FRONTEND + "    bind :8081\n")
    done = bed.run("systemctl", "reload", "haproxy", check=False, timeout_s=90)
    assert done.returncode == 0, done.stderr + bed.run("journalctl", "-u", "haproxy", "--no-pager").stdout
    assert main_pid(bed) == before
    found = json.loads(bed.hitless("history", "--last", "--format", "json").stdout)
    assert found["outcome"] == "taken-over"
    assert found["instance"] == "haproxy.service"
    bed.run("journalctl", "--sync")
    entry = bed.run("journalctl", "-o", "json", "-n", "1", "HITLESS_OUTCOME=taken-over").stdout
    assert json.loads(entry)["HITLESS_INSTANCE"] == "haproxy.service"


def test_a_bad_configuration(bed: SystemdBed) -> None:
    bed.write(CONFIGURATION, Path(CONFIGURATION).read_text() + FRONTEND + "    no-such-keyword\n")
    done = bed.run("systemctl", "reload", "haproxy", check=False, timeout_s=90)
    assert done.returncode != 0
    bed.run("journalctl", "--sync")
    journal = bed.run("journalctl", "-u", "haproxy", "--no-pager", "-n", "60").stdout
    assert "no-such-keyword" in journal
    assert bed.run("systemctl", "is-active", "haproxy").stdout.strip() == "active"
    result = bed.show("haproxy", "ReloadResult")
    assert result == "exit-code"


def test_the_next_good_one_works_again(bed: SystemdBed) -> None:
    bed.write(CONFIGURATION, Path(CONFIGURATION).read_text() + FRONTEND)
    bed.run("systemctl", "reload", "haproxy", timeout_s=90)
    assert bed.hitless("ready", "--unit", "haproxy", "--loaded", "--timeout", "20").returncode == 0
