import os
import time
from pathlib import Path

import pytest

from hitless.errors import EvidenceError
from hitless.explain.sources.blocks import LONGEST_LINE_BYTES
from hitless.explain.sources.journal_tail import JournalTail
from tests.explain.sources.test_journal import journalctl

GOES_ON = "exec sleep 600"


def read(tail: JournalTail, count: int) -> list[tuple[int, bytes]]:
    found: list[tuple[int, bytes]] = []
    deadline = time.monotonic() + 60
    while len(found) < count:
        assert time.monotonic() < deadline, found
        found += tail.read_new()
        time.sleep(0.01)
    return found


def test_lines_as_they_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "go")
    journalctl(tmp_path, f"printf 'one\\ntw'; read x < {tmp_path}/go; echo o; {GOES_ON}", monkeypatch)
    tail = JournalTail(["haproxy"])
    assert read(tail, 1) == [(0, b"one")]
    assert list(tail.read_new()) == []
    (tmp_path / "go").write_text("x\n")
    assert read(tail, 1) == [(4, b"two")]
    tail.close()


def test_the_child_ends_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journalctl(tmp_path, f"trap '' TERM INT; echo $$; {GOES_ON}", monkeypatch)
    tail = JournalTail(["haproxy"])
    ((_, pid),) = read(tail, 1)
    assert Path(f"/proc/{int(pid)}").exists()
    tail.close()
    assert not Path(f"/proc/{int(pid)}").exists()


def test_a_line_without_end_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journalctl(tmp_path, f"head -c {3 * LONGEST_LINE_BYTES} /dev/zero | tr '\\0' x; {GOES_ON}", monkeypatch)
    tail = JournalTail(["haproxy"])
    assert max(len(raw) for _, raw in read(tail, 1)) <= LONGEST_LINE_BYTES
    tail.close()


def test_one_that_ends_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journalctl(tmp_path, "echo 'No journal files were found.' >&2; exit 1", monkeypatch)
    tail = JournalTail(["haproxy"])
    with pytest.raises(EvidenceError, match="No journal files"):
        read(tail, 1)
    tail.close()
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(EvidenceError, match="no journalctl"):
        JournalTail(["haproxy"])
