from msgspec.structs import replace

from hitless.explanations import (
    ClockOffset,
    Counting,
    EndingCount,
    InputKind,
    InputRead,
    NamedCause,
    Role,
    ZoneChange,
)
from hitless.logged import Certainty, ChangeKind, Clock, Moment, Skipped, SkipReason
from hitless.report.explain.words import (
    KINDS,
    Times,
    certainty,
    clock_words,
    ending_words,
    headline,
    input_words,
    pids,
    skipped_words,
    victims_words,
)
from tests.explain.stories import event, story

SECOND = 10**9


def test_times_are_of_the_logs_zone_and_as_exact_as_known() -> None:
    times = Times(replace(story("3.2.log"), zone_offset_s=-9000))
    assert times.name == "UTC-02:30"
    at = Moment(t_ns=1_795_921_200 * SECOND + 704_000_000, error_ns=1, clock=Clock.SYSLOG)
    assert times.when(at.t_ns) == "2026-11-29 00:30:00"
    assert times.clock(at) == "00:30:00.704"
    assert times.clock(replace(at, error_ns=SECOND)) == "00:30:00"
    assert times.clock(replace(at, error_ns=4 * SECOND)) == "00:30:00 +4s"
    assert Times(story("3.2.log")).span(story("3.2.log")).endswith("UTC")
    assert times.span(replace(story("3.2.log"), first_ns=0)) == "no time"


def test_times_follow_a_clock_that_is_put_back() -> None:
    back_ns = 1_792_890_000 * SECOND  # 2026-10-25 01:00 UTC
    made = replace(
        story("3.2.log"),
        zone_offset_s=7200,
        zone_changes=(ZoneChange(since_ns=back_ns, offset_s=3600),),
        first_ns=back_ns - SECOND,
        last_ns=back_ns + SECOND,
    )
    times = Times(made)
    assert times.name == "UTC+02:00, from 2026-10-25 02:00:00 UTC+01:00"
    assert [times.when(back_ns + s * SECOND)[11:] for s in (-1, 0)] == ["02:59:59", "02:00:00"]
    assert times.span(made) == "2026-10-25 02:59:59 UTC+02:00 to 2026-10-25 02:00:01 UTC+01:00"


def test_counts_say_how_they_are_known() -> None:
    cause = NamedCause(
        code="", name="", summary="", victims=3, counting=Counting.ESTIMATED, certainty=Certainty.LIKELY
    )
    assert victims_words(cause) == "about 3 requests"
    assert victims_words(replace(cause, counting=Counting.AT_LEAST, victims=1)) == "at least 1 request"
    assert victims_words(replace(cause, counting=Counting.NOT_COUNTED)) == "not counted"


def test_sentences() -> None:
    ending = EndingCount(role=Role.OLD, status=503, termination="SC--", lines=2, usual=0.5, meaning="gone")
    assert ending_words(ending) == "2 lines 503 SC--, old process (usual: 0.5): gone"
    offset = ClockOffset(
        name="x", clock=Clock.SYSLOG, offset_ns=-SECOND, error_ns=10**6, pairs=7, applied=True
    )
    assert clock_words(offset) == "x: 1 s behind HAProxy's clock, ± 1 ms (by 7 pairs); taken off"
    read = InputRead(
        kind=InputKind.LOG, name="x.log", size_bytes=12_345, items=3, why="named", notes=("gzip",)
    )
    assert input_words(read) == "log · x.log · 12.3 kB · 3 items · named · gzip"
    skipped = Skipped(source=0, reason=SkipReason.TOO_LONG, lines=1, size_bytes=70_000, first_offset=5)
    assert skipped_words(skipped, (read,)) == "x.log: too long: 1 lines, 70 kB, first at byte 5"
    assert skipped_words(replace(skipped, source=9), ()).startswith("source 9: ")
    assert headline(story("3.2.log")) == "HARM FOUND"
    assert pids(event(story("3.2.log"), ChangeKind.RELOAD)) == "7486 → 7639"
    assert {certainty(value) for value in Certainty}
    assert set(KINDS) == set(ChangeKind)
