import ipaddress

from hypothesis import given
from hypothesis import strategies as st

from hitless.sandbox.world.names import DNS_ADDRESS, address6_for_name, address_for_name, srv_target


@given(st.text(), st.integers(0, 1000))
def test_every_name_has_addresses_in_the_networks(name: str, number: int) -> None:
    v4 = ipaddress.ip_address(address_for_name(name, number=number))
    assert v4 in ipaddress.ip_network("198.19.0.0/16")
    assert str(v4) != DNS_ADDRESS
    assert ipaddress.ip_address(address6_for_name(name, number=number)) in ipaddress.ip_network(
        "2001:db8:5151::/48"
    )


def test_an_address_is_the_same_in_every_run_and_spelling() -> None:
    assert address_for_name("api.example.com") == "198.19.52.90"
    assert address_for_name("API.example.com.") == address_for_name("api.example.com")
    assert address_for_name("api.example.com", number=1) != address_for_name("api.example.com")


def test_targets_of_a_service_are_host_names() -> None:
    assert srv_target("_http._tcp.example.com", 1) == "target-2.example.com"
