"""Command lines of HAProxy as init systems, people and HAProxy itself write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitless.config.arguments import HaproxyArguments, parse_arguments


def _parse(line: str) -> HaproxyArguments:
    return parse_arguments(line.split())


def test_the_unit_of_debian() -> None:
    found = _parse(
        "/usr/sbin/haproxy -Ws -f /etc/haproxy/haproxy.cfg -p /run/haproxy.pid -S /run/haproxy-master.sock"
    )
    assert found.program == "/usr/sbin/haproxy"
    assert found.files == ("/etc/haproxy/haproxy.cfg",)
    assert found.master_worker
    assert found.systemd
    assert not found.daemon
    assert found.pid_file == "/run/haproxy.pid"
    assert found.master_socket_paths == ("/run/haproxy-master.sock",)
    assert found.unknown == ()


def test_a_worker_of_a_reload() -> None:
    """HAProxy 2.6 puts "-sf PID -x sockpair@N" right behind its name."""
    found = _parse("haproxy -sf 12 15 -x sockpair@3 -W -f /a -f /b")
    assert found.soft_stop_pids == ("12", "15")
    assert found.hard_stop_pids is None
    assert found.transfer_from == "sockpair@3"
    assert found.files == ("/a", "/b")
    assert not found.systemd


@pytest.mark.parametrize(
    ("line", "soft", "hard"),
    [
        ("haproxy -f /a -sf", (), None),
        ("haproxy -f /a -sf -D", (), None),
        ("haproxy -f /a -st 3 4", None, ("3", "4")),
        ("haproxy -f /a", None, None),
        ("haproxy -f /a -sf 1 -p /p 2", ("1",), None),
    ],
)
def test_the_processes_to_stop(line: str, soft: tuple[str, ...] | None, hard: tuple[str, ...] | None) -> None:
    found = _parse(line)
    assert (found.soft_stop_pids, found.hard_stop_pids) == (soft, hard)


def test_a_check() -> None:
    found = _parse("haproxy -c -q -dW -V -f /a")
    assert found.check
    assert found.quiet
    assert found.zero_warning
    assert found.flags == ("-V", "-c", "-dW", "-q")


def test_everything_behind_two_dashes_is_a_file() -> None:
    assert _parse("haproxy -f /a -- /b -D").files == ("/a", "/b", "-D")


def test_the_last_of_a_single_value_counts_and_an_empty_one_is_empty() -> None:
    found = _parse("haproxy -C /x -C /y -L lb1 -S @1 -S unix@/m,mode,600 -p")
    assert found.working_directory == "/y"
    assert found.local_peer == "lb1"
    assert found.master_socket_paths == ("@1", "/m")
    assert found.pid_file == ""


def test_no_command_line() -> None:
    assert parse_arguments(()) == HaproxyArguments()


@given(
    st.lists(st.sampled_from(["-f", "-sf", "-x", "--", "-", "", "1", "-W", "a", "-S", "-st", "\x00", "-é"]))
)
def test_any_words_parse(words: list[str]) -> None:
    assert parse_arguments(["haproxy", *words]).program == "haproxy"
