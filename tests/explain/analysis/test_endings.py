import pytest

from hitless.explain.analysis.endings import describe, is_error, is_excess, is_normal
from hitless.explanations import Role


def test_the_same_ending_means_more_of_an_old_process() -> None:
    plain, old = (describe(503, "SC--", role) for role in (Role.OTHER, Role.OLD))
    assert old.startswith(plain)
    assert "no longer checks" in old
    assert "only started" in describe(503, "sC--", Role.NEW)


@pytest.mark.parametrize("termination", [a + b for a in "CSPLRIDUKcs" for b in "RQCHDLT-"])
def test_every_ending_is_said_in_words(termination: str) -> None:
    assert len(describe(-1, termination, Role.OLD)) > 10


def test_what_no_table_has() -> None:
    assert describe(500, "----", Role.NEW) == "answered 500, and the connection ended normally"
    assert describe(-1, "", Role.NEW) == "it ended normally"


def test_who_is_to_blame() -> None:
    assert is_normal(200, "----")
    assert is_normal(-1, "LR--")
    assert not is_normal(503, "----")
    assert is_error(200, "SD--")
    assert not is_error(408, "cR--")


def test_chance_is_no_excess() -> None:
    assert not is_excess(1, 0.0)
    assert is_excess(3, None)
    assert not is_excess(110, 100.0)
    assert is_excess(140, 100.0)
