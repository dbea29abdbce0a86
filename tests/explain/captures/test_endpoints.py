import pytest

from hitless.errors import UsageError
from hitless.explain.captures.endpoints import endpoint_number, endpoint_text, parse_listeners


@pytest.mark.parametrize("text", ["192.0.2.1:80", "0.0.0.0:1", "[2001:db8::1]:443", "[::]:65535"])
def test_numbers_stand_for_endpoints(text: str) -> None:
    host, _, port = text.rpartition(":")
    assert endpoint_text(endpoint_number(host.strip("[]"), int(port))) == text


def test_no_two_endpoints_share_a_number() -> None:
    assert endpoint_number("0.0.0.1", 80) != endpoint_number("::1", 80)


def test_listeners_are_exact_or_of_every_address() -> None:
    listeners = parse_listeners(["192.0.2.1:80", "[2001:db8::1]:443", "*:8080", "[::]:8443", ":9000"])
    inside = [("192.0.2.1", 80), ("2001:db8::1", 443), ("198.51.100.7", 8080), ("::1", 8443), ("::1", 9000)]
    assert all(endpoint_number(*endpoint) in listeners for endpoint in inside)
    assert endpoint_number("192.0.2.2", 80) not in listeners
    assert endpoint_number("2001:db8::1", 80) not in listeners
    assert listeners.only_ports == frozenset({80, 443, 8080, 8443, 9000})


def test_listeners_that_are_said_learn_nothing_more() -> None:
    said, silent = parse_listeners(["*:80"]), parse_listeners([])
    other = endpoint_number("192.0.2.1", 81)
    said.learn(other)
    silent.learn(other)
    assert other not in said
    assert other in silent
    assert silent.only_ports is None


@pytest.mark.parametrize(
    "word", ["", "80", "192.0.2.1", "192.0.2.1:0", "192.0.2.1:99999", "example.com:80", "[::1]:²"]
)
def test_a_word_that_is_no_endpoint_is_refused(word: str) -> None:
    with pytest.raises(UsageError, match="no endpoint"):
        parse_listeners([word])
