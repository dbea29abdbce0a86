"""An abstract socket that is taken and not handed over, and what is no sign of it."""

from collections.abc import Callable

import pytest

from hitless.causes import UNEXPLAINED
from hitless.prove.facts import FrontendFacts
from hitless.records import EventKind, Outcome
from tests.prove.runs import CONNECT, KEEPALIVE, Run, pids

OLD, _NEW = pids(1)
NAMED = ("abns@inside",)


def run_with(*names: str, anew: bool = True, via: str = "master-cli") -> Run:
    run = Run()
    frontend = FrontendFacts(
        name=CONNECT.target.frontend,
        where=CONNECT.target.where,
        idle_close_on_response=True,
        abstract_sockets=names,
    )
    run.with_facts(frontends=(frontend,), via=via, tcp_migrate_req=True)
    if anew:
        run.event(EventKind.KERNEL_LISTEN, 6.04, local=CONNECT.target.endpoint, socket=5)
    return run


def cause(run: Run) -> str:
    (found,) = run.judge().causes
    assert found.victims == 1
    return found.code


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (Outcome.HTTP_5XX, 503),
        (Outcome.HTTP_5XX, 502),
        (Outcome.EMPTY_REPLY, 0),
        (Outcome.RESET_BEFORE_RESPONSE, 0),
    ],
)
def test_what_clients_of_the_outer_frontend_get(outcome: Outcome, status: int) -> None:
    run = run_with(*NAMED)
    run.hurt(CONNECT, 6.05, outcome, status=status)
    assert cause(run) == "HL309"
    assert "abns@inside" in run.judge().causes[0].evidence[-1]


def test_a_reload_with_sf_opens_anew_although_no_kernel_saw_it() -> None:
    run = run_with(*NAMED, anew=False, via="sf")
    run.hurt(KEEPALIVE, 6.05, Outcome.HTTP_5XX, status=503)
    assert cause(run) == "HL309"


def without_an_abstract_socket(run: Run) -> None:
    run.with_facts(frontends=run_with().facts.frontends)
    run.hurt(CONNECT, 6.05, Outcome.HTTP_5XX, status=503)


def another_error(run: Run) -> None:
    run.hurt(CONNECT, 6.05, Outcome.HTTP_5XX, status=500)


def long_after(run: Run) -> None:
    run.hurt(CONNECT, 7.8, Outcome.HTTP_5XX, status=502)


def a_kept_alive_connection_closed(run: Run) -> None:
    run.hurt(KEEPALIVE, 6.05, Outcome.EMPTY_REPLY, age_s=0.5)


def a_refusal_by_rule(run: Run) -> None:
    run.logged(run.hurt(CONNECT, 6.05, Outcome.HTTP_5XX, status=503), 6.06, OLD, 503, "PR--")


@pytest.mark.parametrize(
    "other",
    [
        without_an_abstract_socket,
        another_error,
        long_after,
        a_kept_alive_connection_closed,
        a_refusal_by_rule,
    ],
)
def test_what_is_no_sign_of_it(other: Callable[[Run], None]) -> None:
    run = run_with(*NAMED)
    other(run)
    assert cause(run) == UNEXPLAINED


def test_one_address_that_is_never_handed_over_does_not_tell_of_others() -> None:
    run = run_with(*NAMED)
    run.with_facts(endpoints=(CONNECT.target.endpoint, "[2001:db8::1]:443"))
    run.hurt(CONNECT, 6.05, Outcome.HTTP_5XX, status=503)
    assert cause(run) != "HL309"


def test_sockets_that_were_handed_over() -> None:
    run = run_with(*NAMED, anew=False)
    run.hurt(CONNECT, 6.05, Outcome.HTTP_5XX, status=503)
    assert cause(run) != "HL309"
