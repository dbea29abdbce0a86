import pytest

from hitless.reload.preflight.bound_twice import Earlier, bound_twice
from hitless.reloads import CheckState
from tests.reload.preflight.binds_bed import facts_of

NO_REUSE = "global\n noreuseport\nfrontend a\n"


@pytest.mark.parametrize(
    ("first", "second", "clash"),
    [
        (":80", ":80", True),
        (":80", "192.0.2.1:80", True),
        ("192.0.2.1:80", ":80", True),
        ("192.0.2.1:80", "192.0.2.2:80", False),
        (":80", ":81", False),
        (":80", ":::80", True),
        (":::80", ":80", True),
        (":80", ":::80 v6only", False),
        (":80", "::1:80", False),
        (":80 interface lo", ":80 interface eth0", False),
        (":80 interface lo", ":80", True),
        (":80", ":80 namespace b", False),
        ("quic4@:80", "quic4@:80", False),
        (":80", "quic4@:80", False),
        ("abns@x", "abns@x", True),
        ("abns@x", "abnsz@x", False),
        ("/run/x", "/run/x", False),
    ],
)
def test_two_binds_that_exclude_each_other(first: str, second: str, *, clash: bool) -> None:
    facts = facts_of(f"{NO_REUSE} bind {first}\n bind {second}\n")
    one, other = (planned.receiver for planned in facts.plan.binds)
    earlier = Earlier(facts)
    assert earlier.in_the_way_of(one) is None
    earlier.add(one)
    assert earlier.in_the_way_of(other) is (one if clash else None)


def test_ports_are_shared_otherwise_and_names_never() -> None:
    facts = facts_of("bind :80\nbind :80\nbind abns@x\nbind abns@x")
    one, other, name, again = (planned.receiver for planned in facts.plan.binds)
    earlier = Earlier(facts)
    for receiver in (one, name):
        earlier.add(receiver)
    assert earlier.in_the_way_of(other) is None
    assert earlier.in_the_way_of(again) is name


def test_what_is_said_of_it() -> None:
    facts = facts_of(f"{NO_REUSE} bind :80\n bind 192.0.2.1:80\n")
    one, other = (planned.receiver for planned in facts.plan.binds)
    check = bound_twice(facts, other, one)
    assert check.state is CheckState.FAILED
    assert check.message.startswith(
        "192.0.2.1:80 (frontend a, /etc/haproxy/haproxy.cfg:5) is bound by 0.0.0.0:80 "
        "(frontend a, /etc/haproxy/haproxy.cfg:4) as well and `noreuseport` lets only one of them: HAProxy would refuse"
    )
