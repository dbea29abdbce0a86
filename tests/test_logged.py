import msgspec
import pytest

from hitless.evidence.haproxy_messages import MessageKind
from hitless.logged import Clock, Entry, Generation, LinePlace, Moment, OwnMessage, Traffic


def at(t_ns: int, error_ns: int = 1) -> Moment:
    return Moment(t_ns=t_ns, error_ns=error_ns, clock=Clock.SYSLOG)


def test_a_moment_has_a_latest_time() -> None:
    assert at(5, 3).latest_ns == 8


@pytest.mark.parametrize(
    ("stop", "last", "exited", "drained_ns"),
    [
        (10, 40, None, 30),
        (10, 40, 50, 40),
        (10, 50, 40, 40),
        (10, 5, None, 0),
        (None, 40, None, None),
        (10, None, None, None),
    ],
)
def test_how_long_a_generation_drained(
    stop: int | None, last: int | None, exited: int | None, drained_ns: int | None
) -> None:
    generation = Generation(
        pid=1,
        stop_asked=None if stop is None else at(stop),
        last_line=None if last is None else at(last),
        exited=None if exited is None else at(exited),
    )
    assert generation.drained_ns == drained_ns


def test_entries_are_written_and_read_back() -> None:
    place = LinePlace(source=0, offset=5, size_bytes=7)
    traffic = Traffic(at=at(1), place=place, timers_ms={"Tw": -1}, request_captures=("a",))
    message = OwnMessage(at=at(1), place=place, kind=MessageKind.LOADED, text="Loading success.")
    for entry in (traffic, message):
        assert msgspec.json.decode(msgspec.json.encode(entry), type=type(entry)) == entry
    assert set(Entry.__args__) >= {Traffic, OwnMessage}
