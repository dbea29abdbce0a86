import socket

from hitless.host.inet_diag import Listener
from hitless.records import Event, EventKind
from hitless.reload.gaps import WatchedTime, find_gaps

ENDPOINT = "192.0.2.1:80"


def listener(endpoint: str = ENDPOINT, *, v6_only: bool = False) -> Listener:
    address, _, port = endpoint.rpartition(":")
    family = socket.AF_INET6 if "[" in address else socket.AF_INET
    return Listener(family, address.strip("[]"), int(port), 1, 0, 0, 0, 1, v6_only)


def change(t_ns: int, socket: int, *, opened: bool) -> Event:
    kind = EventKind.KERNEL_LISTEN if opened else EventKind.KERNEL_UNLISTEN
    return Event(t_ns=t_ns, kind=kind, local=ENDPOINT, socket=socket)


def found(events: list[Event], *times: WatchedTime, endpoint: str = ENDPOINT) -> list[tuple[int, int]]:
    return [(gap.start_ns, gap.end_ns) for gap in find_gaps(times, events, [endpoint])]


def test_a_gap_within_the_time() -> None:
    time = WatchedTime(100, 1000, (listener(),), (listener(),))
    assert found([change(200, 1, opened=False), change(300, 2, opened=True)], time) == [(200, 300)]


def test_each_time_begins_with_who_listened_then() -> None:
    times = (
        WatchedTime(100, 1000, (listener(),), (listener(),)),
        WatchedTime(5000, 6000, (listener(), listener()), (listener(),)),
    )
    events = [
        change(200, 1, opened=False),
        change(300, 2, opened=True),
        change(5100, 2, opened=False),
        change(5200, 3, opened=False),
        change(5300, 4, opened=True),
    ]
    assert found(events, *times) == [(200, 300), (5200, 5300)]


def test_nobody_listens_any_more() -> None:
    time = WatchedTime(100, 1000, (listener(),), ())
    assert found([change(200, 1, opened=False)], time) == [(200, 1000)]


def test_the_end_contradicts_a_gap_that_goes_on() -> None:
    for after in (listener(), listener("0.0.0.0:80"), listener("[::]:80")):
        time = WatchedTime(100, 1000, (listener(),), (after,))
        assert found([change(200, 77, opened=False)], time) == []


def test_an_ipv6_only_wildcard_contradicts_nothing() -> None:
    only = listener("[::]:80", v6_only=True)
    time = WatchedTime(100, 1000, (listener(), only), (only,))
    assert found([change(200, 1, opened=False)], time) == [(200, 1000)]
