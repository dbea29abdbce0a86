import pytest

from hitless.facts import Binary, RunMode
from hitless.migrations import Following, UnitLink
from hitless.reload.migrate.checks import check_link, check_next_reloads
from hitless.reloads import CheckState
from tests.reload.preflight.targets import target


def test_a_unit_that_would_end_stops_it() -> None:
    assert check_link(UnitLink(following=Following.LOST, why="because")).stops
    for following in (Following.NOBODY, Following.TOLD, Following.PID_FILE):
        assert check_link(UnitLink(following=following)).state is CheckState.PASSED


@pytest.mark.parametrize(
    ("version", "mode", "warns"),
    [
        ((2, 2, 9), RunMode.MASTER_WORKER, True),
        ((2, 5, 0), RunMode.MASTER_WORKER, True),
        ((2, 6, 0), RunMode.MASTER_WORKER, False),
        ((2, 2, 9), RunMode.CLASSIC, False),
        ((0, 0, 0), RunMode.MASTER_WORKER, False),
    ],
)
def test_old_masters_ask_the_same_path_again(
    version: tuple[int, int, int], mode: RunMode, *, warns: bool
) -> None:
    binary = Binary(path="/h", version=version, version_text="")
    assert bool(check_next_reloads(target(mode=mode, binary=binary))) is warns
