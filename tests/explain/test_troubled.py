from pathlib import Path

from hitless.logged import ChangeKind
from tests.explain.stories import event, explain_bytes, line, reload_log


def test_of_very_many_bad_endings_some_are_read_and_all_counted(tmp_path: Path) -> None:
    late = [line(21 + n % 9, 100, status=503, end="SC--", client=n) for n in range(3000)]
    reload = event(explain_bytes(tmp_path, reload_log(*late)), ChangeKind.RELOAD)
    assert sum(e.lines for e in reload.endings) == 3000
    assert 900 <= reload.grouped_lines <= 1000
