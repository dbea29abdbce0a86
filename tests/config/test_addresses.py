from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hitless.config.addresses import AddressError, parse_address, parse_addresses
from hitless.config.model import Address

VARIABLES = {b"VIP": b"192.0.2.5", b"PORT": b"8080"}


@pytest.mark.parametrize(
    ("text", "kind", "host", "port"),
    [
        (":80", "ip", "0.0.0.0", 80),
        ("*:80", "ip", "0.0.0.0", 80),
        ("ipv6@:80", "ip", "::", 80),
        ("ipv6@*:80", "ip", "::", 80),
        (":::80", "ip", "::", 80),
        ("[::]:80", "ip", "::", 80),
        ("[2001:db8::1]:443", "ip", "2001:db8::1", 443),
        ("2001:db8::1:443", "ip", "2001:db8::1", 443),
        ("ipv4@192.0.2.1:1", "ip", "192.0.2.1", 1),
        ("quic4@:443", "quic", "0.0.0.0", 443),
        ("quic6@[::1]:443", "quic", "::1", 443),
        ("quic+ipv4@:443", "quic", "0.0.0.0", 443),
        ("udp@127.0.0.1:514", "udp", "127.0.0.1", 514),
        ("mptcp@:80", "ip", "0.0.0.0", 80),
        ("localhost:80", "name", "localhost", 80),
        ("/run/x.sock", "unix", "/run/x.sock", 0),
        ("unix@run/x.sock", "unix", "run/x.sock", 0),
        ("uxst@/run/x.sock", "unix", "/run/x.sock", 0),
        ("abns@haproxy", "abns", "haproxy", 0),
        ("abnsz@haproxy", "abns", "haproxy", 0),
        ("fd@3", "fd", "3", 0),
        ("fd@${PORT}", "fd", "8080", 0),
        ("sockpair@5", "sockpair", "5", 0),
        ("rhttp@be/srv", "rhttp", "be/srv", 0),
        ("${VIP}:$PORT", "ip", "192.0.2.5", 8080),
    ],
)
def test_one_address(text: str, kind: str, host: str, port: int) -> None:
    assert parse_addresses(text, VARIABLES) == (Address(kind, host, port, text),)


def test_lists_and_ranges_are_expanded() -> None:
    found = parse_addresses("10.0.0.1:80-82,[::1]:443,/x", {}, unix_prefix="/run")
    assert [(a.host, a.port) for a in found] == [
        *(("10.0.0.1", 80), ("10.0.0.1", 81), ("10.0.0.1", 82), ("::1", 443), ("/run/x", 0))
    ]


def test_one_line_has_a_bounded_number_of_addresses() -> None:
    assert len(parse_addresses(":1-65535", {})) == 65535
    with pytest.raises(AddressError, match="more than 262144 addresses"):
        parse_addresses(",".join([":1-65535"] * 1000), {})


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            ",",
            "10.0.0.1",
            "[::1]",
            ":0",
            ":70000",
            ":90-80",
            ":x",
            ":80-",
            "ipv4@::1:80",
            "ipv6@1.2.3.4:80",
        ),
        *("[nope]:80", "bad host:80", "${UNSET}", "foo@1.2.3.4:80", "fe80::1%eth0:80", ":" + "9" * 5000),
    ],
)
def test_no_address(text: str) -> None:
    with pytest.raises(AddressError):
        parse_addresses(text, {})


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("10.0.0.1", "10.0.0.1", 0),
        ("10.0.0.1:", "10.0.0.1", 0),
        ("10.0.0.1:+1000", "10.0.0.1", 0),
        ("h:-1", "h", 0),
    ],
)
def test_a_server_takes_the_port_of_the_bind(text: str, host: str, port: int) -> None:
    address = parse_address(text, {})
    assert (address.host, address.port) == (host, port)


def test_a_bare_address_of_a_datagram_service_is_udp() -> None:
    assert parse_address("10.0.0.1", {}, default_port=514, datagram=True) == Address(
        "udp", "10.0.0.1", 514, "10.0.0.1"
    )
    assert parse_address("tcp@10.0.0.1", {}, default_port=514, datagram=True).kind == "ip"
    assert parse_address("/dev/log", {}, default_port=514, datagram=True).kind == "unix"


def test_any_address_of_a_family() -> None:
    assert parse_address(":80", {}).is_any
    assert parse_address("[::]:80", {}).is_any
    assert not parse_address("127.0.0.1:80", {}).is_any
    assert not parse_address("unix@*", {}).is_any


@settings(deadline=None)
@given(st.text(alphabet="0123456789.:[]@,-+*abipv46udquncfs/$ {}", max_size=25))
def test_any_text_is_an_address_or_none(text: str) -> None:
    with suppress(AddressError):
        addresses = parse_addresses(text, VARIABLES)
        assert addresses
        assert all(0 <= address.port <= 65535 for address in addresses)
