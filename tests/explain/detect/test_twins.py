from msgspec.structs import replace

from hitless.explain.detect.twins import merge_twins
from hitless.logged import Clock, LinePlace, Moment, OwnMessage
from tests.explain.detect.histories import SECOND, History, offset_s

NONE = Moment(t_ns=0, error_ns=0, clock=Clock.NONE)


def on_stderr(messages: list[OwnMessage], *, timed: bool) -> list[OwnMessage]:
    """The same as the journal or a file has them."""
    return [
        replace(
            message,
            at=message.at if timed else NONE,
            host="" if not timed else message.host,
            place=LinePlace(source=1, offset=n, size_bytes=1),
        )
        for n, message in enumerate(messages)
    ]


def history(*, coarse: bool = False) -> History:
    found = History(coarse=coarse)
    found.say(1, 1, "Reloading HAProxy")
    found.soft_stop(2.5, 100)
    found.say(3, 1, "Loading success.")
    found.soft_stop(8.5, 200)
    return found


def test_a_message_of_two_logs_is_one_and_the_exacter_stays() -> None:
    syslog, journal = history(coarse=True).own, on_stderr(history().own, timed=True)
    merged = merge_twins([*syslog, *journal])
    assert [offset_s(m.at) for m in merged] == [1, 2.5, 3, 8.5]
    assert {m.at.error_ns for m in merged} == {1000}


def test_equal_messages_at_other_times_are_two() -> None:
    found = History()
    for seconds in (1, 2, 60):
        found.say(seconds, 1, "Reloading HAProxy")
    assert len(merge_twins(found.own)) == 3


def test_lines_without_a_time_take_it_from_their_twins() -> None:
    whole = history().own
    syslog = [m for m in whole if m.pid != 1]
    merged = merge_twins([*syslog, *on_stderr(whole, timed=False)])
    by_text = {m.text: m for m in merged}
    reloading, loaded = by_text["Reloading HAProxy"], by_text["Loading success."]
    assert reloading.at.clock is Clock.NONE  # nothing before it has a time
    assert loaded.at.clock is Clock.BETWEEN
    assert offset_s(loaded.at) == 2.5
    assert loaded.at.error_ns == 6 * SECOND + 1000
    assert len(merged) == 4


def test_without_twins_nothing_changes() -> None:
    lines = on_stderr(history().own, timed=False)
    assert merge_twins(lines) == lines
