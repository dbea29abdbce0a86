"""Moments that may be unknown, compared. One without a time counts for nothing, as None does."""

from hitless.logged import Clock, Moment

__all__ = ["earlier", "first_of", "later", "sharpest"]


def earlier(one: Moment | None, other: Moment | None) -> Moment | None:
    """Return the earlier of two moments."""
    one, other = _known(one), _known(other)
    if one is None or other is None:
        return one if other is None else other
    return one if one.t_ns <= other.t_ns else other


def first_of(one: Moment | None, other: Moment | None) -> Moment | None:
    """Return when the first of two signs of one thing was: of stamps that may be the same time the exacter one."""
    one, other = _known(one), _known(other)
    if one is None or other is None or one.latest_ns < other.t_ns or other.latest_ns < one.t_ns:
        return earlier(one, other)
    return one if one.error_ns <= other.error_ns else other


def later(one: Moment | None, other: Moment | None) -> Moment | None:
    """Return the later of two moments."""
    one, other = _known(one), _known(other)
    if one is None or other is None:
        return one if other is None else other
    return one if one.t_ns >= other.t_ns else other


def sharpest(*moments: Moment | None) -> Moment | None:
    """Return the most exact of several stamps of one thing; of equally exact ones the first."""
    known = [moment for moment in moments if _known(moment) is not None]
    return min((m for m in known if m is not None), key=lambda m: m.error_ns, default=None)


def _known(moment: Moment | None) -> Moment | None:
    return None if moment is None or moment.clock is Clock.NONE else moment
