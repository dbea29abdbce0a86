import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitless.explain.service_lines import SERVICES, ServiceLine, classify_service_line
from hitless.logged import ServiceKind

K = ServiceKind
UNIT = re.compile("haproxy", re.IGNORECASE)
LINES = [
    ("systemd", "Starting haproxy.service - HAProxy Load Balancer...", K.STARTING, "haproxy.service", 0, ""),
    ("systemd", "Started haproxy.service - HAProxy Load Balancer.", K.STARTED, "haproxy.service", 0, ""),
    ("systemd", "Started HAProxy Load Balancer.", K.STARTED, "HAProxy Load Balancer", 0, ""),
    ("systemd", "Reloading HAProxy Load Balancer.", K.RELOADING, "HAProxy Load Balancer", 0, ""),
    ("systemd", "Reloaded haproxy.service - HAProxy Load Balancer.", K.RELOADED, "haproxy.service", 0, ""),
    (
        "systemd",
        "Reload failed for haproxy.service - HAProxy Load Balancer.",
        K.RELOAD_FAILED,
        "haproxy.service",
        0,
        "",
    ),
    ("systemd", "Stopping haproxy.service - HAProxy Load Balancer...", K.STOPPING, "haproxy.service", 0, ""),
    ("systemd", "Stopped haproxy.service - HAProxy Load Balancer.", K.STOPPED, "haproxy.service", 0, ""),
    (
        "systemd",
        "Failed to start haproxy.service - HAProxy Load Balancer.",
        K.START_FAILED,
        "haproxy.service",
        0,
        "",
    ),
    (
        "systemd",
        "haproxy.service: Main process exited, code=killed, status=9/KILL",
        K.MAIN_EXITED,
        "haproxy.service",
        9,
        "killed",
    ),
    (
        "systemd",
        "haproxy.service: Control process exited, code=exited, status=1/FAILURE",
        K.CONTROL_EXITED,
        "haproxy.service",
        1,
        "exited",
    ),
    ("systemd", "haproxy.service: Failed with result 'exit-code'.", K.FAILED, "haproxy.service", 0, ""),
    (
        "systemd",
        "haproxy.service: Scheduled restart job, restart counter is at 3.",
        K.RESTART_SCHEDULED,
        "haproxy.service",
        3,
        "",
    ),
    (
        "systemd",
        "haproxy.service: Killing process 123 (haproxy) with signal SIGKILL.",
        K.KILLED,
        "haproxy.service",
        123,
        "",
    ),
    (
        "systemd",
        "haproxy.service: A process of this unit has been killed by the OOM killer.",
        K.OUT_OF_MEMORY,
        "haproxy.service",
        0,
        "",
    ),
    (
        "systemd",
        "haproxy.service: Sent signal SIGUSR2 to main process 36 (haproxy) on client request.",
        K.SIGNALLED,
        "haproxy.service",
        36,
        "SIGUSR2",
    ),
    ("Keepalived_vrrp", "(VI_1) Entering MASTER STATE", K.VRRP_MASTER, "VI_1", 0, ""),
    ("Keepalived_vrrp", "VRRP_Instance(VI_1) Entering BACKUP STATE", K.VRRP_BACKUP, "VI_1", 0, ""),
    ("Keepalived_vrrp", "(VI_1) Entering FAULT STATE", K.VRRP_FAULT, "VI_1", 0, ""),
    ("Keepalived_vrrp", "Script `chk_haproxy` now returning 1", K.TRACK_SCRIPT, "chk_haproxy", 1, ""),
    (
        "Keepalived_vrrp",
        "VRRP_Script(chk_haproxy) failed (exited with status 1)",
        K.TRACK_SCRIPT,
        "chk_haproxy",
        0,
        "failed",
    ),
    (
        "kernel",
        "[ 12.3] Out of memory: Killed process 77 (haproxy) total-vm:1kB",
        K.OUT_OF_MEMORY,
        "haproxy",
        77,
        "",
    ),
]


@pytest.mark.parametrize(("program", "text", "kind", "unit", "number", "state"), LINES)
def test_what_they_say(
    program: str, text: str, kind: ServiceKind, unit: str, number: int, state: str
) -> None:
    assert classify_service_line(program, text, unit=UNIT) == ServiceLine(kind, unit, number, state)


def test_every_kind_has_a_line() -> None:
    assert {line[2] for line in LINES} == set(ServiceKind)


@pytest.mark.parametrize(
    ("program", "text"),
    [
        ("systemd", "Started cron.service - Regular background program processing daemon."),
        ("haproxy", "Started haproxy.service."),
        ("systemd", "haproxy.service: Deactivated successfully."),
        ("kernel", "Out of memory: Killed process 77 (nginx)"),
    ],
)
def test_what_is_about_something_else(program: str, text: str) -> None:
    assert classify_service_line(program, text, unit=UNIT) is None


@given(st.sampled_from(sorted(SERVICES)), st.text())
def test_any_text(program: str, text: str) -> None:
    classify_service_line(program, text, unit=UNIT)
    classify_service_line(program, f"haproxy.service: {text}", unit=UNIT)
