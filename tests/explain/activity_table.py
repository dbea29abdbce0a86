"""What each process logged, summed up line by line: what detection takes, and what a scan by columns must equal."""

from collections.abc import Iterable

from hitless.explain.detect.activity import ProcessActivity
from hitless.explain.detect.moments import earlier, later
from hitless.logged import Traffic
from hitless.units import NANOSECONDS_PER_SECOND


class ActivityTable:
    """Sums up lines of traffic by process, one after the other."""

    def __init__(self) -> None:
        self._processes: dict[tuple[str, str, int], ProcessActivity] = {}

    def add(self, line: Traffic) -> None:
        """Count one line. Those of a process without a pid are counted too, under pid 0."""
        key = (line.host, line.program, line.pid)
        activity = self._processes.get(key)
        if activity is None:
            activity = self._processes[key] = ProcessActivity(*key)
            activity.places.append(line.place)
        activity.lines += 1
        activity.first_line = earlier(activity.first_line, line.at)
        activity.last_line = later(activity.last_line, line.at)
        activity.places[1:] = [line.place]
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
