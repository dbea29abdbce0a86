from hitless.findings import Evidence
from hitless.reload.preflight.answers import Answers
from hitless.reloads import CheckState

SEEN = (Evidence(text="seen", source="there"),)


def test_each_answer_has_its_state_and_stops_or_not() -> None:
    answer = Answers("files")
    given = [
        answer.passed("a", SEEN),
        answer.warned("b", SEEN, hint="do"),
        answer.failed("c", SEEN, hint="do"),
        answer.unknown("d", SEEN),
        answer.unknown("e", SEEN, required=True),
    ]
    assert [(c.state, c.stops) for c in given] == [
        (CheckState.PASSED, False),
        (CheckState.WARNED, False),
        (CheckState.FAILED, True),
        (CheckState.UNKNOWN, False),
        (CheckState.UNKNOWN, True),
    ]
    assert {c.name for c in given} == {"files"}
    assert all(c.evidence == SEEN for c in given)
