from pathlib import Path

from hitless.logged import ChangeKind
from tests.explain.stories import event, explain_bytes, line, log_lines


def test_silence_of_a_busy_frontend_is_a_hole(tmp_path: Path) -> None:
    lines = [
        line(s, 100 if s <= 20 else 200, client=40000 + s * 9 + n)
        for s in range(50)
        for n in range(9)
        if not 20 < s < 24
    ]
    restart = event(explain_bytes(tmp_path, log_lines(*lines)), ChangeKind.REPLACED)
    (hole,) = restart.holes
    assert (hole.frontend, hole.duration_s) == ("web", 3.0)
    assert 8 <= hole.usual_per_s <= 10


def test_silence_of_a_quiet_one_is_none(tmp_path: Path) -> None:
    lines = [line(s, 100 if s <= 20 else 200, client=40000 + s) for s in range(0, 50, 4)]
    found = explain_bytes(tmp_path, log_lines(*lines))
    assert all(not e.holes for e in found.events)
