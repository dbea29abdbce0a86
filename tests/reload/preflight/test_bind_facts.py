from typing import Any

import pytest

from hitless.reload.preflight.bind_facts import consequence, error_text
from hitless.reload.preflight.receivers import Kind
from tests.reload.preflight.binds_bed import STRANGER, facts_of, inet, unix

REFUSED = "refuse every client of every frontend for about 2 s and keep the old worker"
ENDS = "in this version end with the whole service"


@pytest.mark.parametrize(
    ("words", "then"),
    [
        ({}, REFUSED),
        ({"version": (2, 2, 9)}, REFUSED),
        ({"version": (3, 2, 26)}, REFUSED),
        ({"version": (2, 8, 0)}, ENDS),
        ({"version": (2, 0, 31)}, ENDS),
        ({"version": (2, 8, 0), "mode": "classic"}, "keep the old process"),
        (
            {"transfer": False},
            "leave every client of every frontend unanswered for about 2 s and keep the old worker",
        ),
        ({"transfer": False, "mode": "classic"}, "unanswered for about 2 s and keep the old process"),
    ],
)
def test_what_follows_a_failed_bind(words: dict[str, Any], then: str) -> None:
    facts = facts_of("bind :80", **words)
    assert consequence(facts, facts.plan.binds[0].receiver).endswith(then)


@pytest.mark.parametrize(
    ("version", "ends"), [((2, 4, 9), True), ((2, 6, 12), True), ((2, 6, 13), False), ((2, 2, 9), False)]
)
def test_an_abstract_socket_that_is_live_ends_some_versions(version: tuple[int, ...], *, ends: bool) -> None:
    live = facts_of("bind :80\nbind abns@x", unix("@x"), version=version)
    new = facts_of("bind :80\nbind abns@x", version=version)
    assert (ENDS in consequence(live, live.plan.binds[0].receiver)) is ends
    assert ENDS not in consequence(new, new.plan.binds[0].receiver)


def test_a_final_error_pauses_nobody() -> None:
    facts = facts_of("bind /run/x")
    said = consequence(facts, facts.plan.binds[0].receiver, retried=False)
    assert said == "HAProxy would refuse the new configuration and keep the old worker"


def test_whose_socket_it_is_and_what_is_planned() -> None:
    facts = facts_of("bind :80\nbind :81\nbind /run/x", inet("0.0.0.0:80"))
    assert facts.is_own(inet("0.0.0.0:80"))
    assert not facts.is_own(inet("0.0.0.0:80", STRANGER))
    assert [position for position, _ in facts.planned(Kind.TCP)] == [1]
    assert [position for position, _ in facts.planned(Kind.UNIX)] == [2]


def test_the_kernels_words() -> None:
    assert error_text(98) == "Address already in use"
