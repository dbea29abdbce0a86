"""What each process logged about traffic, summed: the input of detection besides messages."""

from dataclasses import dataclass, field

from hitless.logged import LinePlace, Moment

__all__ = ["ProcessActivity"]


@dataclass(slots=True)
class ProcessActivity:
    """The lines of one process about traffic.

    Units: `accepts` counts what began in each bucket of `bucket_s` seconds, by its start in seconds since 1970.
    """

    host: str
    program: str
    pid: int
    lines: int = 0
    first_line: Moment | None = None
    last_line: Moment | None = None
    first_accept: Moment | None = None
    last_accept: Moment | None = None
    accepts: dict[int, int] = field(default_factory=dict)
    bucket_s: int = 1
    frontends: set[str] = field(default_factory=set)
    places: list[LinePlace] = field(default_factory=list)
    """Its first line and its last."""
