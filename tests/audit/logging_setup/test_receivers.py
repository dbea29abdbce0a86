import pytest

from hitless.audit.logging_setup.receivers import (
    LOG_FILE,
    journald_lines,
    logrotate_text,
    rsyslog_text,
    socket_inside,
)


@pytest.mark.parametrize(
    ("chroot", "target", "socket"),
    [
        ("/var/lib/haproxy", "/dev/log", "/var/lib/haproxy/dev/log"),
        ("/var/lib/haproxy/", "/dev/log", "/var/lib/haproxy/dev/log"),
        ("", "/dev/log", ""),
        ("/", "/dev/log", ""),
        ("", "/run/haproxy/log", "/run/haproxy/log"),
        ("/jail", "/run/log", "/jail/run/log"),
    ],
)
def test_the_receiver_listens_where_haproxy_looks_from_inside(chroot: str, target: str, socket: str) -> None:
    assert socket_inside(chroot, target) == socket


def test_rsyslog_takes_lines_from_the_socket_and_from_elsewhere() -> None:
    text = rsyslog_text("/var/lib/haproxy/dev/log")
    assert 'Socket="/var/lib/haproxy/dev/log" CreatePath="on" RateLimit.Interval="0"' in text
    assert text.index("input(") < text.index("ruleset(") < text.index("if $programname")
    assert f'file="{LOG_FILE}"' in text
    assert "input(" not in rsyslog_text("")
    assert "ruleset(" in rsyslog_text("", log_file="/x.log")


def test_rotation_signals_rsyslog_and_nobody_else() -> None:
    text = logrotate_text(log_file="/x.log", reopen="kill -HUP 7")
    assert "/x.log {" in text
    assert "        kill -HUP 7\n    endscript\n" in text
    code = [line for line in logrotate_text().splitlines() if not line.startswith("#")]
    assert [line for line in code if "haproxy" in line] == [f"{LOG_FILE} {{"]


def test_journald_is_reached_from_inside_a_chroot_and_limits_nothing() -> None:
    bind = "BindReadOnlyPaths=/dev/log:/var/lib/haproxy/dev/log"
    assert journald_lines("/var/lib/haproxy") == (bind, "LogRateLimitIntervalSec=0")
    assert journald_lines("") == ("LogRateLimitIntervalSec=0",)
