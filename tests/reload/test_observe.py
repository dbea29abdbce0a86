"""Who holds which listening socket, read from this very process."""

import os
import socket
from collections.abc import Iterator

import pytest

from hitless.records import Event, EventKind
from hitless.reload.observe import Observer
from hitless.reload.phases import PhaseTracker


def listener() -> socket.socket:
    """Return a socket that listens on a port of its own, with room for another on the same port."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    made.bind(("127.0.0.1", 0))
    made.listen()
    return made


def endpoint(listening: socket.socket) -> str:
    host, port = listening.getsockname()
    return f"{host}:{port}"


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with listener() as made:
        yield made


@pytest.fixture
def observer(listening: socket.socket) -> Iterator[Observer]:
    made = Observer(lambda: [os.getpid()], frozenset({endpoint(listening)}))
    yield made
    made.close()


def test_this_process_holds_its_listener(observer: Observer, listening: socket.socket) -> None:
    seen = observer.look()
    inode = os.fstat(listening.fileno()).st_ino
    assert seen.listening == {os.getpid(): frozenset({inode})}
    assert observer.endpoint_of == {inode: endpoint(listening)}
    assert observer.serving() == {os.getpid()}


def test_who_holds_only_a_part_does_not_serve(listening: socket.socket) -> None:
    with listener() as other:
        endpoints = frozenset({endpoint(listening), endpoint(other)})
        observer = Observer(lambda: [os.getpid()], endpoints)
        assert observer.serving() == {os.getpid()}
        other.close()
        assert observer.serving() == frozenset()
        observer.close()


def test_connections_are_counted_where_they_are_accepted(
    observer: Observer, listening: socket.socket
) -> None:
    with socket.create_connection(listening.getsockname()):
        assert observer.look(connections=True).connected == {os.getpid(): 0}
        accepted, _ = listening.accept()
        with accepted:
            assert observer.look(connections=True).connected == {os.getpid(): 1}
        assert observer.look().connected == {os.getpid(): 0}


def test_processes_that_are_gone_or_closed_to_us_are_left_out(listening: socket.socket) -> None:
    observer = Observer(lambda: [2**22 - 1, os.getpid()], frozenset({endpoint(listening)}))
    assert set(observer.look().listening) == {os.getpid()}
    observer.close()


def test_following_emits_phases_until_satisfied(observer: Observer, listening: socket.socket) -> None:
    events: list[Event] = []
    tracker = PhaseTracker(1, frozenset(), observer.endpoints, observer.endpoint_of)
    assert observer.follow(tracker, events.append, until=lambda state: state.taken_over, deadline_s=30)
    assert [event.kind for event in events][:2] == [EventKind.PROCESS_START, EventKind.LISTENERS_OWNED]
    assert tracker.new_pid == os.getpid()
    assert listening.fileno() >= 0


def test_following_ends_at_its_deadline(observer: Observer) -> None:
    tracker = PhaseTracker(1, frozenset(), observer.endpoints, observer.endpoint_of)
    assert not observer.follow(tracker, lambda _: None, until=lambda _: False, deadline_s=0.02)
