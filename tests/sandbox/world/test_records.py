import pytest

from hitless.sandbox.world.records import Endpoint, Transport


@pytest.mark.parametrize(
    ("transport", "address", "port", "where"),
    [
        ("tcp", "10.0.0.1", 80, "10.0.0.1:80"),
        ("tcp", "2001:db8::1", 80, "[2001:db8::1]:80"),
        ("unix", "/run/x.sock", 0, "/run/x.sock"),
        ("abstract", "name", 0, "@name"),
    ],
)
def test_addresses_as_people_write_them(transport: Transport, address: str, port: int, where: str) -> None:
    assert Endpoint(role="server", transport=transport, address=address, port=port).where == where
