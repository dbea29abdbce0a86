import random
from collections.abc import Sequence

import pytest

from hitless.evidence.model import CounterReading, Gap, TraceStatus
from hitless.records import Event, EventKind
from hitless.reload.clients import Kind, Seen, excess, judge_effects
from hitless.reload.own_endpoints import OwnEndpoints
from hitless.reloads import ClientEffects, ResetCount

S = 1_000_000_000
MS = 1_000_000
OPENED, TRIGGER, END = 10 * S, 12 * S, 16 * S
WEB, API = "192.0.2.1:80", "0.0.0.0:81"
OLD_PID = 4242
ON_DATA: Kind = ("TCP_CLOSE", "TCP_ABORT_ON_DATA")
ON_CLOSE: Kind = ("TCP_CLOSE", "TCP_ABORT_ON_CLOSE")
QUEUE: Kind = ("TCP_CLOSE", "TCP_STATE")
NO_SOCKET: Kind = ("", "NO_SOCKET")
NOISE: Kind = ("TCP_SYN_RECV", "TCP_INVALID_ACK_SEQUENCE")


def reset(kind: Kind, after_ns: int = 50 * MS, *, local: str = WEB, pid: int = 1) -> Event:
    return Event(
        t_ns=TRIGGER + after_ns,
        kind=EventKind.KERNEL_RESET_SENT,
        pid=pid,
        local=local,
        remote="198.51.100.7:40000",
        state=kind[0],
        reason=kind[1],
    )


def closed(after_ns: int, *, pid: int = OLD_PID) -> Event:
    return Event(t_ns=TRIGGER + after_ns, kind=EventKind.KERNEL_UNLISTEN, pid=pid, local=WEB, socket=1)


def readings(**gained: int) -> list[CounterReading]:
    """Counters whose gain since the trigger is given; before it they gained nothing."""
    names = {name: "Tcp.OutRsts" if name == "OutRsts" else f"TcpExt.{name}" for name in gained}
    base = {"Tcp.OutRsts": 1000, **{names[name]: 7 for name in gained}}
    end = {**base, **{names[name]: base[names[name]] + count for name, count in gained.items()}}
    return [
        CounterReading(t_ns=OPENED, label="opened", values=base),
        CounterReading(t_ns=TRIGGER, label="trigger", values=base),
        CounterReading(t_ns=END, label="end", values=end),
    ]


def effects(
    *events: Event,
    before: dict[Kind, int] | None = None,
    gaps: Sequence[Gap] = (),
    status: TraceStatus | None = None,
    counters: Sequence[CounterReading] | None = None,
    removed: frozenset[str] = frozenset(),
    opened_ns: int = OPENED,
) -> ClientEffects:
    return judge_effects(
        Seen(
            opened_ns=opened_ns,
            trigger_ns=TRIGGER,
            end_ns=END,
            status=status or TraceStatus(source="tracefs"),
            before=before or {},
            events=events,
            gaps=gaps,
            counters=readings(OutRsts=100_000) if counters is None else counters,
            own=OwnEndpoints((WEB, API), ("203.0.113.1",), ()),
            removed=removed,
        )
    )


def only(found: ClientEffects) -> ResetCount:
    (row,) = found.resets
    return row


def test_a_quiet_reload() -> None:
    found = effects()
    assert (found.source, found.window_s, found.resets, found.resets_to_clients) == ("tracefs", 4.0, (), 0)
    assert (found.notes, found.resets_known) == ((), True)


def test_connections_lost_in_the_queue_of_a_listener_that_closed() -> None:
    found = effects(
        closed(20 * MS),
        reset(QUEUE, 20 * MS + 5000, pid=OLD_PID),
        reset(QUEUE, 21 * MS, pid=OLD_PID),
        before={QUEUE: 1000},
    )
    row = only(found)
    assert (row.count, row.attributable, found.resets_to_clients) == (2, True, 2), "whatever the rate before"
    assert "queue" in row.meaning
    assert row.examples[0] == "198.51.100.7:40000 -> 192.0.2.1:80 at +0.0200 s"


@pytest.mark.parametrize(
    "events",
    [
        pytest.param((closed(20 * MS), reset(QUEUE, 21 * MS, pid=7)), id="by another thread"),
        pytest.param((closed(20 * MS), reset(QUEUE, 19 * MS, pid=OLD_PID)), id="before the close"),
        pytest.param((closed(20 * MS), reset(QUEUE, 900 * MS, pid=OLD_PID)), id="long after the close"),
    ],
)
def test_what_haproxy_resets_on_purpose_is_told_by_its_rate(events: tuple[Event, ...]) -> None:
    row = only(effects(*events, before={QUEUE: 50}))
    assert (row.count, row.attributable) == (1, False)
    assert "on purpose" in row.meaning


def test_a_kernel_without_reasons_knows_the_queue_too() -> None:
    row = only(effects(closed(20 * MS), reset(("TCP_CLOSE", ""), 21 * MS, pid=OLD_PID)))
    assert (row.reason, row.attributable) == ("", True)
    assert "queue" in row.meaning


def test_refused_while_nobody_listened() -> None:
    gap = Gap(endpoint=WEB, start_ns=TRIGGER + 10 * MS, end_ns=TRIGGER + 90 * MS)
    found = effects(
        reset(NO_SOCKET, 50 * MS),
        reset(NO_SOCKET, 500 * MS),
        reset(NO_SOCKET, 50 * MS, local="203.0.113.1:81"),
        before={NO_SOCKET: 100},
        gaps=[gap],
    )
    assert [(row.count, row.attributable, row.meaning.partition(":")[0]) for row in found.resets] == [
        (1, True, "refused"),
        (2, False, "a packet for a connection that was gone"),
    ]
    assert found.listener_gap_s == 0.08


def test_refused_on_an_address_of_a_wildcard() -> None:
    gap = Gap(endpoint=API, start_ns=TRIGGER, end_ns=TRIGGER + 90 * MS)
    found = effects(reset(NO_SOCKET, local="203.0.113.1:81"), before={NO_SOCKET: 100}, gaps=[gap])
    assert only(found).attributable


def test_an_address_that_was_removed_has_no_gap_but_refuses() -> None:
    gap = Gap(endpoint=WEB, start_ns=TRIGGER + 10 * MS, end_ns=END)
    found = effects(reset(NO_SOCKET), gaps=[gap], removed=frozenset({WEB}))
    assert "does not have the address" in only(found).meaning
    assert (found.resets_to_clients, found.listener_gap_s) == (1, 0.0)


def test_what_never_happened_before_can_be_the_reloads() -> None:
    found = effects(reset(ON_DATA), reset(ON_CLOSE), reset(("TCP_TIME_WAIT", "TCP_TIMEWAIT_SOCKET")))
    assert (found.resets_to_clients, found.closed_with_unread_data) == (3, 3)


def test_what_happens_all_day_is_not_the_reloads() -> None:
    """20 in 2 s before, so 40 are expected in 4 s, give or take 3 * sqrt(40 * 3) = 33."""
    found = effects(*[reset(ON_DATA)] * 70, before={ON_DATA: 20})
    row = only(found)
    assert (row.count, row.attributable, found.resets_to_clients) == (70, False, 0)
    assert found.baseline_resets_per_s == 10.0


def test_a_burst_above_what_happens_all_day_is_the_reloads() -> None:
    found = effects(*[reset(ON_DATA)] * 240, before={ON_DATA: 20})
    assert [(row.count, row.attributable) for row in found.resets] == [(200, True), (40, False)]
    assert found.resets_to_clients == found.closed_with_unread_data == 200


def test_the_rate_before_excuses_its_own_kind_alone() -> None:
    assert effects(*[reset(ON_DATA)] * 10, before={ON_CLOSE: 1000}).resets_to_clients == 10


def test_noise_is_never_the_reloads() -> None:
    assert not only(effects(*[reset(NOISE)] * 50)).attributable


def test_examples_are_bounded() -> None:
    assert len(only(effects(*[reset(ON_DATA)] * 50)).examples) == 5


def test_chance_alone_seldom_makes_an_excess() -> None:
    randomness = random.Random(4)

    def counted(rate_per_s: float, seconds: float) -> int:
        return sum(randomness.random() < rate_per_s / 1000 for _ in range(int(seconds * 1000)))

    blamed = sum(excess(counted(20, 2), 2, counted(20, 5), 5) > 0 for _ in range(500))
    assert blamed <= 5, (
        "3 standard deviations on one side are one in 740 for large numbers, some more for small ones"
    )


def test_lost_events_make_lower_bounds() -> None:
    found = effects(status=TraceStatus(source="tracefs", lost_events=7))
    assert found.lost_events == 7
    assert not found.resets_known
    assert "lower bounds" in found.notes[0]


def test_more_resets_than_the_namespace_sent_are_others() -> None:
    found = effects(*[reset(ON_DATA)] * 9, counters=readings(OutRsts=4))
    assert any("upper bounds" in note for note in found.notes)


def test_a_short_time_before_is_said_where_it_matters() -> None:
    late = TRIGGER - S // 10
    assert any("only 0.10 s" in note for note in effects(reset(ON_DATA), opened_ns=late).notes)
    assert effects(closed(0), reset(QUEUE, 1, pid=OLD_PID), opened_ns=late).notes == ()


def test_requests_lost_without_a_reset_are_spoken_of_where_there_may_be_some() -> None:
    assert any("without a reset" in note for note in effects(reset(ON_DATA)).notes)
    assert effects(closed(0), reset(QUEUE, 1, pid=OLD_PID)).notes == ()


def test_a_trace_event_that_the_kernel_lacks_is_said() -> None:
    found = effects(status=TraceStatus(source="tracefs", missing=("tcp/tcp_send_reset",)))
    assert "tcp/tcp_send_reset" in found.notes[0]


def test_counters_of_the_namespace() -> None:
    found = effects(
        counters=readings(ListenDrops=3, ListenOverflows=3, TCPMigrateReqSuccess=12, TCPMigrateReqFailure=1)
    )
    assert (found.queue_drops, found.migrated, found.migration_failures) == (3, 12, 1)


def test_without_the_trace_counters_stand_in() -> None:
    found = effects(
        status=TraceStatus(source="counters", why="no tracefs"),
        counters=readings(TCPAbortOnClose=4, TCPAbortOnData=2, OutRsts=9),
    )
    assert (found.source, found.why, found.resets_known) == ("counters", "no tracefs", False)
    assert [(row.reason, row.count) for row in found.resets] == [
        ("TCPAbortOnClose", 4),
        ("TCPAbortOnData", 2),
    ]
    assert found.closed_with_unread_data == 6
    assert "not known" in found.notes[0]
    assert "9 resets" in found.notes[1]


def test_without_anything_it_says_so() -> None:
    found = effects(status=TraceStatus(source="none", why="gone"), counters=())
    assert (found.source, found.resets_to_clients) == ("none", 0)
    assert any("could not be read" in note for note in found.notes)


def test_rates_of_counters_are_compared_too() -> None:
    status = TraceStatus(source="counters", why="no tracefs")
    before = readings(TCPAbortOnData=60)
    moved = {name: value - 40 for name, value in before[0].values.items()}
    opened = CounterReading(t_ns=OPENED, label="opened", values=moved)
    row = only(effects(status=status, counters=[opened, *before[1:]]))
    assert (row.count, row.attributable) == (60, False)
