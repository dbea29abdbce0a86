"""A reload as a playbook: what is observed goes in, which phase begins comes out."""

from collections.abc import Iterable

from hitless.records import EventKind
from hitless.reload.phases import Observation, PhaseTracker

A, B, UNIX = 1001, 1002, 1003
SHARD = 1004
ENDPOINT_OF = {A: "0.0.0.0:80", B: "0.0.0.0:443", SHARD: "0.0.0.0:80"}
ENDPOINTS = frozenset({"0.0.0.0:80", "0.0.0.0:443"})
OLD, NEW = 10, 20


class Playbook:
    """Feeds observations, ten milliseconds apart, and says what each was the first to show."""

    def __init__(self, *old: int, expected: frozenset[str] = ENDPOINTS) -> None:
        self.tracker = PhaseTracker(3, frozenset(old), expected, ENDPOINT_OF)
        self.t_ns = 0

    def see(
        self, listening: dict[int, Iterable[int]], connected: dict[int, int] | None = None
    ) -> list[tuple[str, int]]:
        self.t_ns += 10_000_000
        held = {pid: frozenset(inodes) for pid, inodes in listening.items()}
        events = [*self.tracker.observe(Observation(self.t_ns, held, connected or {}))]
        assert all(event.t_ns == self.t_ns and event.reload == 3 for event in events)
        assert all(
            event.state == ("old" if event.pid in self.tracker.old_pids else "new") for event in events
        )
        return [(event.kind.value, event.pid) for event in events]

    def has_died(self) -> bool:
        return self.tracker.died

    def has_taken_over(self) -> bool:
        return self.tracker.taken_over


def test_a_reload_in_master_worker_mode() -> None:
    book = Playbook(OLD)
    assert book.see({OLD: {A, B}}) == []
    assert not book.has_taken_over()
    assert book.see({OLD: {A, B}, NEW: ()}) == [("process.start", NEW)]
    assert book.see({OLD: {A, B}, NEW: {A}}) == []
    assert book.see({OLD: {A, B}, NEW: {A, B}}) == [("listeners.owned", NEW)]
    assert book.tracker.new_pid == NEW
    assert not book.has_taken_over()
    assert book.see({OLD: {B}, NEW: {A, B}}) == []
    assert book.see({OLD: (), NEW: {A, B}}, {NEW: 2}) == [("listeners.released", OLD), ("first.accept", NEW)]
    assert book.has_taken_over()
    assert book.see({OLD: (), NEW: {A, B}}, {NEW: 5}) == []
    assert book.see({NEW: {A, B}}) == [("process.exit", OLD)]
    assert book.see({NEW: {A, B}}) == []
    assert book.has_taken_over()


def test_sockets_that_were_not_handed_over_are_others_of_the_same_endpoint() -> None:
    book = Playbook(OLD, expected=frozenset({"0.0.0.0:80"}))
    book.see({OLD: {A}})
    assert book.see({OLD: {A}, NEW: {SHARD}}) == [("process.start", NEW), ("listeners.owned", NEW)]
    assert book.see({OLD: (), NEW: {SHARD}}) == [("listeners.released", OLD)]


def test_a_classic_process_that_ends_with_its_sockets_has_released_them() -> None:
    book = Playbook(OLD)
    book.see({OLD: {A, B}, NEW: {A, B}})
    assert book.see({NEW: {A, B}}) == [("listeners.released", OLD), ("process.exit", OLD)]
    assert book.has_taken_over()


def test_a_restart_has_a_time_in_which_nobody_is_there() -> None:
    book = Playbook(OLD)
    assert book.see({OLD: {A, B}}) == []
    assert book.see({}) == [("listeners.released", OLD), ("process.exit", OLD)]
    assert not book.has_taken_over()
    assert book.see({NEW: {A, B}}) == [("process.start", NEW), ("listeners.owned", NEW)]
    assert book.has_taken_over()


def test_a_reload_that_fails_leaves_the_old_process_in_place() -> None:
    book = Playbook(OLD)
    book.see({OLD: {A, B}})
    assert book.see({OLD: {A, B}, NEW: ()}) == [("process.start", NEW)]
    assert book.see({OLD: {A, B}}) == [("process.exit", NEW)]
    for _ in range(299):
        book.see({OLD: {A, B}})
        assert not book.has_died()
    book.see({OLD: {A, B}})
    assert book.has_died()
    assert book.tracker.new_pid == 0
    assert not book.has_taken_over()
    assert book.tracker.old_still_listening == {OLD}


def test_a_program_that_is_run_while_the_configuration_is_loaded_is_no_new_process_that_died() -> None:
    book = Playbook(OLD)
    book.see({OLD: {A, B}, NEW: ()})
    for _ in range(250):
        book.see({OLD: {A, B}})
    book.see({OLD: {A, B}, NEW + 1: ()})
    for _ in range(350):
        book.see({OLD: {A, B}, NEW + 1: ()})
        assert not book.has_died()
    book.see({OLD: (), NEW + 1: {A, B}})
    assert book.has_taken_over()


def test_a_new_process_that_owned_everything_and_died_has_not_taken_over() -> None:
    book = Playbook(OLD)
    book.see({OLD: {A, B}, NEW: {A, B}})
    book.see({OLD: ()})
    assert book.tracker.new_pid == 0
    assert not book.has_taken_over()


def test_an_old_process_that_goes_on_listening_was_not_replaced() -> None:
    book = Playbook(OLD)
    book.see({OLD: {A, B}, NEW: {A, B}})
    assert book.see({OLD: {B}, NEW: {A, B}}) == []
    assert book.tracker.old_still_listening == {OLD}
    assert not book.has_taken_over()


def test_a_worker_that_still_drains_an_earlier_reload_is_none_of_this_one() -> None:
    drains = 5
    book = Playbook(drains, OLD)
    assert book.see({drains: (), OLD: {A, B}}) == []
    assert book.see({drains: (), OLD: {A, B}, NEW: {A, B}}) == [
        ("process.start", NEW),
        ("listeners.owned", NEW),
    ]
    assert book.see({drains: (), OLD: (), NEW: {A, B}}) == [("listeners.released", OLD)]
    assert book.has_taken_over()
    assert book.see({OLD: (), NEW: {A, B}}) == [("process.exit", drains)]


def test_a_reload_that_was_quicker_than_the_first_look() -> None:
    book = Playbook(OLD)
    assert book.see({OLD: (), NEW: {A, B}}) == [
        ("listeners.released", OLD),
        ("process.start", NEW),
        ("listeners.owned", NEW),
    ]
    assert book.has_taken_over()


def test_a_new_process_must_own_every_endpoint() -> None:
    book = Playbook(OLD)
    book.see({OLD: {A, B}})
    book.see({OLD: (), NEW: {A, SHARD}})
    assert not book.has_taken_over()
    assert book.tracker.new_pid == 0


def test_sockets_of_other_endpoints_do_not_count() -> None:
    book = Playbook(OLD, expected=frozenset({"0.0.0.0:80"}))
    book.see({OLD: {A}})
    assert book.see({OLD: {A}, NEW: {UNIX}}) == [("process.start", NEW)]


def test_of_two_new_processes_the_later_owner_is_the_new_one() -> None:
    book = Playbook(OLD)
    book.see({OLD: {A, B}, 30: {A, B}})
    book.see({OLD: (), 30: {A, B}, NEW: {A, B}})
    assert book.tracker.new_pid == NEW
    book.see({OLD: (), 30: {A, B}})
    assert book.tracker.new_pid == 30


def test_before_the_first_look_everybody_old_is_taken_to_listen() -> None:
    tracker = PhaseTracker(1, frozenset({OLD}), ENDPOINTS, ENDPOINT_OF)
    assert tracker.old_still_listening == {OLD}
    assert tracker.waiting_for_accept
    events = [*tracker.observe(Observation(5, {OLD: frozenset({A, B}), NEW: frozenset({A, B})}))]
    assert [event.number for event in events if event.kind is EventKind.LISTENERS_OWNED] == [2]
