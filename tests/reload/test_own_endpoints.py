import pytest

from hitless.reload.own_endpoints import OwnEndpoints

ADDRESSES = ("192.0.2.1", "2001:db8::1")
NETWORKS = ("127.0.0.0/8", "2001:db8:f::/64")


@pytest.mark.parametrize(
    ("local", "endpoint"),
    [
        pytest.param("198.51.100.1:80", "198.51.100.1:80", id="itself, wherever it is"),
        pytest.param("192.0.2.1:80", "", id="another port's address"),
        pytest.param("192.0.2.1:81", "0.0.0.0:81", id="wildcard"),
        pytest.param("127.9.9.9:81", "0.0.0.0:81", id="a whole network is local"),
        pytest.param("172.17.0.2:81", "", id="the same port in another namespace"),
        pytest.param("[2001:db8::1]:81", "", id="no IPv6 for an IPv4 wildcard"),
        pytest.param("[2001:db8::1]:443", "[::]:443", id="IPv6 wildcard"),
        pytest.param("[2001:db8:f::7]:443", "[::]:443", id="IPv6 network"),
        pytest.param("[2001:db8:e::7]:443", "", id="another's IPv6 address"),
        pytest.param("192.0.2.1:443", "[::]:443", id="a dual-stack wildcard takes IPv4"),
        pytest.param("192.0.2.1:444", "", id="v6only does not"),
        pytest.param("[2001:db8::1]:444", "[::]:444", id="v6only takes IPv6"),
        pytest.param("127.0.0.1:81", "", id="another process listens on this one address"),
    ],
)
def test_whose_it_is(local: str, endpoint: str) -> None:
    own = OwnEndpoints(
        ("198.51.100.1:80", "0.0.0.0:81", "[::]:443", "[::]:444"),
        ADDRESSES,
        NETWORKS,
        others=("127.0.0.1:81",),
        v6_only=("[::]:444",),
    )
    assert own.endpoint(local) == endpoint


def test_the_ipv4_wildcard_comes_before_the_ipv6_one() -> None:
    assert OwnEndpoints(("0.0.0.0:80", "[::]:80"), ADDRESSES, ()).endpoint("192.0.2.1:80") == "0.0.0.0:80"
