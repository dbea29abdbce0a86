"""Where clients come from, and that both sides of a run agree about it."""

from hitless.sources import CLIENTS, client_addresses, client_host, source_of


def test_one_address_is_used_by_all_connections() -> None:
    assert client_addresses("192.0.2.7") == ("192.0.2.7",)
    assert client_addresses("") == ()


def test_connections_take_the_addresses_of_a_network_in_turn() -> None:
    for network, shared in (("10.7.3.0/24", b"\x0a\x07\x03"), ("2001:db8:18:7:a::/120", None)):
        addresses = client_addresses(network)
        assert len(set(addresses)) == CLIENTS
        for connection in (0, 1, CLIENTS - 1, CLIENTS, 12_345):
            source = source_of(addresses[connection % CLIENTS])
            assert source[1] == client_host(connection)
            assert source[0] == source_of(network)[0]
            assert shared is None or source[0] == shared
