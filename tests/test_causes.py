import re

import pytest

from hitless.causes import CAUSES, UNEXPLAINED, Cause


@pytest.mark.parametrize("cause", CAUSES.values(), ids=list(CAUSES))
def test_a_cause_is_complete(cause: Cause) -> None:
    assert re.fullmatch(r"HL[1-8]\d\d", cause.code)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", cause.name)
    assert cause.summary
    assert cause.why
    assert cause.fix
    assert bool(cause.keyword) == bool(cause.section)
    assert cause.section in {"", "global", "defaults"}


def test_there_are_causes_with_names_of_their_own() -> None:
    assert len(CAUSES) > 10
    assert len({cause.name for cause in CAUSES.values()}) == len(CAUSES)
    assert UNEXPLAINED not in CAUSES
