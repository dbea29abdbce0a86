"""`hitless fix` on files: what it shows, writes, and takes back. (tests/system tries it on a host.)"""

import json
from pathlib import Path

import pytest

from hitless.errors import ExitCode
from tests.cli.commands import hitless

TEXT = """\
global
\texpose-fd listeners

defaults
\tmode http
\ttimeout client 1s

frontend www
\tbind 127.0.0.1:8080
"""
WORDS = ("--select", "HL109,HL501", "--haproxy-version", "2.8")


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    path = tmp_path / "haproxy.cfg"
    path.write_text(TEXT)
    return path


def test_it_shows_a_diff_and_changes_nothing(configuration: Path) -> None:
    done = hitless("fix", str(configuration), *WORDS)
    assert done.status == ExitCode.FOUND
    assert "+\toption idle-close-on-response".replace("\t", "    ") in done.stdout
    assert configuration.read_text() == TEXT


def test_it_applies_once_and_takes_back(configuration: Path, tmp_path: Path) -> None:
    store = str(tmp_path / "backups")
    words = ("fix", str(configuration), *WORDS, "--backup-dir", store)
    done = hitless(*words, "--apply", "--no-check")
    assert done.status == ExitCode.CLEAN, done.stderr
    fixed = configuration.read_text()
    assert "\toption idle-close-on-response\n" in fixed
    again = hitless(*words, "--apply", "--no-check")
    assert (again.status, again.stdout) == (ExitCode.CLEAN, "Nothing to change.\n")
    assert configuration.read_text() == fixed
    undone = hitless("fix", "--undo", "--backup-dir", store)
    assert undone.status == ExitCode.CLEAN
    assert f"put back  {configuration}" in undone.stdout
    assert configuration.read_text() == TEXT
    assert hitless("fix", "--undo", "--backup-dir", store).status == ExitCode.USAGE


def test_without_a_haproxy_it_does_not_write(configuration: Path, tmp_path: Path) -> None:
    done = hitless("fix", str(configuration), *WORDS, "--apply", "--backup-dir", str(tmp_path / "b"))
    assert done.status == ExitCode.UNKNOWN
    assert "--no-check" in done.stderr
    assert configuration.read_text() == TEXT


def test_json_says_the_same(configuration: Path) -> None:
    done = hitless("fix", str(configuration), *WORDS, "--format", "json")
    document = json.loads(done.stdout)
    assert [change["path"] for change in document["changes"]] == [str(configuration)]
    assert {finding["code"] for finding in document["fixed"]} == {"HL109", "HL501"}


def test_what_cannot_be_is_wrong_usage(configuration: Path, tmp_path: Path) -> None:
    assert hitless("fix", str(tmp_path / "absent")).status == ExitCode.USAGE
    assert hitless("fix", str(configuration), "--select", "HL999").status == ExitCode.USAGE
    assert hitless("fix", "--snapshot", str(configuration), "--apply").status == ExitCode.USAGE


def test_each_option_is_in_the_help_once() -> None:
    shown = hitless("fix", "--help").stdout
    assert sum("--no-check" in line and line.startswith("  --") for line in shown.splitlines()) == 1
