from pathlib import Path

import pytest

from hitless.errors import UsageError
from hitless.explain.inputs.applications import compile_patterns, read_applications
from hitless.explain.window import ALWAYS, Window
from hitless.logged import ChangeKind
from tests.explain.stories import READ, event, explain_bytes, line, log_lines, reload_log

LINES = log_lines(
    "no time yet: broken pipe",
    "2026-11-29T03:00:21Z ERROR upstream: Connection reset by peer",
    "  at requests.get [Errno 104]",
    "2026-11-29T03:00:22Z INFO all is well, id=abc-123",
    "2026-11-29T03:00:23Z WARN frobnicated the peer",
)


def test_lines_that_speak_of_broken_connections(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_bytes(LINES)
    found = read_applications([str(path)], ["frobni"], READ, ALWAYS, {"abc-123"})
    assert sum(c.total() for c in found.by_second.values()) == 3
    assert found.without_time == 1
    assert found.lines == 5
    assert "all is well" in found.joined["abc-123"]
    later = read_applications([str(path)], [], READ, Window(since_ns=(found.first_s + 2) * 10**9), ())
    assert not {s for s in later.by_second if s < found.first_s + 1}


def test_they_stand_beside_the_event(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_bytes(LINES)
    late = [line(s, 100, status=503, end="SC--", client=51000 + s) for s in range(21, 31)]
    found = explain_bytes(tmp_path, reload_log(*late), applications=(str(path),))
    errors = event(found, ChangeKind.RELOAD).application
    assert errors is not None
    assert dict(errors.by_pattern) == {"connection reset": 2}


def test_a_pattern_that_is_none() -> None:
    with pytest.raises(UsageError, match="no regular expression"):
        compile_patterns(["("])
