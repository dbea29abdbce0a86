import socket

import pytest

from hitless.reload.preflight.neighbours import Neighbours
from hitless.reload.preflight.receivers import Kind
from hitless.reload.preflight.trial_plan import address_trial, plan_trial
from hitless.reload.preflight.trial_task import AddressTrial
from tests.reload.preflight.binds_bed import STRANGER, facts_of, inet, receivers_of

V4, V6, TCP, UDP = socket.AF_INET, socket.AF_INET6, socket.SOCK_STREAM, socket.SOCK_DGRAM


@pytest.mark.parametrize(
    ("bind", "trial"),
    [
        (":80", AddressTrial(family=V4, kind=TCP, host="0.0.0.0", port=80)),
        (":::80 v6only", AddressTrial(family=V6, kind=TCP, host="::", port=80, v6_only=True)),
        (":::80 v4v6", AddressTrial(family=V6, kind=TCP, host="::", port=80)),
        ("::ffff:192.0.2.1:80", AddressTrial(family=V6, kind=TCP, host="::ffff:192.0.2.1", port=80)),
        (
            "192.0.2.1:80 transparent interface lo namespace b",
            AddressTrial(
                family=V4,
                kind=TCP,
                host="192.0.2.1",
                port=80,
                transparent=True,
                interface=b"lo",
                namespace=b"b",
            ),
        ),
        ("mptcp@192.0.2.1:80", AddressTrial(family=V4, kind=TCP, protocol=262, host="192.0.2.1", port=80)),
        (
            "quic4@:443",
            AddressTrial(family=V4, kind=UDP, host="0.0.0.0", port=443, reuse=False, reuse_port=False),
        ),
        ("abns@x", AddressTrial(family=socket.AF_UNIX, kind=TCP, name=b"\0x".ljust(108, b"\0"))),
        ("abnsz@x", AddressTrial(family=socket.AF_UNIX, kind=TCP, name=b"\0x")),
    ],
)
def test_a_bind_as_haproxy_calls_it(bind: str, trial: AddressTrial) -> None:
    (receiver,) = receivers_of(f"bind {bind}")
    assert address_trial(receiver, reuse_port=True) == trial


def test_noreuseport_shares_nothing() -> None:
    (receiver,) = receivers_of("bind :80")
    trial = address_trial(receiver, reuse_port=False)
    assert (trial.reuse, trial.reuse_port) == (True, False)


def test_what_is_tried_and_what_is_left_alone() -> None:
    facts = facts_of(
        "bind :80,:81,::1:82\nbind /run/x\nbind fd@3\nbind lb:83\nbind quic4@:84,quic4@:85\nbind abns@x",
        inet("0.0.0.0:80"),
        inet("[::1]:82", v6_only=True),
        inet("0.0.0.0:84", STRANGER, kind=Kind.UDP),
    )
    addresses, paths = plan_trial(facts.plan, Neighbours(facts.views))
    named = [facts.plan.binds[position].receiver.endpoint for position in addresses]
    assert named == ["0.0.0.0:81", "[::1]:82", "0.0.0.0:85", "@x"]
    assert paths == [3]
