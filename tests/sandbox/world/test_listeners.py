import pytest

from hitless.sandbox.world.addresses import Spot
from hitless.sandbox.world.checks.connect import Connect
from hitless.sandbox.world.checks.expectation import CannotSatisfy
from hitless.sandbox.world.health import Check
from hitless.sandbox.world.listeners import Listeners
from hitless.sandbox.world.records import HttpAnswer, Step

SPOT = Spot("tcp", "10.0.0.1", 80)
GREET, OTHER_GREETING = (Step(say=b"220 a\r\n"),), (Step(say=b"220 b\r\n"),)
PING, QUIT = (Step(hear=b"PING", say=b"PONG"),), (Step(hear=b"QUIT", say=b"BYE"),)


def expecting(*checks: Check) -> Listeners:
    listeners = Listeners()
    listeners.open(SPOT, label="b/s")
    for check in checks:
        listeners.expect(SPOT, check)
    return listeners


def script(*steps: Step) -> Check:
    return Check(Connect(), script=steps)


def answer(path: str, status: int = 200) -> Check:
    return Check(Connect(), answer=HttpAnswer(method="GET", path=path, status=status))


def test_who_comes_first_gives_the_role_and_label() -> None:
    listeners = Listeners()
    listeners.open(SPOT, label="first", role="dns")
    listeners.open(SPOT, label="second")
    listeners.open(Spot("unix", "/run/a"), label="third")
    assert [(e.role, e.label, e.where) for e in listeners.endpoints()] == [
        ("dns", "first", "10.0.0.1:80"),
        ("server", "third", "/run/a"),
    ]


def test_only_abstract_names_are_padded() -> None:
    listeners = Listeners()
    listeners.open(SPOT)
    listeners.open(Spot("abstract", "a"))
    listeners.open(Spot("abstract", "z"), padded=False)
    assert [e.padded for e in listeners.endpoints()] == [False, True, False]


def test_checks_that_can_be_told_apart_are_all_satisfied_once() -> None:
    listeners = expecting(
        answer("/a"), answer("/b", 404), answer("/a"), script(*PING), script(*QUIT), script(*PING)
    )
    (endpoint,) = listeners.endpoints()
    assert [(a.path, a.status) for a in endpoint.answers] == [("/a", 200), ("/b", 404)]
    assert endpoint.scripts == (PING, QUIT)


@pytest.mark.parametrize(
    ("first", "second", "why"),
    [
        (answer("/a"), answer("/a", 404), "different answer to GET /a"),
        (script(*GREET), script(*OTHER_GREETING), "begins like this"),
        (script(*PING), script(Step(hear=b"PING", say=b"other")), "begins like this"),
        (script(Step(hear_anything=True)), script(Step(hear_anything=True, say=b"x")), "begins like this"),
    ],
)
def test_checks_that_contradict_each_other_are_refused(first: Check, second: Check, why: str) -> None:
    with pytest.raises(CannotSatisfy, match=why):
        expecting(first, second)


def test_a_greeting_and_an_answer_to_anything_are_different_beginnings() -> None:
    (endpoint,) = expecting(script(*GREET), script(Step(hear_anything=True, say=b"x"))).endpoints()
    assert len(endpoint.scripts) == 2
