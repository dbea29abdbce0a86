"""Who gave a wrong answer, and in which state; the causes themselves are in tests/prove/test_attribute.py."""

import pytest

from hitless.causes import UNEXPLAINED
from hitless.records import Outcome
from tests.prove.runs import KEEPALIVE, Run, pids

OLD, NEW = pids(1)


@pytest.mark.parametrize(
    ("pid", "status", "termination", "code"),
    [
        (OLD, 503, "SC--", "HL205"),
        (OLD, 503, "sC--", "HL205"),
        (OLD, 503, "sQ--", "HL205"),
        (OLD, 503, "LR--", UNEXPLAINED),
        (OLD, 504, "sH--", UNEXPLAINED),
        (NEW, 503, "SC--", "HL801"),
        (NEW, 503, "SC", "HL801"),
        (NEW, 503, "PR--", UNEXPLAINED),
        (NEW, 500, "SC--", UNEXPLAINED),
        (4711, 503, "SC--", UNEXPLAINED),
        (OLD, 503, "KC--", "HL201"),
    ],
)
def test_pid_status_and_termination_decide(pid: int, status: int, termination: str, code: str) -> None:
    run = Run()
    row = run.hurt(KEEPALIVE, 6.5, Outcome.HTTP_5XX, status=status, age_s=0.2)
    run.logged(row, 6.51, pid, status, termination.ljust(4, "-"))
    (found,) = run.judge().causes
    assert (found.code, found.victims) == (code, 1)


def test_a_client_that_writes_sc_into_its_path_is_no_evidence() -> None:
    run = Run()
    row = run.hurt(KEEPALIVE, 6.5, Outcome.HTTP_5XX, status=503, age_s=3.0)
    assert "GET /SC" in run.logged(row, 6.51, OLD, 503, "LR--").text
    assert [cause.code for cause in run.judge().causes] == [UNEXPLAINED]


def test_the_old_process_is_old_only_once_it_was_replaced() -> None:
    run = Run()
    row = run.hurt(KEEPALIVE, 8.5, Outcome.HTTP_5XX, status=503, age_s=0.2)
    run.logged(row, 8.51, NEW, 503)
    assert [cause.code for cause in run.judge().causes] == ["HL205"]
