import ipaddress
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitless.sandbox.world.names import address6_for_name, address_for_name
from hitless.sandbox.world.records import DnsName, WorldPlan
from hitless.sandbox.world.servers.dns_wire import DnsAnswerer

A, AAAA, TXT, SRV, ANY = 1, 28, 16, 33, 255
PLAN = WorldPlan(
    names=(
        DnsName(name="lb1", addresses=("10.0.0.5",)),
        DnsName(name="web.example.com", count=100),
        DnsName(name="_http._tcp.example.com", count=2, srv_port=8080),
    )
)


def query(name: str, kind: int, *, edns_size: int = 0) -> bytes:
    labels = b"".join(bytes((len(x),)) + x.encode() for x in name.split("."))
    option = b"\0" + struct.pack("!HHIH", 41, edns_size, 0, 0) if edns_size else b""
    return (
        struct.pack("!6H", 7, 0x0100, 1, 0, 0, bool(option))
        + labels
        + b"\0"
        + struct.pack("!HH", kind, 1)
        + option
    )


def records(response: bytes | None, question: bytes) -> list[tuple[int, bytes]]:
    """Return type and data of each record of the answer section."""
    assert response is not None
    identity, flags, _, count, _, _ = struct.unpack_from("!6H", response)
    assert (identity, flags) == (7, 0x8580)
    position = len(question.split(b"\0\0\x29")[0]) if b"\0\0\x29" in question else len(question)
    assert response[12:position] == question[12:position]
    found = []
    for _ in range(count):
        pointer, kind, _, _, length = struct.unpack_from("!HHHIH", response, position)
        assert pointer == 0xC00C
        found.append((kind, response[position + 12 : position + 12 + length]))
        position += 12 + length
    return found


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("api.example.com", A, [address_for_name("api.example.com")]),
        ("API.Example.COM", A, [address_for_name("api.example.com")]),
        ("api.example.com", AAAA, [address6_for_name("api.example.com")]),
        ("api.example.com", ANY, [address_for_name("api.example.com"), address6_for_name("api.example.com")]),
        ("lb1", A, ["10.0.0.5"]),
        ("lb1", AAAA, []),
        ("api.example.com", TXT, []),
    ],
)
def test_addresses(name: str, kind: int, expected: list[str]) -> None:
    question = query(name, kind)
    found = records(DnsAnswerer(PLAN).answer(question), question)
    assert [str(ipaddress.ip_address(data)) for _, data in found] == expected


def test_services_have_targets() -> None:
    question = query("_http._tcp.example.com", SRV)
    (first, _) = records(DnsAnswerer(PLAN).answer(question), question)
    assert first == (SRV, struct.pack("!HHH", 0, 1, 8080) + b"\x08target-1\x07example\x03com\0")


@pytest.mark.parametrize(
    ("size", "tcp", "count"), [(0, False, 29), (1232, False, 74), (4096, False, 100), (0, True, 100)]
)
def test_as_many_addresses_as_fit(size: int, tcp: bool, count: int) -> None:  # noqa: FBT001 - a case
    question = query("web.example.com", A, edns_size=size)
    response = DnsAnswerer(PLAN).answer(question, over_tcp=tcp)
    found = records(response, question)
    assert len(found) == count
    assert found[1][1] == ipaddress.ip_address(address_for_name("web.example.com", number=1)).packed
    assert response is not None
    assert tcp or len(response) <= max(size, 512)
    assert response.endswith(b"\0\0\x29\x10\0\0\0\0\0\0\0") is bool(size)


def test_without_ipv6_there_are_no_such_addresses() -> None:
    question = query("a.example.com", AAAA)
    assert records(DnsAnswerer(WorldPlan(ipv6=False)).answer(question), question) == []


def test_what_is_no_question() -> None:
    answerer = DnsAnswerer(PLAN)
    assert answerer.answer(b"short") is None
    assert answerer.answer(struct.pack("!6H", 7, 0x8000, 1, 0, 0, 0)) is None
    for flags, code in ((0x0000, 1), (0x2800, 4)):
        response = answerer.answer(struct.pack("!6H", 7, flags, 1, 0, 0, 0) + b"\x05abc")
        assert response is not None
        assert response[3] & 0x0F == code


@given(st.binary(max_size=100))
def test_any_bytes_are_survived(data: bytes) -> None:
    DnsAnswerer(PLAN).answer(data)
    DnsAnswerer(PLAN).answer(struct.pack("!6H", 7, 0, 1, 0, 0, 1) + data)
