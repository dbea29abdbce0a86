from hitless.explanations import Role
from hitless.logged import ChangeKind
from tests.explain.stories import event, story


def test_lines_by_second_and_process() -> None:
    plot = event(story("3.2.log"), ChangeKind.RELOAD).plot
    assert plot is not None
    assert [p.role for p in plot.processes[:2]] == [Role.OLD, Role.NEW]
    assert all(len(p.requests) == len(p.errors) for p in plot.processes)
    assert sum(sum(p.requests) for p in plot.processes) == 147
    assert sum(sum(p.errors) for p in plot.processes) == 1
