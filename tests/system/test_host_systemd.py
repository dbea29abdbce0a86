"""What a real systemd says of haproxy.service, and that the files agree with it."""

import json
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from hitless.facts import FileText
from hitless.host.environment_file import parse_environment_file
from hitless.host.unit_files import read_unit_files
from tests.system.systemd_bed import SystemdBed, systemd_bed

SAME = (
    *(
        "start",
        "reload",
        "environment",
        "environment_files",
        "kill_mode",
        "kill_signal",
        "timeout_stop_s",
        "type",
    ),
    *(
        "descriptor_limit",
        "descriptor_hard_limit",
        "runtime_directory",
        "ambient_capabilities",
        "user",
        "restart",
    ),
    *("memory_limit_bytes", "bind_paths"),
)

pytestmark = pytest.mark.system

READ = """
import msgspec, sys
from hitless.host.root import HostRoot
from hitless.host.systemd import read_units
units, unknown = read_units(HostRoot(live=sys.argv[1] == "live"), sys.argv[2:])
print(msgspec.json.encode({"units": units, "unknown": unknown}).decode())
"""
READ_REST = """
import msgspec
from hitless.host.logging_facts import read_logging
from hitless.host.root import HostRoot
from hitless.host.scripts import read_scripts
scripts = [(s.path, s.kind, s.named_by) for s in read_scripts(HostRoot(), [])[0]]
print(msgspec.json.encode({"logging": read_logging(HostRoot())[0], "scripts": scripts}).decode())
"""
DROP_IN = "/etc/systemd/system/haproxy.service.d/hitless-test.conf"
CONFIGURATION = "defaults\n  timeout connect 1s\n  timeout client 1s\n  timeout server 1s\n"


@pytest.fixture(scope="module")
def bed(installed_haproxy: str) -> Iterator[SystemdBed]:
    assert installed_haproxy
    with systemd_bed("hitless-units") as machine:
        yield machine


@pytest.fixture(autouse=True)
def clean(bed: SystemdBed) -> Iterator[None]:
    bed.write("/etc/haproxy/haproxy.cfg", CONFIGURATION)
    yield
    bed.run("rm", "-rf", "/etc/systemd/system/haproxy.service.d", "/etc/systemd/system/haproxy.service")
    bed.run("systemctl", "daemon-reload")
    bed.run("systemctl", "stop", "haproxy", check=False)
    bed.run("systemctl", "reset-failed", "haproxy", check=False)


def read(bed: SystemdBed, *names: str, how: str = "live") -> dict[str, Any]:
    found = json.loads(bed.python(READ, how, *names))
    return {"units": {unit["name"]: unit for unit in found["units"]}, "unknown": found["unknown"]}


def haproxy(bed: SystemdBed, how: str = "live") -> dict[str, Any]:
    unit: dict[str, Any] = read(bed, how=how)["units"]["haproxy.service"]
    return unit


def reload_daemon(bed: SystemdBed) -> None:
    bed.run("systemctl", "daemon-reload")


def test_the_package_as_it_is(bed: SystemdBed) -> None:
    bed.run("systemctl", "start", "haproxy")
    unit = haproxy(bed)
    assert unit["active_state"] == "active"
    assert unit["main_pid"] > 1
    assert (unit["type"], unit["kill_mode"], unit["kill_signal"]) == ("notify", "mixed", "SIGTERM")
    assert unit["timeout_stop_s"] == 90
    assert unit["descriptor_limit"] < unit["descriptor_hard_limit"]
    assert unit["start"][0]["arguments"][:4] == ["/usr/sbin/haproxy", "-Ws", "-f", "/etc/haproxy/haproxy.cfg"]
    assert unit["start"][0]["where"].partition(":")[0].endswith("/haproxy.service")
    assert unit["reload"][1]["arguments"] == ["/bin/kill", "-USR2", "$MAINPID"]
    assert not unit.get("need_daemon_reload")
    assert unit["bind_paths"] == ["/dev/log:/var/lib/haproxy/dev/log"]


def test_the_files_alone_say_the_same(bed: SystemdBed) -> None:
    bed.write(
        DROP_IN,
        "[Service]\nEnvironment='EXTRAOPTS=-S /run/m.sock -dr' \"A B\"\nExecReload=\nKillSignal=USR1\n"
        "ExecReload=-/bin/sh -c 'echo \"a  b\" ; true' $NOTHING ${NOTHING} $$X \\x41 ; /bin/kill -s USR2 $MAINPID\n"
        "TimeoutStopSec=2min 5s\nLimitNOFILE=2000:3000\nRuntimeDirectory=haproxy haproxy/x\nMemoryMax=512M\n"
        "AmbientCapabilities=CAP_NET_BIND_SERVICE\nUser=haproxy\n",
    )
    reload_daemon(bed)
    live, files = haproxy(bed), haproxy(bed, "files")
    # The same directory has two names where /lib is a link.
    files["start"][0]["where"] = files["start"][0]["where"].replace("/usr/lib/", "/lib/")
    live["start"][0]["where"] = live["start"][0]["where"].replace("/usr/lib/", "/lib/")
    for name in SAME:
        assert live.get(name) == files.get(name), name
    assert live["start"][0]["arguments"][-3:] == ["-S", "/run/m.sock", "-dr"]
    assert live["reload"][0]["prefixes"] == "-"
    assert live["reload"][1]["arguments"] == ["/bin/kill", "-s", "USR2", "$MAINPID"]
    assert [c["where"] for c in live["reload"]] == [f"{DROP_IN}:5"] * 2


def test_a_file_that_was_changed_without_daemon_reload(bed: SystemdBed) -> None:
    bed.run("systemctl", "start", "haproxy")
    bed.write(DROP_IN, "[Service]\nExecReload=\nExecReload=/bin/true\nEnvironment=EXTRAOPTS=-dr\n")
    unit = haproxy(bed)
    assert unit["need_daemon_reload"], "also where NAME.service.d is new, which systemd 252 does not notice"
    assert unit["reload"][1]["arguments"] == ["/bin/kill", "-USR2", "$MAINPID"], (
        "systemd still has the old one"
    )
    assert unit["start"][0]["arguments"][-2:] == ["-S", "/run/haproxy-master.sock"]


def test_an_environment_file_changes_the_command(bed: SystemdBed) -> None:
    before = (bed.root / "etc/default/haproxy").read_text()
    try:
        bed.write("/etc/default/haproxy", 'EXTRAOPTS="-S /run/other.sock,mode,600"\n')
        assert haproxy(bed)["start"][0]["arguments"][-1] == "/run/other.sock,mode,600"
    finally:
        bed.write("/etc/default/haproxy", before)


def test_the_result_of_a_refused_reload(bed: SystemdBed) -> None:
    bed.run("systemctl", "start", "haproxy")
    bed.write("/etc/haproxy/haproxy.cfg", "nonsense\n")
    assert bed.run("systemctl", "reload", "haproxy", check=False).returncode != 0
    unit = haproxy(bed)
    assert (unit["active_state"], unit["reload_result"]) == ("active", "exit-code")


def test_instances_sockets_and_further_units(bed: SystemdBed) -> None:
    bed.write(
        "/run/systemd/system/haproxy@.service", "[Service]\nExecStart=/usr/sbin/haproxy -W -f /etc/%i.cfg\n"
    )
    bed.write("/run/systemd/system/haproxy@edge.service.d/a.conf", "[Service]\nKillMode=process\n")
    bed.write(
        "/run/systemd/system/edge-lb.service", "[Service]\nExecStart=/usr/sbin/haproxy -W -f /etc/lb.cfg\n"
    )
    bed.write("/run/systemd/system/edge-lb.socket", "[Socket]\nListenStream=/run/edge-lb.sock\n")
    reload_daemon(bed)
    bed.run("systemctl", "start", "edge-lb.socket")
    found = read(bed, "haproxy@edge.service", "edge-lb.service", "session-1.scope", "nothing.service")
    assert found["units"].keys() == {"haproxy.service", "haproxy@edge.service", "edge-lb.service"}
    assert found["units"]["haproxy@edge.service"]["start"][0]["arguments"][-1] == "/etc/edge.cfg"
    assert found["units"]["haproxy@edge.service"]["kill_mode"] == "process"
    assert found["units"]["edge-lb.service"]["sockets"] == ["edge-lb.socket"]
    assert found["unknown"] == []
    alone = read(bed, "edge-lb.service", how="files")
    assert alone["units"].keys() == found["units"].keys()
    assert alone["units"]["edge-lb.service"]["sockets"] == ["edge-lb.socket"]


def test_a_masked_unit(bed: SystemdBed) -> None:
    bed.run("systemctl", "mask", "haproxy")
    assert haproxy(bed)["load_state"] == "masked"
    assert haproxy(bed, "files")["load_state"] == "masked"


def test_a_unit_that_failed(bed: SystemdBed) -> None:
    bed.write("/etc/haproxy/haproxy.cfg", "nonsense\n")
    bed.write(DROP_IN, "[Service]\nRestart=no\n")
    reload_daemon(bed)
    assert bed.run("systemctl", "start", "haproxy", check=False).returncode != 0
    unit = haproxy(bed)
    assert (unit["active_state"], unit["result"], unit["restart"]) == ("failed", "exit-code", "no")


def test_journald_and_a_timer(bed: SystemdBed) -> None:
    bed.write("/run/systemd/system/renew.service", "[Service]\nExecStart=/bin/systemctl restart haproxy\n")
    bed.write("/run/systemd/system/renew.timer", "[Timer]\nOnCalendar=daily\n")
    found = json.loads(bed.python(READ_REST))
    assert found["logging"]["journald"]
    assert found["logging"]["dev_log"]["kind"] == "socket"
    assert "/run/systemd/journal/dev-log" in found["logging"]["unix_datagram_sockets"]
    assert ["/run/systemd/system/renew.service", "systemd", "renew.timer"] in found["scripts"]


PIECES = (
    *(
        "a",
        "b c",
        " ",
        "  ",
        "'",
        '"',
        "\\",
        "$A",
        "${A}",
        "$B",
        "${B}",
        "$NONE",
        "${NONE}",
        "$$",
        " ; ",
        " \\; ",
    ),
    *(
        "\\x41",
        "\\s",
        "=",
        "%%",
        "%n",
        "$A/x",
        "x$A",
        "x${Q}y",
        " $Q ",
        " ${Q} ",
        " $A ",
        " $NONE ",
        "\\q",
        "#",
        "é",
    ),
)
FILE_PIECES = ("a", " ", "'", '"', "\\", "$", "#", "\n", "=", "A", ";", "\t", "\\\n")
PRINT = """#!/bin/sh
printf '<' >>/run/out
for argument; do printf '[%s]' "$argument" >>/run/out; done
printf '>' >>/run/out
"""


def test_commands_are_read_as_systemd_runs_them(bed: SystemdBed) -> None:
    random = Random(3)
    bed.write("/run/print.sh", PRINT)
    bed.run("chmod", "755", "/run/print.sh")
    cases: dict[str, tuple[str, str]] = {}
    for number in range(60):
        value = "".join(random.choices(PIECES, k=random.randint(1, 9))).strip()
        variables = f"A={''.join(random.choices(FILE_PIECES, k=random.randint(0, 10)))}\n"
        environment = 'Environment=A=1 "B=b  b" Q=\'q "r s" t\'\nEnvironmentFile=/run/%N.env\n'
        text = f"[Service]\nType=oneshot\n{environment}ExecStart=/run/print.sh {value}\n"
        cases[f"print{number}.service"] = (text, variables)
        bed.write(f"/run/print{number}.env", variables)
        bed.write(f"/run/systemd/system/print{number}.service", text)
    reload_daemon(bed)
    for name, (text, variables) in cases.items():
        unit = read_unit_files(name, [FileText(path="u", text=text)], parse_environment_file(variables))
        if len(unit.start) > 1:  # the second command is nonsense; whether the first runs is not the question
            continue
        bed.write("/run/out", "")
        bed.run("systemctl", "start", name, check=False)
        expected = "".join(f"<{''.join(f'[{a}]' for a in c.arguments[1:])}>" for c in unit.start)
        assert (bed.root / "run/out").read_text(encoding="utf-8") == expected, text + variables
