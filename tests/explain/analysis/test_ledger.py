from pathlib import Path

from hitless.explanations import Judgement, Role
from hitless.logged import ChangeKind
from tests.explain.stories import event, explain_bytes, line, log_lines, reload_log, stopped


def test_counts_stand_beside_the_usual(tmp_path: Path) -> None:
    usual = [line(s, 100, status=502, end="SH--", client=50000 + s) for s in range(0, 20, 2)]
    late = [line(s, 100, status=503, end="SC--", client=51000 + s) for s in range(21, 31)]
    found = explain_bytes(tmp_path, reload_log(*usual, *late))
    reload = event(found, ChangeKind.RELOAD)
    assert [(e.role, e.termination, e.lines, e.is_excess) for e in reload.endings] == [
        (Role.OLD, "SC--", 10, True)
    ]
    assert reload.endings[0].pids == (100,)
    assert reload.before.errors == 10
    assert reload.during.errors == 10
    assert reload.during.duration_s >= 4
    (elsewhere,) = found.elsewhere
    assert (elsewhere.termination, elsewhere.lines) == ("SH--", 10)
    assert found.totals.lines == 200 + 20


def test_what_is_usual_is_no_excess(tmp_path: Path) -> None:
    usual = [line(s, 100 if s <= 20 else 200, status=502, end="SH--", client=50000 + s) for s in range(40)]
    reload = event(explain_bytes(tmp_path, reload_log(*usual)), ChangeKind.RELOAD)
    assert not any(e.is_excess for e in reload.endings)
    assert sum(e.lines for e in reload.endings) >= 3


def test_reloads_within_one_second_share_its_lines(tmp_path: Path) -> None:
    """Stamps of seconds do not tell whose each is; that nobody was hurt around them is known all the same."""
    served = ((0, 90), (0, 100), (1, 150), (1, 200))
    first, second, third, last = ([line(s, pid, client=100 * pid + n) for n in range(5)] for s, pid in served)
    lines = [*first, stopped(0, 90), *second, stopped(1, 100), *third, stopped(1, 150), *last]
    found = explain_bytes(tmp_path, log_lines(*lines))
    reloads = [one for one in found.events if one.change.kind is ChangeKind.RELOAD]
    assert [one.judgement for one in reloads] == [Judgement.HARMLESS] * 3
    assert reloads[1].during.lines == 0
    assert found.judgement is Judgement.HARMLESS
