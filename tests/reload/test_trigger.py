import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from hitless.errors import ControlError, ReloadError
from hitless.facts import Process, Role
from hitless.host.errors import Gone
from hitless.reload.trigger import reload_by_master_cli, reload_by_signal, reload_by_systemd
from tests.reload.servers import answering
from tests.reload.test_target import target

LOADED = "Success=1\n--\n[NOTICE]   (9) : New worker (10) forked\n[NOTICE]   (9) : Loading success.\n"
REFUSED = (
    "Success=0\n--\n[ALERT]    (9) : config : parsing [h.cfg:4] : unknown keyword 'x' in 'global' section\n"
    "[ALERT]    (9) : config : Error(s) found in configuration file : h.cfg\n"
)


@pytest.mark.parametrize(
    ("answer", "ok", "text"),
    [
        (LOADED, True, ""),
        (REFUSED, False, "[ALERT] config : parsing [h.cfg:4] : unknown keyword 'x' in 'global' section"),
        ("Success=0\n", False, "HAProxy answered Success=0"),
        ("\n", None, ""),
    ],
)
def test_what_the_master_says(tmp_path: Path, answer: str, ok: bool | None, text: str) -> None:  # noqa: FBT001
    with answering(tmp_path / "m", lambda _: answer) as address:
        reply = reload_by_master_cli(replace(target(), master_address=address), timeout_s=30)
    assert (reply.ok, reply.text) == (ok, text)


def test_an_answer_that_nobody_understands_says_neither_yes_nor_no(tmp_path: Path) -> None:
    """The reload may be going on: that it was not triggered would be a lie."""
    with answering(tmp_path / "m", lambda _: "hello\n") as address:
        reply = reload_by_master_cli(replace(target(), master_address=address), timeout_s=30)
    assert reply.ok is None
    assert "hello" in reply.text


def test_where_nobody_listens_nothing_was_triggered(tmp_path: Path) -> None:
    with pytest.raises(ControlError):
        reload_by_master_cli(replace(target(), master_address=str(tmp_path / "none")), timeout_s=30)


def test_an_answer_that_does_not_come_says_neither_yes_nor_no(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(str(tmp_path / "m"))
        mute.listen()
        seen = replace(target(), master_address=str(tmp_path / "m"))
        assert reload_by_master_cli(seen, timeout_s=0.1).ok is None


def master(pid: int) -> Process:
    return Process(pid=pid, parent_pid=1, role=Role.MASTER)


def test_the_signal_reaches_the_master() -> None:
    program = (
        "import signal; signal.signal(signal.SIGUSR2, lambda *_: exit(7)); print(flush=True); signal.pause()"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert reload_by_signal(target(master(process.pid))).ok is None
        assert process.wait(60) == 7


def test_a_master_that_is_gone_cannot_be_signalled() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    with pytest.raises(Gone):
        reload_by_signal(target(master(process.pid)))


def test_without_a_master_or_a_unit() -> None:
    with pytest.raises(ReloadError, match="no master"):
        reload_by_signal(target())
    with pytest.raises(ReloadError, match="no systemd unit"):
        reload_by_systemd(target(), timeout_s=1)
