import stat
from pathlib import Path

import pytest

from hitless.errors import EvidenceError
from hitless.explain.sources.blocks import SkipCount
from hitless.explain.sources.journal import follow_command, journal_command, read_journal

T = 1795921083 * 10**9


def journalctl(directory: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A journalctl that does what the test wants."""
    path = directory / "journalctl"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setenv("PATH", f"{directory}:/usr/bin:/bin")


def test_the_command() -> None:
    command = journal_command(["haproxy"], since_ns=T, until_ns=T)
    assert command[:2] == ["journalctl", "--quiet"]
    assert "--since=2026-11-29 02:58:03 UTC" in command
    assert "--until=2026-11-29 02:58:04 UTC" in command
    assert " ".join(command).endswith(
        " _SYSTEMD_UNIT=haproxy.service + UNIT=haproxy.service _PID=1 + SYSLOG_IDENTIFIER=haproxy"
    )
    assert "--directory=/var/log/journal" in journal_command([], directory="/var/log/journal")
    assert follow_command(["a.service"])[:3] == ["journalctl", "--follow", "--lines=0"]


@pytest.mark.parametrize("unit", ["", "a b", "--since", "a;b", "a\n"])
def test_what_is_no_unit(unit: str) -> None:
    if unit == "--since":
        assert "_SYSTEMD_UNIT=--since.service" in journal_command([unit])  # a match, never an option
        return
    with pytest.raises(EvidenceError):
        journal_command([unit])


def test_what_it_prints_is_a_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journalctl(tmp_path, 'echo \'{"MESSAGE":"x"}\'', monkeypatch)
    file = read_journal(["haproxy"], 2)
    assert (file.number, file.name) == (2, "the journal")
    assert b"".join(b.data for b in file.blocks(SkipCount(2))) == b'{"MESSAGE":"x"}\n'
    file.close()


def test_a_journal_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journalctl(tmp_path, "echo 'No journal files were found.' >&2; exit 1", monkeypatch)
    with pytest.raises(EvidenceError, match="No journal files"):
        read_journal(["haproxy"], 0)


def test_a_journal_that_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journalctl(tmp_path, "exec sleep 60", monkeypatch)
    with pytest.raises(EvidenceError, match="in time"):
        read_journal(["haproxy"], 0, timeout_s=0.2)


def test_no_journal_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EvidenceError, match="no journalctl"):
        read_journal(["haproxy"], 0)
