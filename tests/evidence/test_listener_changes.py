from hitless.evidence.kin import Kin
from hitless.evidence.listener_changes import ListenerChanges
from hitless.evidence.listeners import UNKNOWN_NAMESPACE
from hitless.records import Event, EventKind

HERE, ELSEWHERE, LAUNCHER, DAEMON = 1, 2, 3, 4
LISTEN, UNLISTEN = EventKind.KERNEL_LISTEN, EventKind.KERNEL_UNLISTEN


def changes(*, from_the_start: bool = False) -> tuple[ListenerChanges, Kin]:
    kin = Kin({HERE: True, ELSEWHERE: False, DAEMON: True}.get)
    return ListenerChanges(kin, from_the_start=from_the_start), kin


def add(to: ListenerChanges, t_ns: int, kind: EventKind, pid: int, address: int) -> None:
    to.add(Event(t_ns=t_ns, kind=kind, pid=pid), address)


def seen(events: list[Event]) -> list[tuple[int, str]]:
    return [(event.t_ns, event.reason) for event in events]


def test_changes_of_other_namespaces_are_left_out() -> None:
    held, _ = changes()
    add(held, 10, LISTEN, HERE, 1)
    add(held, 20, LISTEN, ELSEWHERE, 2)
    add(held, 30, UNLISTEN, LAUNCHER, 2)
    add(held, 40, UNLISTEN, LAUNCHER, 1)
    assert seen(held.settle(None)) == [(10, ""), (40, "")]


def test_a_fork_that_is_read_in_the_next_turn_tells_whose_a_socket_is() -> None:
    held, kin = changes(from_the_start=True)
    add(held, 10, LISTEN, LAUNCHER, 1)
    assert held.settle(20) == []
    kin.forked(12, LAUNCHER, DAEMON)
    add(held, 21, UNLISTEN, DAEMON, 1)
    assert seen(held.settle(30)) == [(10, ""), (21, "")]


def test_a_launcher_without_a_child_leaves_it_open_whose_its_socket_was() -> None:
    held, _ = changes(from_the_start=True)
    add(held, 10, LISTEN, LAUNCHER, 1)
    add(held, 11, UNLISTEN, LAUNCHER, 1)
    assert held.settle(20) == []
    assert seen(held.settle(30)) == [(10, UNKNOWN_NAMESPACE), (11, UNKNOWN_NAMESPACE)]


def test_at_the_end_all_is_said() -> None:
    held, _ = changes()
    add(held, 10, UNLISTEN, LAUNCHER, 1)
    assert seen(held.settle(None)) == [(10, UNKNOWN_NAMESPACE)]
    assert held.settle(None) == []


def test_the_close_of_a_socket_that_was_not_seen_opening() -> None:
    from_the_start, _ = changes(from_the_start=True)
    later, _ = changes()
    for held in (from_the_start, later):
        add(held, 10, UNLISTEN, HERE, 1)
        add(held, 20, UNLISTEN, ELSEWHERE, 2)
    assert from_the_start.settle(30) == []
    assert seen(later.settle(30)) == [(10, "")]


def test_changes_of_one_socket_are_judged_in_the_order_of_time_whichever_was_read_first() -> None:
    held, _ = changes(from_the_start=True)
    add(held, 20, UNLISTEN, HERE, 1)
    add(held, 10, LISTEN, HERE, 1)
    assert seen(held.settle(30)) == [(10, ""), (20, "")]


def test_what_happened_while_it_was_read_waits_for_the_next_turn() -> None:
    held, _ = changes(from_the_start=True)
    add(held, 20, UNLISTEN, HERE, 1)
    assert held.settle(15) == []
    add(held, 14, LISTEN, HERE, 1)
    assert seen(held.settle(30)) == [(14, ""), (20, "")]
