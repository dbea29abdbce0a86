import socket
import struct
from collections.abc import Iterator

import pytest

from hitless.errors import EvidenceError
from hitless.host import netlink
from hitless.host.addresses import read_addresses

TENTATIVE, OPTIMISTIC, DAD_FAILED = 0x40, 0x04, 0x08


def attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


def answer(monkeypatch: pytest.MonkeyPatch, **answers: list[bytes]) -> None:
    by_kind = {18: answers.get("links", []), 22: answers.get("addresses", []), 26: answers.get("routes", [])}

    def dump(_route: socket.socket, kind: int, _request: bytes, *, timeout_s: float) -> Iterator[bytes]:
        assert timeout_s > 0
        yield from by_kind[kind]

    monkeypatch.setattr(netlink, "dump", dump)


def link(index: int, name: bytes) -> bytes:
    return struct.pack("=BxHiII", 0, 1, index, 1, 0) + attribute(3, name + b"\0")


def address(text: str, prefix: int, index: int, flags: int = 0) -> bytes:
    family = socket.AF_INET6 if ":" in text else socket.AF_INET
    raw = socket.inet_pton(family, text)
    fields = struct.pack("=BBBBI", family, prefix, flags & 0xFF, 0, index)
    return fields + attribute(1, raw) + attribute(8, struct.pack("=I", flags))


def test_this_machine_has_a_loopback() -> None:
    found = read_addresses()
    assert "lo" in found.interfaces
    assert ("127.0.0.1", 8, "lo", False) in [
        (a.address, a.prefix_length, a.interface, a.tentative) for a in found.addresses
    ]
    assert "127.0.0.0/8" in found.local_networks


def test_addresses_with_their_interface_and_flags(monkeypatch: pytest.MonkeyPatch) -> None:
    flags = {"2001:db8::1": 0, "2001:db8::2": TENTATIVE, "2001:db8::3": TENTATIVE | OPTIMISTIC}
    flags |= {"2001:db8::4": DAD_FAILED | 0x80, "2001:db8::5": TENTATIVE | DAD_FAILED}
    answer(
        monkeypatch,
        links=[link(2, b"eth0"), link(1, b"lo")],
        addresses=[*(address(text, 64, 2, f) for text, f in flags.items()), address("192.0.2.1", 24, 9)],
    )
    found = read_addresses()
    assert found.interfaces == ("lo", "eth0")
    assert [(a.address, a.interface, a.tentative) for a in found.addresses] == [
        ("2001:db8::1", "eth0", False),
        ("2001:db8::2", "eth0", True),
        ("2001:db8::3", "eth0", False),
        ("2001:db8::4", "eth0", True),
        ("2001:db8::5", "eth0", True),
        ("192.0.2.1", "#9", False),
    ]


def test_our_end_of_a_point_to_point_link(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = attribute(2, socket.inet_aton("192.0.2.1"))
    answer(monkeypatch, addresses=[address("192.0.2.2", 32, 1) + ours])
    assert [a.address for a in read_addresses().addresses] == ["192.0.2.1"]


def test_networks_that_are_all_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    def route(family: int, length: int, kind: int, raw: bytes) -> bytes:
        fields = struct.pack("=BBBBBBBBI", family, length, 0, 0, 255, 2, 254, kind, 0)
        return fields + (attribute(1, raw) if raw else b"")

    answer(
        monkeypatch,
        routes=[
            route(socket.AF_INET, 24, 2, bytes([198, 51, 100, 0])),
            route(socket.AF_INET, 32, 2, bytes([192, 0, 2, 1])),
            route(socket.AF_INET, 24, 1, bytes([203, 0, 113, 0])),
            route(socket.AF_INET6, 0, 2, b""),
            route(28, 8, 2, b"\1"),
        ],
    )
    assert read_addresses().local_networks == ("198.51.100.0/24", "::/0")


@pytest.mark.parametrize("kind", ["links", "addresses", "routes"])
def test_a_short_message_is_an_error(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    answer(monkeypatch, **{kind: [b"\2"]})
    with pytest.raises(EvidenceError, match="1 bytes"):
        read_addresses()
