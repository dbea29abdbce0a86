"""Lines of HAProxy, or of nobody known, in no format that is known: how many, and where the first one is. Pure."""

from collections import defaultdict
from collections.abc import Iterable

from hitless.logged import LinePlace, Skipped, SkipReason, UnknownText

__all__ = ["count_not_understood"]


def count_not_understood(unknown: Iterable[UnknownText], *, most: int) -> tuple[Skipped, ...]:
    """Return them by source. From `most` of one source on there may be more: a census keeps the first ones only."""
    places: dict[int, list[LinePlace]] = defaultdict(list)
    for line in unknown:
        places[line.place.source].append(line.place)
    return tuple(
        Skipped(
            source=source,
            reason=SkipReason.NOT_UNDERSTOOD,
            lines=len(mine),
            size_bytes=sum(place.size_bytes + 1 for place in mine),
            first_offset=min(place.offset for place in mine),
            detail="at least" if len(mine) >= most else "",
        )
        for source, mine in places.items()
    )
