"""Reloads found in the logs of real HAProxies: at the right second, with the right processes, as what they were."""

import socket
import time
from pathlib import Path

import pytest

from hitless.explain.detect.detect import detect_changes
from hitless.explain.entries import ReadOptions
from hitless.explain.scan.run import scan_logs
from hitless.explain.sources.log_set import open_logs
from hitless.logged import Certainty, Change, ChangeKind, Detection, SkipReason
from tests.system.conftest import require
from tests.system.live_haproxy import await_true, versions
from tests.system.logging_bed import LoggingBed, logging_bed
from tests.system.systemd_bed import systemd_bed

pytestmark = pytest.mark.system

K = ChangeKind
SECOND = 10**9


def detect(*paths: Path) -> Detection:
    with open_logs([str(path) for path in paths], ReadOptions()) as logs:
        census = scan_logs(logs)
    assert {skipped.reason for skipped in census.skipped} <= {SkipReason.TORN, SkipReason.OTHER_PROGRAM}
    return detect_changes(census.processes, census.messages, census.services)


def live_through(bed: LoggingBed, taken: socket.socket) -> None:
    bed.note("reload", bed.live.reload)
    bed.write("    this-is-wrong\n")
    bed.note("refused", lambda: bed.fail("Fatal errors found"))
    bed.write()
    bed.note("reload", bed.live.reload)
    bed.note("hard stop", bed.reload_until_hard_stop)
    bed.write(f"    bind 127.0.0.1:{taken.getsockname()[1]}\n")
    bed.note(
        "bind", lambda: bed.fail("Resumed frontend web" if bed.version != "2.2" else "Enabling frontend web")
    )
    bed.write()
    bed.note("reload", bed.live.reload)
    bed.note("restart", bed.restart)


def check_times(bed: LoggingBed, changes: list[Change], expected: list[tuple[str, ChangeKind]]) -> None:
    """Each change is what was done, when it was done, to whom."""
    done = [happening for happening in bed.happened if happening.what in dict(expected)]
    assert [change.kind for change in changes] == [dict(expected)[happening.what] for happening in done]
    for change, happening in zip(changes, done, strict=True):
        assert happening.t_ns - 1.5 * SECOND < change.at.latest_ns, change
        assert change.at.t_ns < happening.until_ns + 1.5 * SECOND, change
        if change.kind in {K.RELOAD, K.RESTART}:
            assert set(change.old_pids) == happening.old
            assert set(change.new_pids) == happening.new


@pytest.mark.parametrize("version", versions("2.2", "2.6", "2.8", "3.0", "3.2"))
def test_everything_that_happened_is_found(version: str, tmp_path: Path) -> None:
    with logging_bed(tmp_path, version) as bed, socket.create_server(("127.0.0.1", 0)) as taken:
        live_through(bed, taken)
    stops = {"reload": K.RELOAD, "hard stop": K.RELOAD, "bind": K.FAILED_RELOAD, "restart": K.RESTART}

    found = detect(tmp_path / "haproxy.log")
    hard_stops = [change for change in found.changes if change.kind is K.HARD_STOP]
    others = [change for change in found.changes if change.kind not in {K.HARD_STOP, K.START}]
    check_times(bed, others, list(stops.items()))
    (hard_stop,) = hard_stops
    assert hard_stop.cut_connections >= 1
    lasted_ns = {h.what: h.until_ns - h.t_ns for h in bed.happened}
    assert set(hard_stop.old_pids) == next(h.old for h in bed.happened if h.what == "hard stop")
    generation = next(g for g in found.generations if g.pid in hard_stop.old_pids)
    assert generation.drained_ns is not None
    assert generation.drained_ns <= lasted_ns["hard stop"] + SECOND
    failed = next(change for change in others if change.kind is K.FAILED_RELOAD)
    assert 1 * SECOND <= failed.refused_ns <= lasted_ns["bind"] + SECOND
    assert others[-1].certainty in {Certainty.LIKELY, Certainty.SHOWN}

    # With what HAProxy prints, although without a time, more is stated: also what left no trace in the log.
    found = detect(tmp_path / "haproxy.log", tmp_path / "log")
    others = [change for change in found.changes if change.kind not in {K.HARD_STOP, K.START}]
    refused = [change for change in others if "this-is-wrong" in change.reason]
    assert [change.kind for change in refused] == [K.FAILED_RELOAD]
    check_times(bed, [change for change in others if change not in refused], list(stops.items()))
    assert {change.certainty for change in others if change.kind is not K.RELOAD} == {Certainty.STATED}


SERVICE = """\
global
    log /dev/log local0
    stats socket /run/haproxy/admin.sock mode 600 level admin
defaults
    mode http
    log global
    option httplog
    timeout connect 5s
    timeout client 5s
    timeout server 5s
frontend web
    bind 127.0.0.1:80
    http-request return status 200
"""
ASK_MASTER = ("sh", "-c", "echo show proc | socat -t5 - UNIX:/run/haproxy-master.sock | grep -q master")
READ_JOURNAL = """
import shutil, sys
from hitless.explain.sources.journal import read_journal
file = read_journal(["haproxy"], 0, since_ns=int(sys.argv[1]))
sys.stdout.write(file.read_at(0, file.size_bytes).decode())
"""


def test_what_the_journal_tells(installed_haproxy: str, tmp_path: Path) -> None:
    require(installed_haproxy == "/usr/sbin/haproxy", "no packaged HAProxy")
    with systemd_bed("hitless-explain") as bed:
        start_ns = time.time_ns()
        bed.run("ip", "link", "set", "lo", "up")
        bed.write("/etc/haproxy/haproxy.cfg", SERVICE)
        bed.run("systemctl", "start", "haproxy")
        # Until the master takes commands, a signal that reloads is lost (tried: 2.6, 2.8).
        await_true(lambda: bed.run(*ASK_MASTER, check=False).returncode == 0, "the master answers")
        bed.run("systemctl", "reload", "haproxy")
        await_true(
            lambda: bed.run("journalctl", "-u", "haproxy").stdout.count("Loading success") == 2,
            "it is loaded",
        )
        bed.write("/etc/haproxy/haproxy.cfg", SERVICE + "    wrong\n")
        assert bed.run("systemctl", "reload", "haproxy", check=False).returncode != 0
        await_true(lambda: bed.run(*ASK_MASTER, check=False).returncode == 0, "the master answers again")
        bed.run("systemctl", "kill", "--kill-whom=main", "--signal=USR2", "haproxy")
        await_true(
            lambda: "Loading failure" in bed.run("journalctl", "-u", "haproxy").stdout, "the load fails"
        )
        bed.write("/etc/haproxy/haproxy.cfg", SERVICE)
        bed.run("systemctl", "restart", "haproxy")
        bed.run("systemctl", "kill", "--kill-whom=main", "--signal=KILL", "haproxy")
        await_true(
            lambda: "restart counter" in bed.run("journalctl", "-u", "haproxy").stdout, "it is started again"
        )
        await_true(
            lambda: bed.run("systemctl", "is-active", "haproxy", check=False).stdout == "active\n", "it runs"
        )
        bed.run("systemctl", "stop", "haproxy")
        bed.run("journalctl", "--sync")
        (tmp_path / "journal.json").write_text(bed.python(READ_JOURNAL, str(start_ns)))
    found = detect(tmp_path / "journal.json")
    assert [change.kind for change in found.changes] == [
        K.START,
        K.RELOAD,
        K.FAILED_RELOAD,
        K.FAILED_RELOAD,
        K.RESTART,
        K.CRASH,
        K.STOP,
    ]
