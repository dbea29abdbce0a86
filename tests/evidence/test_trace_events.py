from pathlib import Path

import pytest

from hitless.evidence.listeners import UNKNOWN_NAMESPACE
from hitless.evidence.trace_events import TraceDecoder, TraceFilter, pack_endpoint
from hitless.evidence.trace_pages import decode_page
from hitless.records import Event, EventKind
from tests.evidence.kernel import (
    RESET_REASON_TCP_STATE,
    V6_1,
    V6_18,
    build_record,
    large,
    packed,
    page,
    read_formats,
    read_page_format,
    sockaddr,
)

FORMATS = read_formats(V6_18)
SEND, RECEIVE, STATE = (
    FORMATS[name] for name in ("tcp_send_reset", "tcp_receive_reset", "inet_sock_set_state")
)
AF_INET, AF_INET6 = 2, 10
SERVER, CLIENT = ("192.0.2.1", 80), ("198.51.100.7", 40000)


def decode(
    *records: bytes, wanted: TraceFilter | None = None, directory: Path = V6_18, capacity: int = 100
) -> TraceDecoder:
    decoder = TraceDecoder(read_formats(directory), wanted or TraceFilter(), capacity)
    decode_page(page(1000, *(large(record, 1) for record in records)), read_page_format(), decoder.handlers())
    decoder.settle(None)
    return decoder


def sent(source: tuple[str, int], destination: tuple[str, int], *, reason: int = 0, state: int = 7) -> bytes:
    return build_record(
        SEND,
        common_pid=4242,
        skaddr=0xFFFF_8880_0000_1000,
        state=state,
        reason=reason,
        saddr=sockaddr(*source),
        daddr=sockaddr(*destination),
    )


def received(local: tuple[str, int], remote: tuple[str, int]) -> bytes:
    family, suffix = (AF_INET6, "_v6") if ":" in local[0] else (AF_INET, "")
    return build_record(
        RECEIVE,
        family=family,
        sport=local[1],
        dport=remote[1],
        **{f"saddr{suffix}": packed(local[0]), f"daddr{suffix}": packed(remote[0])},
    )


def changed(
    local: tuple[str, int], old: int, new: int, *, skaddr: int = 0x1000, common_pid: int = 1
) -> bytes:
    family, suffix = (AF_INET6, "_v6") if ":" in local[0] else (AF_INET, "")
    return build_record(
        STATE,
        common_pid=common_pid,
        skaddr=skaddr,
        family=family,
        protocol=6,
        sport=local[1],
        oldstate=old,
        newstate=new,
        **{f"saddr{suffix}": packed(local[0])},
    )


def test_a_reset_that_was_sent() -> None:
    (event,) = decode(sent(SERVER, CLIENT, reason=RESET_REASON_TCP_STATE)).events
    assert event == Event(
        t_ns=1001,
        kind=EventKind.KERNEL_RESET_SENT,
        pid=4242,
        local="192.0.2.1:80",
        remote="198.51.100.7:40000",
        state="TCP_CLOSE",
        reason="TCP_STATE",
        socket=event.socket,
    )


def test_a_reset_without_a_socket_has_no_state() -> None:
    record = build_record(SEND, reason=1, saddr=sockaddr(*SERVER), daddr=sockaddr(*CLIENT))
    (event,) = decode(record).events
    assert (event.state, event.reason, event.socket) == ("", "NO_SOCKET", 0)


def test_a_reason_that_has_no_name_keeps_its_number() -> None:
    assert decode(sent(SERVER, CLIENT, reason=99)).events[0].reason == "99"


def test_a_reset_that_was_received() -> None:
    (event,) = decode(received(CLIENT, SERVER)).events
    assert (event.kind, event.local, event.remote) == (
        EventKind.KERNEL_RESET_RECEIVED,
        "198.51.100.7:40000",
        "192.0.2.1:80",
    )
    assert event.reason == ""


def test_ipv6_and_its_ipv4_clients() -> None:
    events = decode(
        sent(("2001:db8::1", 443), ("2001:db8::9", 1)),
        sent(("::ffff:192.0.2.1", 80), ("::ffff:198.51.100.7", 40000)),
        received(("::ffff:198.51.100.7", 40000), ("::ffff:192.0.2.1", 80)),
    ).events
    assert [(event.local, event.remote) for event in events] == [
        ("[2001:db8::1]:443", "[2001:db8::9]:1"),
        ("192.0.2.1:80", "198.51.100.7:40000"),
        ("198.51.100.7:40000", "192.0.2.1:80"),
    ]


def test_an_older_kernel_with_ports_and_no_reason() -> None:
    form = read_formats(V6_1)["tcp_send_reset"]
    record = build_record(
        form,
        family=AF_INET,
        sport=80,
        dport=40000,
        saddr=packed(SERVER[0]),
        daddr=packed(CLIENT[0]),
        state=1,
    )
    (event,) = decode(record, directory=V6_1).events
    assert (event.local, event.remote) == ("192.0.2.1:80", "198.51.100.7:40000")
    assert (event.state, event.reason) == ("TCP_ESTABLISHED", "")


def test_a_filter_keeps_resets_from_endpoint_to_client_and_counts_the_others() -> None:
    wanted = TraceFilter(frozenset({"192.0.2.1:80"}), frozenset({"198.51.100.7"}))
    decoder = decode(
        sent(SERVER, CLIENT),
        sent(CLIENT, SERVER),
        received(CLIENT, SERVER),
        received(SERVER, CLIENT),
        sent(SERVER, ("203.0.113.9", 40000)),
        sent(("192.0.2.1", 81), CLIENT),
        sent(("2001:db8::1", 80), CLIENT),
        wanted=wanted,
    )
    assert [event.kind for event in decoder.events] == [
        EventKind.KERNEL_RESET_SENT,
        EventKind.KERNEL_RESET_RECEIVED,
    ]
    assert decoder.resets_by_clients == 2


def test_listening_sockets_come_and_go() -> None:
    events = decode(changed(SERVER, 7, 10), changed(SERVER, 10, 7), changed(SERVER, 10, 3)).events
    assert [event.kind for event in events] == [EventKind.KERNEL_LISTEN, EventKind.KERNEL_UNLISTEN]
    assert {event.local for event in events} == {"192.0.2.1:80"}
    assert events[0].socket == events[1].socket != 0


def test_wildcards_count_as_listeners_of_an_endpoint() -> None:
    wanted = TraceFilter(frozenset({"192.0.2.1:80"}))
    events = decode(
        changed(("0.0.0.0", 80), 7, 10),
        changed(("::", 80), 7, 10),
        changed(("0.0.0.0", 81), 7, 10),
        changed(("192.0.2.2", 80), 7, 10),
        wanted=wanted,
    ).events
    assert [event.local for event in events] == ["0.0.0.0:80", "[::]:80"]


def test_kernel_addresses_are_not_given_away_and_stay_distinct() -> None:
    address = 0xFFFF_8880_1234_5678
    events = decode(
        changed(SERVER, 7, 10, skaddr=address), changed(SERVER, 7, 10, skaddr=address + 64)
    ).events
    first, second = (event.socket for event in events)
    assert first != second
    assert address not in {first, second}
    assert 0 < first < 1 << 48


def forked(parent: int, child: int) -> bytes:
    return build_record(FORMATS["sched_process_fork"], parent_pid=parent, child_pid=child)


def test_sockets_of_other_namespaces_are_left_out() -> None:
    here, elsewhere, gone = 1, 2, 3
    wanted = TraceFilter(listens_here={here: True, elsewhere: False, gone: None}.get)
    events = decode(
        changed(SERVER, 7, 10, skaddr=0x10, common_pid=here),
        changed(SERVER, 7, 10, skaddr=0x20, common_pid=elsewhere),
        changed(SERVER, 10, 7, skaddr=0x20, common_pid=gone),
        changed(SERVER, 10, 7, skaddr=0x10, common_pid=gone),
        wanted=wanted,
    ).events
    assert [event.pid for event in events] == [here, gone]
    assert events[0].socket == events[1].socket


def test_what_a_launcher_opened_that_is_gone_is_told_by_what_it_forked() -> None:
    launcher, daemon = 3, 4
    wanted = TraceFilter(listens_here={daemon: True}.get, from_the_start=True)
    (event,) = decode(
        changed(SERVER, 7, 10, common_pid=launcher), forked(launcher, daemon), wanted=wanted
    ).events
    assert (event.pid, event.reason) == (launcher, "")


def test_before_all_processors_have_been_read_nothing_is_said_of_one_that_is_gone() -> None:
    decoder = TraceDecoder(FORMATS, TraceFilter(listens_here=lambda _pid: None), 100)
    decode_page(page(1000, large(changed(SERVER, 7, 10), 1)), read_page_format(), decoder.handlers())
    decoder.settle(2000)
    assert decoder.take() == []
    decoder.settle(3000)
    (event,) = decoder.take()
    assert event.reason == UNKNOWN_NAMESPACE


def test_without_a_question_all_namespaces_are_watched() -> None:
    (event,) = decode(changed(SERVER, 7, 10)).events
    assert event.reason == ""


def test_events_beyond_the_capacity_are_counted() -> None:
    decoder = decode(*[sent(SERVER, CLIENT)] * 5, capacity=3)
    assert (len(decoder.events), decoder.no_room) == (3, 2)


@pytest.mark.parametrize(
    "endpoint", ["", "80", "host:80", "192.0.2.1:http", "192.0.2.1:70000", "/run/x.sock"]
)
def test_what_is_no_endpoint_is_refused(endpoint: str) -> None:
    with pytest.raises((ValueError, OverflowError)):
        pack_endpoint(endpoint)


def test_a_wildcard_stands_for_its_port_at_every_address() -> None:
    wanted = TraceFilter(frozenset({"0.0.0.0:80", "[::]:443"}))
    here, there = ("203.0.113.5", 80), ("2001:db8::5", 443)
    decoder = decode(
        sent(here, CLIENT),
        sent(there, CLIENT),
        sent(("203.0.113.5", 81), CLIENT),
        sent(CLIENT, here),
        wanted=wanted,
    )
    assert [event.local for event in decoder.events] == ["203.0.113.5:80", "[2001:db8::5]:443"]
    assert decoder.resets_by_clients == 0, "a proxy's reset to a server of port 80 looks the same"


def test_what_has_been_taken_makes_room() -> None:
    decoder = decode(sent(SERVER, CLIENT), sent(SERVER, CLIENT), capacity=1)
    assert (len(decoder.take()), decoder.no_room) == (1, 1)
    decode_page(page(2000, large(sent(SERVER, CLIENT), 1)), read_page_format(), decoder.handlers())
    assert (len(decoder.events), decoder.no_room) == (1, 1)
