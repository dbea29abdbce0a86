"""Following a TCP frontend to the HTTP frontend behind it."""

import pytest

from hitless.prove.describe import frontend_facts
from hitless.prove.inner import InnerBind, inner_bind
from hitless.prove.targets import Reachability, find_targets
from tests.config.samples import model_of

CHAIN = """
frontend edge
    mode tcp
    bind :443
    use_backend other if {{ req.ssl_sni x.example }}
    default_backend to_inner
backend other
    mode tcp
    server o 10.0.0.9:443
backend to_inner
    mode tcp
    server loop {server}
frontend inner
    mode http
    bind {bind}
    default_backend app
backend app
    mode http
    server s 10.0.0.1:80
"""


def follow(server: str, bind: str) -> InnerBind | None:
    model = model_of(CHAIN.format(server=server, bind=bind))
    return inner_bind(model.frontends[0], model)


@pytest.mark.parametrize(
    ("server", "bind", "tls"),
    [
        ("unix@/run/inner.sock", "/run/inner.sock ssl crt x", True),
        ("abns@inner send-proxy-v2", "abns@inner accept-proxy ssl crt x", True),
        ("127.0.0.1:8443 send-proxy", "127.0.0.1:8443 accept-proxy", False),
        ("127.0.0.1:8443", ":8443 ssl crt x", True),
        ("127.0.0.1:8443 ssl verify none", ":8443 ssl crt x", False),
    ],
)
def test_what_leads_to_an_inner_frontend(server: str, bind: str, tls: bool) -> None:  # noqa: FBT001 - a column
    found = follow(server, bind)
    assert found is not None
    assert (found.frontend.name, found.tls) == ("inner", tls)


@pytest.mark.parametrize(
    ("server", "bind"),
    [
        ("unix@/run/inner.sock", "/run/another.sock"),
        ("unix@/run/inner.sock send-proxy", "/run/inner.sock"),
        ("unix@/run/inner.sock", "/run/inner.sock accept-proxy"),
        ("127.0.0.1:8443", "127.0.0.1:8444"),
        ("10.1.1.1:8443", ":8443"),
    ],
)
def test_what_does_not(server: str, bind: str) -> None:
    assert follow(server, bind) is None


def test_a_circle_is_not_followed_for_ever() -> None:
    model = model_of(
        """
        listen a
            mode tcp
            bind 127.0.0.1:1
            server b 127.0.0.1:2
        listen b
            mode tcp
            bind 127.0.0.1:2
            server a 127.0.0.1:1
        """
    )
    assert inner_bind(model.frontends[0], model) is None


def test_a_chain_of_two_is_followed() -> None:
    model = model_of(
        """
        listen a
            mode tcp
            bind :1
            server b 127.0.0.1:2
        listen b
            mode tcp
            bind 127.0.0.1:2
            server c 127.0.0.1:3
        frontend c
            mode http
            bind 127.0.0.1:3
        """
    )
    found = inner_bind(model.frontends[0], model)
    assert found is not None
    assert found.frontend.name == "c"


REACH = Reachability("198.18.255.1", "2001:db8::1", source_ipv4="10.7", source_ipv6="2001:db8:18:7")
WHOLE_CHAIN = """\
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
    model = model_of(WHOLE_CHAIN)
    outer = find_targets(model, REACH, (2, 8)).main[0]
    assert (outer.frontend, outer.mode, outer.tls, outer.alpn) == ("outer", "http", True, ("h2", "http/1.1"))
    assert not outer.accept_proxy
    facts = frontend_facts(model, (2, 8))[0]
    assert (facts.name, facts.mode, facts.idle_close_on_response) == ("outer", "http", True)


def test_a_server_that_leads_elsewhere_is_not_followed() -> None:
    for old, new in (
        ("abns@inner send-proxy-v2", "abns@other send-proxy-v2"),
        ("abns@inner send-proxy-v2", "abns@inner"),  # HAProxy would refuse the connection: no PROXY header
    ):
        model = model_of(WHOLE_CHAIN.replace(old, new))
        assert inner_bind(model.frontends[0], model) is None
        assert find_targets(model, REACH, (2, 8)).main[0].mode == "tcp"


def test_a_circle_ends() -> None:
    model = model_of("listen a\n mode tcp\n bind 127.0.0.1:1\n server b 127.0.0.1:1\n")
    assert inner_bind(model.frontends[0], model) is None


def test_every_target_has_a_network_of_clients() -> None:
    text = "frontend a\n mode http\n bind :80\n bind :::81\n bind /run/a.sock\n"
    sources = [target.source_address for target in find_targets(model_of(text), REACH, (2, 8)).all]
    assert sources == ["10.7.1.0/24", "2001:db8:18:7:2::/120", ""]
