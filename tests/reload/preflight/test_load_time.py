import pytest

from hitless.reload.preflight.load_time import judge_load_time
from hitless.reloads import CheckState


@pytest.mark.parametrize(
    ("duration_s", "budget_s", "state"),
    [
        (0.05, 60.0, CheckState.PASSED),
        (30.0, 60.0, CheckState.PASSED),
        (31.0, 60.0, CheckState.WARNED),
        (61.0, 60.0, CheckState.FAILED),
        (500.0, 0.0, CheckState.PASSED),
        (None, 60.0, CheckState.UNKNOWN),
    ],
)
def test_the_time_against_the_budget(duration_s: float | None, budget_s: float, state: CheckState) -> None:
    check = judge_load_time(duration_s, budget_s)
    assert check.state is state
    assert check.stops is (state is CheckState.FAILED)
    if duration_s and state is CheckState.FAILED:
        assert "61 s" in check.message
