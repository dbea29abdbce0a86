import errno

import pytest

from hitless.reload.preflight.binds import judge_binds
from hitless.reload.preflight.receivers import NameQuery
from hitless.reload.preflight.trial_task import AddressResult, NameResult, PathResult
from hitless.reloads import CheckState
from tests.reload.preflight.binds_bed import FILE, STRANGER, facts_of, inet, unix

IN_USE = AddressResult(step="bind", errno=errno.EADDRINUSE)


def test_all_well_says_what_was_looked_at() -> None:
    facts = facts_of(
        "bind :80\nbind :81\nbind ::1:82\nbind /run/x",
        inet("0.0.0.0:80"),
        inet("[::1]:82", v6_only=True),
        inet("0.0.0.0:9"),
        tried={1: AddressResult(), 2: AddressResult()},
        paths={3: PathResult()},
    )
    (check,) = judge_binds(facts)
    assert (check.name, check.state) == ("binds", CheckState.PASSED)
    assert check.message == (
        "listening addresses: 1 handed over, 1 opened anew, 2 new, 1 closed; 2 tried, all can be bound"
    )


def test_nothing_new_is_well_too() -> None:
    (check,) = judge_binds(facts_of("bind :80", inet("0.0.0.0:80")))
    assert check.message == "listening addresses: 1 handed over"
    (check,) = judge_binds(facts_of("bind rhttp@x/y"))
    assert check.message == "listening addresses: none"


def test_the_worst_is_first_and_nothing_passes_beside_it() -> None:
    facts = facts_of(
        "bind :80 interface none\nbind :81\nbind lb:82",
        inet("0.0.0.0:81", STRANGER),
        tried={0: AddressResult(interface_errno=errno.ENODEV), 1: IN_USE},
        names={NameQuery("lb", 0): NameResult(error="no answer")},
    )
    assert [check.state for check in judge_binds(facts)] == [
        *(CheckState.FAILED, CheckState.UNKNOWN, CheckState.WARNED),
    ]


def test_many_of_one_kind_are_counted() -> None:
    facts = facts_of(
        "bind :1000-1999",
        *(inet(f"0.0.0.0:{port}", STRANGER) for port in range(1000, 2000)),
        tried=dict.fromkeys(range(1000), IN_USE),
    )
    checks = judge_binds(facts)
    assert len(checks) == 51
    assert checks[-1].message.startswith(
        "and 950 more addresses, the first of them: 0.0.0.0:1050 (frontend a"
    )
    assert checks[-1].stops


@pytest.mark.parametrize(
    ("result", "state"),
    [
        (NameResult(error="Name or service not known", final=True), CheckState.FAILED),
        (NameResult(error="no answer within 10 s"), CheckState.UNKNOWN),
    ],
)
def test_a_name_without_an_address(result: NameResult, state: CheckState) -> None:
    (check,) = judge_binds(facts_of("bind ipv6@lb:80", names={NameQuery("lb", 6): result}))
    assert check.state is state
    assert check.stops
    assert f"lb:80 (frontend a, {FILE}:2) has no address ({result.error})" in check.message


def test_a_name_that_nobody_asked_for() -> None:
    (check,) = judge_binds(facts_of("bind lb:80"))
    assert "nobody asked" in check.message
    assert check.stops


def test_a_descriptor_that_is_not_there() -> None:
    (check,) = judge_binds(facts_of("bind fd@3"))
    assert check.state is CheckState.FAILED
    assert "has no listening socket as descriptor 3" in check.message


def test_what_could_not_be_tried_stops_where_it_is_new_tcp() -> None:
    facts = facts_of("bind /run/x\nbind :80\nbind :81", problem="no rights")
    (check,) = judge_binds(facts)
    assert check.state is CheckState.UNKNOWN
    assert check.required
    assert check.message == f"0.0.0.0:80 (frontend a, {FILE}:3) and 2 more could not be tried: no rights"


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("bind ::1:80", inet("[::1]:80", v6_only=True)),
        ("bind quic4@:443", unix("@other")),
        ("bind /run/x", unix("@other")),
    ],
)
def test_what_else_could_not_be_tried_does_not_stop(text: str, held: object) -> None:
    (check,) = judge_binds(facts_of(text, held, problem="no rights"))  # type: ignore[arg-type]
    assert check.state is CheckState.UNKNOWN
    assert not check.stops


def test_a_policy_that_is_not_ours_was_not_tried() -> None:
    label = "system_u:system_r:haproxy_t:s0"
    (check,) = judge_binds(facts_of("bind :80", tried={0: AddressResult()}, label=label))
    assert check.state is CheckState.UNKNOWN
    assert not check.stops
    assert check.evidence[0].text == label
    (check,) = judge_binds(facts_of("bind :80", inet("0.0.0.0:80"), label=label))
    assert check.state is CheckState.PASSED
