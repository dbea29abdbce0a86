"""Frontends behind frontends: what a client must speak."""

from hitless.prove.describe import frontend_facts
from hitless.prove.inner import abstract_sockets, inner_bind
from hitless.prove.targets import Reachability, find_targets
from tests.config.samples import model_of

REACH = Reachability("198.18.255.1", "2001:db8::1", source_ipv4="10.7", source_ipv6="2001:db8:18:7")
CHAIN = """\
defaults
    mode http
frontend outer
    mode tcp
    bind :443
    tcp-request inspect-delay 5s
    use_backend pass if { req_ssl_sni -m end .example.com }
    default_backend terminate
backend pass
    mode tcp
    server away 10.0.0.9:443
backend terminate
    mode tcp
    server local abns@inner send-proxy-v2
frontend inner
    option idle-close-on-response
    bind abns@inner accept-proxy ssl crt /etc/x.pem alpn h2,http/1.1
"""


def test_a_client_speaks_to_the_frontend_at_the_end_of_the_chain() -> None:
    model = model_of(CHAIN)
    outer = find_targets(model, REACH, (2, 8)).main[0]
    assert (outer.frontend, outer.mode, outer.tls, outer.alpn) == ("outer", "http", True, ("h2", "http/1.1"))
    assert not outer.accept_proxy
    facts = frontend_facts(model, (2, 8))[0]
    assert (facts.name, facts.mode, facts.idle_close_on_response) == ("outer", "http", True)


def test_abstract_sockets_between_frontends() -> None:
    model = model_of(CHAIN)
    assert [abstract_sockets(proxy, model) for proxy in model.frontends] == [("abns@inner",), ()]
    assert frontend_facts(model, (2, 8))[0].abstract_sockets == ("abns@inner",)
    elsewhere = model_of(CHAIN.replace("bind abns@inner", "bind abns@another"))
    assert abstract_sockets(elsewhere.frontends[0], elsewhere) == (), "of another program"


def test_a_server_that_leads_elsewhere_is_not_followed() -> None:
    for old, new in (
        ("abns@inner send-proxy-v2", "abns@other send-proxy-v2"),
        ("abns@inner send-proxy-v2", "abns@inner"),  # HAProxy would refuse the connection: no PROXY header
    ):
        model = model_of(CHAIN.replace(old, new))
        assert inner_bind(model.frontends[0], model) is None
        assert find_targets(model, REACH, (2, 8)).main[0].mode == "tcp"


def test_a_circle_ends() -> None:
    model = model_of("listen a\n mode tcp\n bind 127.0.0.1:1\n server b 127.0.0.1:1\n")
    assert inner_bind(model.frontends[0], model) is None


def test_every_target_has_a_network_of_clients() -> None:
    text = "frontend a\n mode http\n bind :80\n bind :::81\n bind /run/a.sock\n"
    sources = [target.source_address for target in find_targets(model_of(text), REACH, (2, 8)).all]
    assert sources == ["10.7.1.0/24", "2001:db8:18:7:2::/120", ""]
