"""Debian's own packages under a real systemd, audited, fixed and put back; and hosts that are less tidy."""

import json
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.system.conftest import require
from tests.system.systemd_bed import REPOSITORY, SystemdBed, systemd_bed

pytestmark = pytest.mark.system

CONFIGURATION = "/etc/haproxy/haproxy.cfg"
PACKAGED = Path(CONFIGURATION)
FRONTEND = """
frontend www
    bind :80
    default_backend app
backend app
    server s1 127.0.0.1:8080 check
"""
TEMPLATE = """\
[Service]
Type=notify
ExecStart=/usr/sbin/haproxy -Ws -f /etc/haproxy/%i.cfg -p /run/haproxy-%i.pid -S /run/haproxy-%i-master.sock
ExecReload=/usr/sbin/haproxy -Ws -f /etc/haproxy/%i.cfg -c
ExecReload=/bin/kill -USR2 $MAINPID
KillMode=mixed
"""
CONTAINER = """\
mount -t tmpfs none /run
haproxy -W -f /etc/haproxy/haproxy.cfg -S /run/master.sock >/dev/null 2>&1 &
until test -S /run/master.sock -a -S /run/plain.sock; do :; done
PYTHONPATH={repository}/src PYTHONDONTWRITEBYTECODE=1 {python} -m hitless audit --format json
"""
PLAIN = """\
global
    stats socket {socket} mode 600 level admin
defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
frontend www
    bind {address}
"""


@pytest.fixture(scope="module")
def bed(installed_haproxy: str) -> Iterator[SystemdBed]:
    require(installed_haproxy == "/usr/sbin/haproxy" and PACKAGED.exists(), "no packaged HAProxy")
    require("chroot /var/lib/haproxy" in PACKAGED.read_text(), "the packaged configuration has been changed")
    with systemd_bed("hitless-audit") as machine:
        machine.run("ip", "link", "set", "lo", "up")
        yield machine


@pytest.fixture(autouse=True)
def clean(bed: SystemdBed) -> Iterator[None]:
    text = PACKAGED.read_text()
    bed.write(CONFIGURATION, text)
    yield
    bed.run("systemctl", "stop", "haproxy", "haproxy@edge", check=False)
    bed.run("systemctl", "reset-failed", check=False)
    bed.write(CONFIGURATION, text)


def document(bed: SystemdBed, *words: str) -> dict[str, Any]:
    done = bed.hitless(*words, "--format", "json")
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def codes(found: dict[str, Any]) -> set[str]:
    return {finding["code"] for finding in found["findings"]}


def messages(found: dict[str, Any], code: str) -> list[str]:
    return [f["message"] for f in found["findings"] if f["code"] == code]


@pytest.mark.parametrize(
    ("more", "expected", "stays"),
    [
        ("", {"HL114", "HL121", "HL203", "HL501", "HL705"}, {"HL114", "HL203"}),
        (
            FRONTEND,
            {"HL114", "HL121", "HL203", "HL501", "HL705", "HL709", "HL710"},
            {"HL114", "HL203", "HL709", "HL710"},
        ),
    ],
    ids=["packaged", "with-a-frontend"],
)
def test_debian_audited_fixed_and_put_back(
    bed: SystemdBed, more: str, expected: set[str], stays: set[str]
) -> None:
    text = PACKAGED.read_text() + more
    bed.write(CONFIGURATION, text)
    bed.run("sysctl", "-w", "net.ipv4.tcp_migrate_req=0")
    bed.run("systemctl", "start", "haproxy")
    before = document(bed, "audit")
    assert codes(before) == expected
    assert (before["not_checked"], before["unknown"]) == ([], [])
    assert before["answer"] == ("found" if more else "clean")
    fixed = document(bed, "fix", "--apply")
    assert fixed["applied"]
    steps = [step["command"] for step in fixed["next"]]
    assert len(steps) == len(set(steps)) == 3
    for step in steps:
        bed.run(*shlex.split(step))
    bed.run("systemctl", "restart", "haproxy")
    bed.run("systemctl", "reload", "haproxy")
    after = document(bed, "audit")
    assert (after["answer"], codes(after)) == ("clean", stays)
    again = document(bed, "fix", "--apply")
    assert not again["changes"]
    undone = bed.hitless("fix", "--undo")
    assert undone.returncode == 0
    assert "next      systemctl daemon-reload" in undone.stdout
    assert (bed.root / CONFIGURATION.lstrip("/")).read_text() == text
    for path in ("etc/sysctl.d/90-hitless.conf", "etc/systemd/system/haproxy.service.d"):
        assert not (bed.root / path).exists()
    bed.run("systemctl", "daemon-reload")
    bed.run("systemctl", "reload", "haproxy")


def test_a_service_that_does_not_start(bed: SystemdBed) -> None:
    bed.write(CONFIGURATION, PACKAGED.read_text() + "frontend x\n    bnid :80\n")
    assert bed.run("systemctl", "start", "haproxy", check=False).returncode
    found = document(bed, "audit")
    assert found["answer"] == "found"
    assert "bnid" in messages(found, "HL416")[0]
    assert found["instances"][0]["name"] == "haproxy.service"
    assert {"HL214", "HL806"} <= {rule["code"] for rule in found["not_checked"]}, "there is nobody to ask"


def test_a_container_of_this_distribution(bed: SystemdBed) -> None:
    bed.write(CONFIGURATION, PLAIN.format(socket="/run/plain.sock", address="127.0.0.1:8083"))
    bed.write("/root/container.sh", CONTAINER.format(python=sys.executable, repository=REPOSITORY))
    enter = ("unshare", "--pid", "--mount", "--fork", "--mount-proc", "--kill-child")
    done = bed.run(*enter, "timeout", "60", "sh", "/root/container.sh", check=False)
    assert done.stdout, done.stderr
    found = json.loads(done.stdout)
    (instance,) = found["instances"]
    assert instance["name"].startswith("pid ")
    assert not codes(found) & {"HL104", "HL302", "HL310", "HL403", "HL416"}
    missing = {rule["code"]: rule["why"] for rule in found["not_checked"]}
    assert missing["HL113"] == "the systemd unit"
    assert any("systemctl" in unknown["why"] for unknown in found["unknown"])


def test_several_are_told_apart(bed: SystemdBed) -> None:
    bed.write("/etc/systemd/system/haproxy@.service", TEMPLATE)
    bed.write("/etc/haproxy/edge.cfg", PLAIN.format(socket="/run/edge.sock", address="127.0.0.1:8081"))
    bed.run("systemctl", "daemon-reload")
    bed.run("systemctl", "start", "haproxy", "haproxy@edge")
    found = document(bed, "audit")
    names = {instance["name"]: instance for instance in found["instances"]}
    assert set(names) == {"haproxy.service", "haproxy@edge.service"}
    edge = names["haproxy@edge.service"]
    assert edge["configuration"] == ["/etc/haproxy/edge.cfg"]
    assert "HL303" not in codes(found)
    pid = str(edge["processes"][0])
    for choice in (("--unit", "haproxy@edge"), ("--config", "/etc/haproxy/edge.cfg"), ("--pid", pid)):
        chosen = document(bed, "audit", *choice)
        assert [instance["name"] for instance in chosen["instances"]] == ["haproxy@edge.service"]
    wrong = bed.hitless("audit", "--unit", "haproxy@egde")
    assert wrong.returncode == 2
    assert "haproxy@edge.service, pid" in wrong.stderr


def test_a_virtual_address_that_has_gone(bed: SystemdBed) -> None:
    bed.write(CONFIGURATION, PLAIN.format(socket="/run/plain.sock", address="192.0.2.77:80"))
    bed.run("ip", "address", "add", "192.0.2.77/32", "dev", "lo")
    bed.run("systemctl", "start", "haproxy")
    assert not codes(document(bed, "audit")) & {"HL402", "HL406"}
    bed.run("ip", "address", "del", "192.0.2.77/32", "dev", "lo")
    (said,) = messages(document(bed, "audit"), "HL402")
    assert "a reload inherits it, a restart fails" in said
    bed.write(
        "/etc/keepalived/keepalived.conf",
        "vrrp_instance one {\n    virtual_ipaddress {\n        192.0.2.77/24\n    }\n}\n",
    )
    found = document(bed, "audit")
    bed.run("rm", "-r", "/etc/keepalived")
    assert "HL402" not in codes(found)
    (said,) = messages(found, "HL406")
    assert "not on this node now: a restart fails" in said


def test_a_private_mount_namespace_is_looked_into(bed: SystemdBed) -> None:
    drop_in = "[Service]\nPrivateTmp=yes\nTemporaryFileSystem=/run/private\n"
    bed.write("/etc/systemd/system/haproxy.service.d/sandbox.conf", drop_in)
    bed.write(CONFIGURATION, PLAIN.format(socket="/run/private/a.sock", address="127.0.0.1:8082"))
    bed.run("mkdir", "-p", "/run/private")
    bed.run("systemctl", "daemon-reload")
    bed.run("systemctl", "start", "haproxy")
    found = document(bed, "audit")
    bed.run("rm", "-r", "/etc/systemd/system/haproxy.service.d")
    bed.run("systemctl", "daemon-reload")
    assert not codes(found) & {"HL302", "HL303", "HL304", "HL305", "HL416"}
    assert found["unknown"] == []
