import pytest

from hitless.sandbox.world.addresses import Spot
from hitless.sandbox.world.listeners import Listeners
from hitless.sandbox.world.name_book import NameBook
from hitless.sandbox.world.names import DNS_ADDRESS, address_for_name
from hitless.sandbox.world.receivers import add_receivers
from tests.sandbox.world.fakes import model_of

LIBC = {("dns", f"{transport}", DNS_ADDRESS, 53, "libc") for transport in ("udp", "tcp")}


class Received(Listeners):
    """The spots that were opened, with role and label."""

    def found(self) -> set[tuple[str, str, str, int, str]]:
        return {(e.role, e.transport, e.address, e.port, e.label) for e in self.endpoints()}


def receivers(text: str) -> set[tuple[str, str, str, int, str]]:
    """Everything but the DNS of libc, which is always there."""
    model, listeners = model_of(text), Received()
    add_receivers(model, NameBook(model, {}, ipv6=False), listeners)
    assert listeners.found() >= LIBC
    return listeners.found() - LIBC


def test_a_name_server_is_asked_over_udp_and_tcp_at_its_port_or_53() -> None:
    text = "resolvers r\n nameserver a 192.0.2.53:5353\n nameserver b udp@[2001:db8:0::53]:53"
    assert receivers(text) == {
        ("dns", "udp", "192.0.2.53", 5353, "r"),
        ("dns", "tcp", "192.0.2.53", 5353, "r"),
        ("dns", "udp", "2001:db8::53", 53, "r"),
        ("dns", "tcp", "2001:db8::53", 53, "r"),
    }


@pytest.mark.parametrize(
    ("target", "spots"),
    [
        ("192.0.2.1", {Spot("udp", "192.0.2.1", 514)}),
        ("192.0.2.1:5514", {Spot("udp", "192.0.2.1", 5514)}),
        ("tcp@192.0.2.1:601", {Spot("tcp", "192.0.2.1", 601)}),
        ("loghost", {Spot("udp", address_for_name("loghost"), 514)}),
        ("/dev/log", {Spot("unix-datagram", "/dev/log")}),
        ("stdout format raw", set()),
    ],
)
def test_log_targets(target: str, spots: set[Spot]) -> None:
    found = receivers(f"global\n log {target} local0")
    assert found == {("syslog", *spot, "h.cfg:2") for spot in spots}


def test_a_path_is_opened_outside_and_inside_of_the_chroot() -> None:
    found = receivers("global\n chroot /jail/\n log /dev/log local0")
    assert {address for _, _, address, _, _ in found} == {"/dev/log", "/jail/dev/log"}


def test_log_servers_and_log_lines_of_proxies_but_not_of_disabled_ones() -> None:
    text = (
        "backend ring1\n mode log\n server s udp@192.0.2.7:514\n"
        "frontend f\n bind :80\n log 192.0.2.8 local0\n"
        "frontend g\n disabled\n bind :81\n log 192.0.2.9 local0\n"
    )
    assert {(address, label) for _, _, address, _, label in receivers(text)} == {
        ("192.0.2.7", "ring1/s"),
        ("192.0.2.8", "h.cfg:6"),
    }
