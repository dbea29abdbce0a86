import pytest

from hitless.sandbox.world.checks.connect import Connect, parse_connect
from hitless.sandbox.world.checks.expectation import CannotSatisfy


def test_where_a_check_connects() -> None:
    assert parse_connect(()) == Connect()
    assert parse_connect(("default", "linger")) == Connect()
    words = ("port", "443", "addr", "10.0.0.1", "ssl", "sni", "port", "alpn", "h2", "comment", "addr")
    assert parse_connect(words) == Connect("10.0.0.1", 443)


def test_a_port_that_is_an_expression() -> None:
    with pytest.raises(CannotSatisfy):
        parse_connect(("port", "var(check.port)"))
