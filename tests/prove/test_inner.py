"""Following a TCP frontend to the HTTP frontend behind it."""

import pytest

from hitless.prove.inner import InnerBind, inner_bind
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
