"""Reloads in scripts: what is one, what follows it too closely, and what is left alone."""

import pytest

from hitless.audit.script_waits import (
    crontab_reloads,
    is_crontab,
    is_shell,
    looped_reloads,
    reloads,
    timer_period_s,
    unspaced_reloads,
)
from hitless.facts import Script


def script(text: str, kind: str = "script", path: str = "/opt/x.sh") -> Script:
    return Script(path=path, kind=kind, text=text)


@pytest.mark.parametrize(
    ("line", "count"),
    [
        ("systemctl reload haproxy", 1),
        ("kill -USR2 $(cat /run/haproxy.pid)", 1),
        ("haproxy -f /c -D -sf $(cat /run/haproxy.pid)", 1),
        ("echo reload | socat -t300 /run/haproxy-master.sock -", 1),
        ("systemctl restart haproxy", 0),
        ("kill -TERM $(cat /run/haproxy.pid)", 0),
        ("haproxy -c -f /c", 0),
        ("# systemctl reload haproxy", 0),
    ],
)
def test_what_is_a_reload(line: str, count: int) -> None:
    assert len(list(reloads(script(line)))) == count


def test_two_reloads_without_a_wait_are_a_pair() -> None:
    pairs = list(unspaced_reloads(script("systemctl reload haproxy\ncp a b\nsystemctl reload haproxy\n")))
    assert [(first.line, second.line) for first, second in pairs] == [(1, 3)]


@pytest.mark.parametrize(
    "between",
    ["sleep 60", "sleep $PAUSE", "wait", "else", "exit 0", "}", "fi", "until ready; do", "sleep 1m"],
)
def test_a_wait_or_a_branch_between_makes_no_pair(between: str) -> None:
    text = f"systemctl reload haproxy\n{between}\nsystemctl reload haproxy\n"
    assert not list(unspaced_reloads(script(text)))


def test_a_short_sleep_is_no_wait() -> None:
    assert list(unspaced_reloads(script("systemctl reload haproxy\nsleep 1\nsystemctl reload haproxy\n")))


def test_loops_say_how_long_they_sleep() -> None:
    text = "while :; do\n  systemctl reload haproxy\n  sleep 3\ndone\n"
    assert [(act.line, slept_s) for act, slept_s in looped_reloads(script(text))] == [(2, 3.0)]


@pytest.mark.parametrize("line", ["sleep 60", "break", "inotifywait /etc/haproxy", "sleep ${N}"])
def test_loops_that_wait_or_end_are_left_alone(line: str) -> None:
    text = f"while :; do\n  systemctl reload haproxy\n  {line}\ndone\n"
    assert not list(looped_reloads(script(text)))


def test_loops_that_do_not_end_do_no_harm() -> None:
    unclosed = "while :; do\n" * 500 + "systemctl reload haproxy\n"
    assert not list(looped_reloads(script(unclosed)))
    assert len(list(looped_reloads(script(unclosed + "done\n" * 700)))) <= 200


def test_crontab_lines_have_their_time() -> None:
    text = "SHELL=/bin/sh\n@daily root systemctl reload haproxy\n5 4 * * 1 root systemctl reload haproxy\n"
    crontab = script(text, "cron", "/etc/cron.d/haproxy")
    assert [when for _, when in crontab_reloads(crontab)] == ["0 0 * * *", "5 4 * * 1"]
    assert is_crontab(crontab)
    assert not is_crontab(script(text, "cron", "/etc/cron.daily/haproxy"))
    assert not list(crontab_reloads(script(text)))


@pytest.mark.parametrize(
    ("text", "period_s"),
    [
        ("[Timer]\nOnUnitActiveSec=5s\n", 5.0),
        ("OnUnitInactiveSec = 500ms", 0.5),
        ("OnUnitActiveSec=5min\n", None),
        ("OnActiveSec=5s\n", None),
        ("\n" * 20_000, None),
    ],
)
def test_timers(text: str, period_s: float | None) -> None:
    assert timer_period_s(script(text, "systemd", "/etc/systemd/system/x.timer")) == period_s


def test_what_runs_its_lines_in_order() -> None:
    assert is_shell(script("", "certbot"))
    assert not is_shell(script("", "configuration-management"))
