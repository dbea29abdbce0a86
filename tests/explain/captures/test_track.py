import pytest

from hitless.captured import Close, Ending, Phase, Protocol, Side
from hitless.explain.captures.endpoints import parse_listeners
from tests.explain.captures.wire import (
    ACK,
    CLIENT6,
    FIN,
    MS,
    PROXY6,
    RST,
    START_NS,
    SYN,
    Talk,
    merged,
    one,
    pcap,
    read,
)

SWITCHING = b"HTTP/1.1 101 Switching Protocols\r\n\r\n"
REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


def test_a_connection_that_nobody_hurt() -> None:
    connection = one(Talk().connect().exchange().client(FIN | ACK).proxy(FIN | ACK))
    assert (connection.client, connection.proxy) == ("192.0.2.9:40000", "192.0.2.1:80")
    assert (connection.ending, connection.phase) == (Ending.CLIENT, Phase.AFTER_RESPONSE)
    assert (connection.ended_by, connection.closed_with) == (Side.CLIENT, Close.FIN)
    assert (connection.requests, connection.client_bytes, connection.proxy_bytes) == (1, 27, 38)
    assert (connection.first_ns, connection.established_ns) == (START_NS + MS, START_NS + 2 * MS)
    assert (connection.request_ns, connection.response_ns) == (START_NS + 4 * MS, START_NS + 5 * MS)
    assert connection.ended_ns == START_NS + 6 * MS
    assert (connection.whole, connection.syn_count, connection.syn_ack_count) == (True, 1, 1)
    assert (connection.protocol, connection.missing_bytes) == (Protocol.HTTP1, 0)


CASES = {
    "refused": (Talk().client(SYN).proxy(RST | ACK), Ending.REFUSED),
    "accept queue, nothing sent": (Talk().connect().proxy(RST | ACK), Ending.RESET_BEFORE_REQUEST),
    "accept queue": (Talk().connect().client(data=REQUEST).proxy(RST | ACK), Ending.RESET_UNANSWERED),
    "empty reply": (Talk().connect().client(data=REQUEST).proxy(FIN | ACK), Ending.CLOSED_UNANSWERED),
    "idle close under a request": (
        Talk().connect().exchange().proxy(FIN | ACK).client(data=REQUEST).proxy(RST),
        Ending.STALE_REUSE,
    ),
    "reset under a request": (
        Talk().connect().exchange().client(data=REQUEST).proxy(RST | ACK),
        Ending.STALE_REUSE,
    ),
    "idle close that the client noticed": (
        Talk().connect().exchange().proxy(FIN | ACK).client(FIN | ACK),
        Ending.CLOSED_BY_PROXY,
    ),
    "unused connection closed": (Talk().connect().proxy(FIN | ACK).client(FIN | ACK), Ending.CLOSED_BEFORE_REQUEST),
    "answer cut": (
        Talk().connect().exchange(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc").proxy(FIN | ACK),
        Ending.RESPONSE_CUT,
    ),
    "tunnel cut": (
        Talk().connect().exchange(SWITCHING).client(data=b"\x81\x82mask12").proxy(FIN),
        Ending.STREAM_CUT,
    ),
    "the client resets": (Talk().connect().client(data=REQUEST).client(RST | ACK), Ending.CLIENT),
    "open": (Talk().connect().exchange(), Ending.OPEN),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_endings(name: str) -> None:
    talk, ending = CASES[name]
    assert one(talk).ending is ending


def test_ipv6() -> None:
    connection = one(
        Talk(CLIENT6, PROXY6).connect().exchange().proxy(FIN | ACK).client(data=REQUEST).proxy(RST)
    )
    assert (connection.client, connection.proxy) == ("[2001:db8::9]:40000", "[2001:db8::1]:443")
    assert connection.ending is Ending.STALE_REUSE


def test_a_syn_that_is_repeated_says_when() -> None:
    lost = Talk().client(SYN).again(after_ms=1000).again(after_ms=2000)
    connection = one(lost)
    assert (connection.ending, connection.syn_count) == (Ending.NO_ANSWER, 3)
    assert connection.last_syn_ns - connection.first_ns == 3000 * MS
    late = one(lost.proxy(SYN | ACK).client().exchange())
    assert (late.ending, late.connect_ns) == (Ending.OPEN, 3001 * MS)


def test_a_syn_ack_that_is_repeated_is_counted_and_one_captured_twice_is_not() -> None:
    talk = Talk().client(SYN).again(after_ms=0.01).proxy(SYN | ACK).again(after_ms=0.01).again(after_ms=1000)
    connection = one(talk)
    assert (connection.syn_count, connection.syn_ack_count) == (1, 2)


def test_everything_captured_twice_changes_nothing() -> None:
    talk = Talk().connect().exchange().proxy(FIN | ACK).client(data=REQUEST).proxy(RST)
    twice = [packet for packet in talk.packets for _ in range(2)]
    (connection,), _, totals = read(pcap(twice, nano=True))
    assert connection == one(talk)
    assert totals.stray == 1


def test_a_port_that_is_used_again_is_another_connection() -> None:
    first, second = (
        Talk().connect().exchange().client(FIN | ACK).proxy(FIN | ACK),
        Talk(t_ns=START_NS + 500 * MS),
    )
    second.client(SYN).proxy(RST | ACK)
    connections, gaps, _ = read(pcap(first.packets + second.packets))
    assert [c.ending for c in connections] == [Ending.CLIENT, Ending.REFUSED]
    assert len(gaps) == 1


def test_a_port_that_is_used_again_ends_one_whose_end_is_missing() -> None:
    first = Talk().connect().exchange()
    second = Talk(t_ns=START_NS + 500 * MS).connect().exchange().client(FIN | ACK).proxy(FIN | ACK)
    connections, _, _ = read(pcap(first.packets + second.packets))
    assert [c.ending for c in connections] == [Ending.OPEN, Ending.CLIENT]


def test_packets_that_come_after_the_end_are_no_connection() -> None:
    talk = Talk().connect().client(data=REQUEST).proxy(RST | ACK).client(data=REQUEST).proxy(RST)
    connections, _, totals = read(pcap(talk.packets))
    assert [c.ending for c in connections] == [Ending.RESET_UNANSWERED]
    assert totals.stray == 2


def test_a_capture_that_begins_in_the_middle() -> None:
    talk = Talk().connect().exchange().exchange().proxy(FIN | ACK).client(data=REQUEST).proxy(RST)
    (connection,), _, _ = read(pcap(talk.packets[5:]))
    assert (connection.ending, connection.whole, connection.requests) == (Ending.STALE_REUSE, False, 2)


def test_which_end_is_the_proxy_can_be_learned_later_or_never() -> None:
    opaque = Talk().connect().client(data=b"hello").proxy(data=b"world").proxy(FIN | ACK).packets[3:]
    connections, _, totals = read(pcap(opaque))
    assert (connections, totals.undirected) == ([], 1)
    other = Talk(("192.0.2.10", 5000), t_ns=START_NS + 900 * MS).client(SYN)
    connections, _, totals = read(pcap([*opaque, *other.packets]))
    assert {c.client for c in connections} == {"192.0.2.9:40000", "192.0.2.10:5000"}
    assert totals.undirected == 0


def test_only_the_listeners_that_were_given_count() -> None:
    backend = Talk(("192.0.2.1", 9999), ("198.51.100.7", 8080)).connect().exchange()
    front = Talk().connect().exchange()
    listeners = parse_listeners(["192.0.2.1:80"])
    connections, _, totals = read(pcap(merged([front, backend])), listeners=listeners)
    assert [c.proxy for c in connections] == ["192.0.2.1:80"]
    assert totals.foreign == 5
    same_port = Talk(("192.0.2.1", 9999), ("198.51.100.7", 80)).connect().exchange()
    connections, _, totals = read(pcap(same_port.packets), listeners=parse_listeners(["192.0.2.1:80"]))
    assert (connections, totals.foreign) == ([], 4)


def test_a_gap_is_between_two_accepted_connections() -> None:
    talks = [Talk(t_ns=START_NS).connect()]
    talks += [
        Talk(("192.0.2.9", 41_000 + n), t_ns=START_NS + 100 * n * MS).client(SYN).proxy(RST | ACK)
        for n in (1, 2, 3)
    ]
    talks += [Talk(("192.0.2.9", 42_000), t_ns=START_NS + 900 * MS).connect()]
    _, (gap,), totals = read(pcap(merged(talks)))
    assert (gap.proxy, gap.refused, totals.gaps) == ("192.0.2.1:80", 3, 1)
    assert (gap.accepted_before_ns, gap.accepted_after_ns) == (START_NS + 2 * MS, START_NS + 902 * MS)
    assert (gap.first_refused_ns, gap.last_refused_ns) == (START_NS + 102 * MS, START_NS + 302 * MS)


def test_what_the_capture_lacks_hurts_nobody() -> None:
    talk = (
        Talk()
        .connect()
        .client(data=REQUEST)
        .proxy(data=b"answer", lost=True)
        .proxy(FIN | ACK)
        .client(FIN | ACK)
    )
    connection = one(talk)
    assert (connection.ending, connection.missing_bytes) == (Ending.CLOSED_BY_PROXY, 6)
    talk = Talk().connect().client(data=REQUEST).proxy(data=b"answer", lost=True).proxy(FIN, lost=True)
    connection = one(talk.client(FIN | ACK))
    assert (connection.phase, connection.ending) == (Phase.AFTER_RESPONSE, Ending.CLIENT)
    assert read(pcap(talk.packets))[2].holes == 1


def test_a_syn_ack_that_the_capture_lacks_does_not_make_a_refusal() -> None:
    talk = Talk().client(SYN).proxy(SYN | ACK, lost=True).client(data=REQUEST).proxy(RST | ACK)
    assert one(talk).ending is Ending.RESET_UNANSWERED


def test_the_table_is_bounded_and_what_it_forgets_is_counted() -> None:
    talks = [Talk(("192.0.2.9", 1000 + n), t_ns=START_NS + n * MS).client(SYN) for n in range(50)]
    early = Talk(("192.0.2.8", 1), t_ns=START_NS).connect().exchange().client(data=REQUEST, after_ms=60)
    connections, _, totals = read(pcap(merged([*talks, early])), max_flows=10)
    assert (len(connections), totals.connections, totals.forgotten) == (52, 52, 42)
    again = [(c.ending, c.whole) for c in connections if c.client == "192.0.2.8:1"]
    assert again == [(Ending.FORGOTTEN, True), (Ending.OPEN, False)], "what comes later is of no known begin"


def test_a_capture_in_several_files_is_one() -> None:
    packets = Talk().connect().exchange().proxy(FIN | ACK).client(data=REQUEST).proxy(RST).packets
    (connection,), _, totals = read(pcap(packets[:4]), pcap(packets[4:]))
    assert (connection.ending, connection.whole) == (Ending.STALE_REUSE, True)
    assert (totals.files, totals.packets) == (2, len(packets))
