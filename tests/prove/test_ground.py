"""The ground a configuration stands on: one world for two configurations, addresses that are free."""

import socket

import pytest

from hitless.prove.ground import _is_free, _join, _local_names, _reachability
from hitless.prove.protocol import ProvePlan
from hitless.sandbox.entry import TierKind
from hitless.sandbox.world.plan import plan_world
from hitless.sandbox.world.records import WorldPlan
from hitless.sandbox.write_standins import WorldCertificates
from tests.config.samples import model_of


def world(*servers: str) -> WorldPlan:
    lines = "\n".join(f"    server s{number} {address}" for number, address in enumerate(servers))
    model = model_of(
        f"defaults\n    mode http\nfrontend f\n    bind :80\n    default_backend b\nbackend b\n{lines}\n"
    )
    return plan_world(model, local_names={}, certificate="", ipv6=True, private=True)


def test_two_configurations_share_one_world() -> None:
    first, second = world("10.0.0.1:80"), world("10.0.0.1:80", "10.0.0.2:80")
    joined = _join([first, second])
    assert {one.where for one in joined.endpoints} == {one.where for one in second.endpoints}
    assert len(joined.endpoints) == len(second.endpoints)
    assert _join([first]).endpoints == first.endpoints


def test_an_address_is_free_or_not() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert not _is_free("127.0.0.1", server.getsockname()[1])
    assert not _is_free("192.0.2.1", 80)


@pytest.mark.parametrize(("tier", "any_ipv4"), [("root", "198.18.255.1"), ("loopback", "127.0.0.1")])
def test_how_clients_reach_any_address(tier: str, any_ipv4: str) -> None:
    certificates = WorldCertificates(authority="", server="", client="/run/c.pem")
    reach = _reachability(ProvePlan(tier=tier, client_network=9), TierKind(tier), certificates)
    assert reach.any_ipv4 == any_ipv4
    assert reach.client_certificate == "/run/c.pem"
    assert reach.source_ipv4 == ("10.9" if tier == "root" else "")


def test_this_machines_own_names_are_known() -> None:
    assert isinstance(_local_names(), dict)
