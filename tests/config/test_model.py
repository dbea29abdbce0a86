import pytest

from hitless.config.model import Address, Bind, Directive, Model, Proxy, Server

BIND = Bind((Address("ip", "0.0.0.0", 80),), {"ssl": (), "alpn": ("h2",)}, "h.cfg:3")


def directive(*words: str) -> Directive:
    return Directive(words, "h.cfg:1")


@pytest.mark.parametrize(
    ("kind", "host", "any_"),
    [
        ("ip", "0.0.0.0", True),
        ("ip", "::", True),
        ("udp", "*", True),
        ("quic", "::", True),
        ("ip", "127.0.0.1", False),
        ("abns", "*", False),
        ("unix", "::", False),
    ],
)
def test_which_addresses_stand_for_all(kind: str, host: str, any_: bool) -> None:  # noqa: FBT001 - a case
    assert Address(kind, host).is_any is any_


def test_an_option_without_arguments_is_there() -> None:
    server = Server("s", Address("ip", "10.0.0.1", 80), {"check": ()}, "h.cfg:4")
    assert (BIND.has("ssl"), BIND.has("crt"), server.has("check"), server.has("ssl")) == (
        True,
        False,
        True,
        False,
    )


def test_directives_are_found_by_their_first_words() -> None:
    sends = (directive("http-check", "send", "meth", "GET"), directive("http-check", "send"))
    proxy = Proxy(
        "backend", "b", "h.cfg:1", "http", directives=(*sends, directive("http-check", "expect", "x"))
    )
    assert proxy.all("http-check", "send") == sends
    assert len(proxy.all("http-check")) == 3
    assert proxy.all("http") == ()
    assert sends[0].keyword == "http-check"


def test_the_last_global_line_is_in_force() -> None:
    first, last = directive("hard-stop-after", "10s"), directive("hard-stop-after", "30s")
    model = Model(("h.cfg",), (first, directive("daemon"), last), ())
    assert model.global_value("hard-stop-after") is last
    assert model.global_value("hard-stop-after", "10s") is first
    assert model.global_value("nbthread") is None


def test_what_binds_is_a_frontend_and_what_is_used_a_backend() -> None:
    front = Proxy("frontend", "both", "h.cfg:1", "http", binds=(BIND,))
    back = Proxy("backend", "both", "h.cfg:2", "http", binds=())
    listen = Proxy("listen", "l", "h.cfg:3", "tcp", binds=(BIND,))
    off = Proxy("frontend", "off", "h.cfg:4", "http", binds=(BIND,), disabled=True)
    unbound = Proxy("frontend", "unbound", "h.cfg:5", "http")
    model = Model(("h.cfg",), (), (front, back, listen, off, unbound))
    assert model.frontends == (front, listen)
    assert model.proxy("both") is back
    assert model.proxy("l") is listen
    assert model.proxy("off") is None
