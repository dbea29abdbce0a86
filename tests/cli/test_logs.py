from pathlib import Path

import pytest

from hitless.errors import ExitCode
from tests.cli.commands import hitless

TEXT = """\
global
    log /dev/log local0
    chroot /var/lib/haproxy
defaults
    log global
    mode http
    option httplog
    option dontlognull
    timeout connect 5s
    timeout client 5s
    timeout server 5s
frontend web
    bind 127.0.0.1:18999
"""


@pytest.fixture
def words(tmp_path: Path) -> tuple[str, ...]:
    (tmp_path / "haproxy.cfg").write_text(TEXT)
    (tmp_path / "image").mkdir()
    below = ("--directory", str(tmp_path / "image"), "--backup-dir", str(tmp_path / "backups"))
    return "logs", "init", str(tmp_path / "haproxy.cfg"), "--haproxy-version", "2.8", *below


def test_it_shows_a_diff_and_changes_nothing(words: tuple[str, ...], tmp_path: Path) -> None:
    done = hitless(*words)
    assert done.status == ExitCode.FOUND, done.stderr
    assert "\n-    option httplog\n+    log-format '{" in done.stdout
    assert f"+++ {tmp_path}/image/etc/rsyslog.d/49-haproxy.conf\n" in done.stdout
    assert ":8: option dontlognull: " in " ".join(done.stdout.split())
    assert (tmp_path / "haproxy.cfg").read_text() == TEXT
    assert list((tmp_path / "image").iterdir()) == []


def test_it_applies_and_is_taken_back(words: tuple[str, ...], tmp_path: Path) -> None:
    done = hitless(*words, "--apply", "--no-check")
    assert done.status == ExitCode.CLEAN, done.stderr
    assert (tmp_path / "image" / "etc" / "logrotate.d" / "haproxy").is_file()
    assert "log-format '{" in (tmp_path / "haproxy.cfg").read_text()
    assert "next     systemctl restart rsyslog" in done.stdout
    again = hitless(*words)
    assert (again.status, again.stdout.splitlines()[0]) == (ExitCode.CLEAN, "Nothing to change.")
    undone = hitless("fix", "--undo", "--backup-dir", str(tmp_path / "backups"))
    assert undone.status == ExitCode.CLEAN
    assert "systemctl restart rsyslog" in undone.stdout
    assert (tmp_path / "haproxy.cfg").read_text() == TEXT


def test_without_a_haproxy_to_ask_nothing_is_applied(words: tuple[str, ...], tmp_path: Path) -> None:
    done = hitless(*words, "--apply")
    assert done.status == ExitCode.UNKNOWN
    assert "nothing was changed" in done.stderr
    assert (tmp_path / "haproxy.cfg").read_text() == TEXT


def test_format_and_receiver_are_chosen(words: tuple[str, ...]) -> None:
    done = hitless(*words, "--format", "httplog", "--receiver", "journald", "--chroot", "/jail")
    assert '+    log-format "%ci:%cp [%tr] ' in done.stdout
    assert "+BindReadOnlyPaths=/dev/log:/jail/dev/log\n" in done.stdout
    assert "rsyslog" not in done.stdout


def test_without_files_it_shows_or_writes_new_ones(tmp_path: Path) -> None:
    done = hitless("logs", "init")
    assert done.status == ExitCode.CLEAN
    assert "# ---- /etc/haproxy/logging.cfg\n" in done.stdout
    assert "# ---- /etc/rsyslog.d/49-haproxy.conf\n" in done.stdout
    written = hitless("logs", "init", "--directory", str(tmp_path), "--receiver", "journald")
    assert written.status == ExitCode.CLEAN
    assert {Path(line).name for line in written.stdout.splitlines()} == {"logging.cfg", "90-hitless.conf"}
    assert hitless("logs", "init", "--directory", str(tmp_path)).status == ExitCode.USAGE


def test_wrong_words_are_wrong_usage(tmp_path: Path) -> None:
    assert hitless("logs", "init", "--apply").status == ExitCode.USAGE
    assert hitless("logs", "init", str(tmp_path / "none.cfg")).status == ExitCode.USAGE
    assert hitless("logs", "init", "--format", "xml").status == ExitCode.USAGE
    assert hitless("logs").status == ExitCode.USAGE
