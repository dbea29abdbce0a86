import numpy as np
from msgspec.structs import replace

from hitless.explain.analysis.spans import NOBODY, assign, plan_spans, role_of
from hitless.explanations import Role
from hitless.logged import Change, ChangeKind
from tests.explain.analysis.views import AT, SECOND, change


def later(seconds: int, kind: ChangeKind, **more: object) -> Change:
    return change(kind, at=replace(AT, t_ns=AT.t_ns + seconds * SECOND), **more)


def test_lines_go_to_the_change_that_they_are_about() -> None:
    spans = plan_spans([change(), later(30, ChangeKind.HARD_STOP, new_pids=())])
    begin = spans[0].begin_s
    seconds = np.array([begin - 1, begin, begin + 1, begin + 20, begin + 20, begin + 31, begin + 31])
    pids = np.array([100, 300, 200, 100, 200, 100, 200])
    assert assign(spans, seconds, pids).tolist() == [NOBODY, 0, 0, 0, NOBODY, 1, NOBODY]


def test_a_pause_is_part_of_the_span() -> None:
    (span,) = plan_spans([change(ChangeKind.FAILED_RELOAD, refused_ns=5 * SECOND)])
    assert span.end_s - span.begin_s >= 8
    assert span.old_pids == frozenset()


def test_roles() -> None:
    assert [role_of(change(), pid) for pid in (100, 200, 300, 0)] == [
        Role.OLD,
        Role.NEW,
        Role.OTHER,
        Role.OTHER,
    ]
