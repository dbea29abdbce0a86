from hitless.explain.analysis.unread import count_not_understood
from hitless.logged import Clock, LinePlace, Moment, Skipped, SkipReason, UnknownText


def unknown(source: int, offset: int) -> UnknownText:
    place = LinePlace(source=source, offset=offset, size_bytes=9)
    return UnknownText(at=Moment(t_ns=1, error_ns=0, clock=Clock.SYSLOG), place=place, text="x")


def test_they_are_counted_by_source() -> None:
    lines = [unknown(0, 40), unknown(0, 20), unknown(1, 0)]
    assert count_not_understood(lines, most=2) == (
        Skipped(
            source=0,
            reason=SkipReason.NOT_UNDERSTOOD,
            lines=2,
            size_bytes=20,
            first_offset=20,
            detail="at least",
        ),
        Skipped(source=1, reason=SkipReason.NOT_UNDERSTOOD, lines=1, size_bytes=10),
    )
    assert count_not_understood([], most=2) == ()
