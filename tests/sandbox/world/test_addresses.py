import pytest

from hitless.config.model import Address
from hitless.sandbox.world.addresses import OwnBinds, normal_ip, port_offset, ports_of
from tests.sandbox.world.fakes import model_of


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("2001:DB8:0:0::1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("10.0.0.1", "10.0.0.1"),
        ("app.example.com", "app.example.com"),
    ],
)
def test_an_ip_address_has_one_form(text: str, normal: str) -> None:
    assert normal_ip(text) == normal


@pytest.mark.parametrize(
    ("bind", "address", "port", "covered"),
    [
        ("192.0.2.1:80", "192.0.2.1", 80, True),
        ("192.0.2.1:80", "192.0.2.1", 81, False),
        ("[2001:db8:0::1]:80", "2001:db8::1", 80, True),
        (":80", "127.0.0.5", 80, True),
        (":80", "10.0.0.1", 80, False),  # another machine's, whatever this one listens on
        (":80", "::1", 80, False),
        (":::80", "::1", 80, True),
        (":::80", "127.0.0.1", 80, False),
        (":::80 v4v6", "127.0.0.1", 80, True),
        ("quic4@:80", "127.0.0.1", 80, False),  # UDP
    ],
)
def test_which_connections_end_at_a_bind(bind: str, address: str, port: int, covered: bool) -> None:  # noqa: FBT001 - a case
    own = OwnBinds(model_of(f"frontend f\n bind {bind}"))
    assert own.covers_ip(address, port) is covered


def test_peers_and_stats_sockets_are_binds_too_and_disabled_proxies_are_none() -> None:
    own = OwnBinds(
        model_of(
            "global\n stats socket ipv4@127.0.0.1:9999\n stats socket /run/admin.sock\n"
            "peers p\n peer local 127.0.0.1:1024\n"
            "frontend f\n disabled\n bind 127.0.0.1:80\n"
        )
    )
    assert own.covers_ip("127.0.0.1", 9999)
    assert own.covers_ip("127.0.0.1", 1024)
    assert own.covers("unix", "/run/admin.sock")
    assert not own.covers("abns", "/run/admin.sock")
    assert not own.covers_ip("127.0.0.1", 80)


@pytest.mark.parametrize(
    ("text", "offset"), [("10.0.0.1:+8000", 8000), ("10.0.0.1:-1", -1), ("10.0.0.1:80", 0), ("10.0.0.1", 0)]
)
def test_the_offset_of_a_port(text: str, offset: int) -> None:
    assert port_offset(Address("ip", "10.0.0.1", text=text)) == offset


@pytest.mark.parametrize(
    ("server", "front", "ports"),
    [
        ("10.0.0.1:8080", "bind :80", (8080,)),
        ("10.0.0.1", "bind :443,:80", (80, 443)),
        ("10.0.0.1:+1", "bind :80\n bind :65535", (81,)),  # beyond the last port there is none
        ("10.0.0.1", "bind /run/f.sock", ()),
    ],
)
def test_ports_of_a_server(server: str, front: str, ports: tuple[int, ...]) -> None:
    model = model_of(f"frontend f\n {front}\n use_backend b if TRUE\nbackend b\n server s {server}")
    backend = model.proxy("b")
    assert backend is not None
    assert ports_of(model, backend, backend.servers[0]) == ports
