"""Every bind of every frontend becomes a target, or has a reason why not."""

import pytest

from hitless.prove.targets import MAX_TARGETS, Reachability, Targets, find_targets, without_removed
from tests.config.samples import model_of

REACH = Reachability(
    any_ipv4="198.18.255.1",
    any_ipv6="2001:db8:18:ffff::1",
    source_ipv4="10.7",
    source_ipv6="2001:db8:18:7",
    client_certificate="/run/client.pem",
)


def targets(text: str, reach: Reachability = REACH, version: tuple[int, int] = (2, 8)) -> Targets:
    return find_targets(model_of(text), reach, version)


def test_addresses_as_they_can_be_connected_to() -> None:
    found = targets(
        """
        defaults
            mode http
        frontend a
            bind :80
        frontend b
            bind [::]:8080 v4v6
        frontend c
            bind 192.168.10.25:81,/run/c.sock
        frontend d
            mode tcp
            bind abns@hidden
        """
    )
    assert [(t.frontend, t.endpoint, t.mode) for t in found.all] == [
        ("a", "198.18.255.1:80", "http"),
        ("b", "[2001:db8:18:ffff::1]:8080", "http"),
        ("c", "192.168.10.25:81", "http"),
        ("d", "@hidden", "tcp"),
        ("c", "/run/c.sock", "http"),
    ]
    assert [t.source_address for t in found.all] == [
        "10.7.1.0/24",
        "2001:db8:18:7:2::/120",
        "10.7.3.0/24",
        "",
        "",
    ]
    assert found.all[0].where == "h.cfg:4"
    assert found.not_covered == ()


def test_the_first_address_of_each_way_to_speak_is_driven_by_all_clients() -> None:
    found = targets(
        """
        frontend www
            mode http
            bind :80
            bind :81
            bind :443 ssl crt x.pem alpn h2,http/1.1
            bind :444 ssl crt x.pem alpn h2,http/1.1
            bind :8080 accept-proxy
        """
    )
    assert [t.port for t in found.main] == [80, 443, 8080]
    assert [t.port for t in found.further] == [81, 444]


@pytest.mark.parametrize(
    ("bind", "version", "alpn"),
    [
        (":443 ssl crt x", (2, 8), ("h2", "http/1.1")),
        (":443 ssl crt x", (2, 6), ()),
        (":443 ssl crt x alpn http/1.1", (2, 8), ("http/1.1",)),
        (":443 ssl crt x no-alpn", (3, 0), ()),
        (":443 alpn h2", (2, 8), ()),
    ],
)
def test_alpn(bind: str, version: tuple[int, int], alpn: tuple[str, ...]) -> None:
    (target,) = targets(f"frontend f\n    mode http\n    bind {bind}\n", version=version).all
    assert target.alpn == alpn


def test_no_alpn_by_default_in_tcp_mode() -> None:
    (target,) = targets("frontend f\n    mode tcp\n    bind :443 ssl crt x\n").all
    assert target.tls
    assert target.alpn == ()


def test_h2_without_tls_and_the_proxy_protocol() -> None:
    h2, proxied = targets("frontend f\n    mode http\n    bind :80 proto h2\n    bind :81 accept-proxy\n").all
    assert h2.h2_prior_knowledge
    assert proxied.accept_proxy


@pytest.mark.parametrize(
    ("section", "why"),
    [
        ("mode http\n    bind quic4@:443 ssl crt x", "QUIC"),
        ("mode http\n    bind fd@3", "fd@"),
        ("mode http\n    bind name.example:80", "host name"),
        ("mode http\n    bind :80 accept-netscaler-cip 1", "NetScaler"),
        ("mode log\n    bind :80", "mode log"),
    ],
)
def test_what_is_not_driven_says_why(section: str, why: str) -> None:
    found = targets(f"frontend f\n    {section}\n")
    assert found.all == ()
    (left_out,) = found.not_covered
    assert why in left_out.why
    assert (left_out.frontend, left_out.where) == ("f", "h.cfg:3")


def test_a_disabled_frontend_is_named() -> None:
    found = targets("frontend f\n    mode http\n    bind :80\n    disabled\n")
    assert found.all == ()
    assert found.not_covered[0].why == "disabled in the configuration"


def test_clients_without_a_certificate_cannot_go_where_one_is_required() -> None:
    text = "frontend f\n    mode http\n    bind :443 ssl crt x verify required ca-file c\n"
    assert targets(text).all[0].client_certificate == "/run/client.pem"
    without = Reachability(any_ipv4="127.0.0.1", any_ipv6="::1")
    assert "certificate" in targets(text, without).not_covered[0].why
    optional = text.replace("required", "optional")
    assert targets(optional, without).all[0].client_certificate == ""


def test_a_machine_without_ipv6() -> None:
    found = targets(
        "frontend f\n    mode http\n    bind [2001:db8::1]:80\n    bind :80\n",
        Reachability(any_ipv4="127.0.0.1", any_ipv6="::1", ipv6=False),
    )
    assert [t.endpoint for t in found.all] == ["127.0.0.1:80"]
    assert "IPv6" in found.not_covered[0].why
    assert found.all[0].source_address == ""


def test_more_addresses_than_can_be_driven_are_named() -> None:
    found = targets(f"frontend f\n    mode http\n    bind :10000-{10000 + MAX_TARGETS + 4}\n")
    assert len(found.all) == MAX_TARGETS
    assert len(found.not_covered) == 5
    assert str(MAX_TARGETS) in found.not_covered[0].why
    assert len({t.source_address for t in found.all}) == MAX_TARGETS


def test_what_a_change_removes_is_left_out_with_the_reason() -> None:
    before = targets(
        """
        frontend a
            bind 192.0.2.1:80
            bind 192.0.2.1:81
        frontend b
            bind 192.0.2.2:80
        """
    )
    after = targets("frontend a\n    bind 192.0.2.1:80\nfrontend new\n    bind 192.0.2.9:80\n")
    left = without_removed(before, after)
    assert [one.endpoint for one in left.all] == ["192.0.2.1:80"]
    assert [(one.frontend, one.why) for one in left.not_covered] == [
        ("b", "the changed configuration does not bind it"),
        ("a", "the changed configuration does not bind it"),
    ]
    assert without_removed(before, before) == before
