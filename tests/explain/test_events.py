from pathlib import Path

from hitless.explanations import Counting
from hitless.logged import ChangeKind
from tests.explain.stories import event, explain_bytes, line, reload_log


def exhausted(second: int, pid: int) -> str:
    return f"Nov 29 03:00:{second:02d} lb1 haproxy[{pid}]: Proxy web reached process FD limit (maxsock=99)."


def test_what_bad_endings_have_in_common(tmp_path: Path) -> None:
    late = [
        line(s, 100, status=503, end="SC--", client=51000 + s, server=f"app/s{s % 2}") for s in range(21, 31)
    ]
    reload = event(explain_bytes(tmp_path, reload_log(*late)), ChangeKind.RELOAD)
    groups = {(group.by, group.name): group.lines for group in reload.groups}
    assert groups["server", "app/s0"] == groups["server", "app/s1"] == 5
    assert (
        groups["client", "192.0.2.1"]
        == groups["backend", "app"]
        == groups["pid", "100"]
        == reload.grouped_lines
        == 10
    )
    assert all(quote.text.startswith("Nov 29 03:00:") for quote in reload.quotes)


def test_descriptors_that_run_out_beside_an_old_process(tmp_path: Path) -> None:
    found = explain_bytes(tmp_path, reload_log(exhausted(25, 200), line(30, 100, client=9)))
    (cause,) = event(found, ChangeKind.RELOAD).causes
    assert (cause.code, cause.counting) == ("HL218", Counting.NOT_COUNTED)
    assert not found.causes_elsewhere
    found = explain_bytes(tmp_path, reload_log(exhausted(10, 100)))
    assert [cause.code for cause in found.causes_elsewhere] == ["HL218"]
