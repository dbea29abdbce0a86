"""What each process logged about traffic, summed: the input of detection besides messages."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from hitless.explain.detect.moments import earlier, later
from hitless.logged import LinePlace, Moment, Traffic
from hitless.units import NANOSECONDS_PER_SECOND

__all__ = ["ActivityTable", "ProcessActivity", "ProcessName"]

_MOST_PROCESSES = 100_000
_MOST_FRONTENDS = 1000

ProcessName = tuple[str, str, int]
"""Host, program, pid."""


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


class ActivityTable:
    """Sums up lines of traffic by process. Its size follows processes and seconds, not lines."""

    def __init__(self) -> None:
        self._processes: dict[ProcessName, ProcessActivity] = {}

    def add(self, line: Traffic) -> None:
        """Count one line. Those of a process without a pid are counted too, under pid 0."""
        key = (line.host, line.program, line.pid)
        activity = self._processes.get(key)
        if activity is None:
            if len(self._processes) >= _MOST_PROCESSES:
                return
            activity = self._processes[key] = ProcessActivity(*key)
            activity.places.append(line.place)
        activity.lines += 1
        activity.first_line = earlier(activity.first_line, line.at)
        activity.last_line = later(activity.last_line, line.at)
        activity.places[1:] = [line.place]
        if len(activity.frontends) < _MOST_FRONTENDS:
            activity.frontends.add(line.frontend)
        if line.accepted is not None:
            activity.first_accept = earlier(activity.first_accept, line.accepted)
            activity.last_accept = later(activity.last_accept, line.accepted)
            second = line.accepted.t_ns // NANOSECONDS_PER_SECOND
            activity.accepts[second] = activity.accepts.get(second, 0) + 1

    def add_all(self, lines: Iterable[Traffic]) -> None:
        """Count lines."""
        for line in lines:
            self.add(line)

    @property
    def activities(self) -> tuple[ProcessActivity, ...]:
        """What was counted, by process."""
        return tuple(self._processes.values())
