"""Everything a verdict is drawn from: what the bundle holds, read back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hitless.prove.rows import Baseline, Periods, divide, measure_baseline, normalise
from hitless.prove.timeline import Timeline, read_timeline
from hitless.records import ClientClass, EventKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt

    from hitless.prove.facts import RunFacts
    from hitless.records import Event, Stream

__all__ = ["Case", "KernelEvidence", "build_case"]


@dataclass(frozen=True, slots=True)
class KernelEvidence:
    """What was watched in the kernel, and how well. `counter_changes` are those of the namespace under reload."""

    source: str = "none"
    lost_events: int = 0
    missing: tuple[str, ...] = ()
    why: str = ""
    counter_changes: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """One run, ready to be judged. `rows` have their outcomes set against what is normal."""

    facts: RunFacts
    events: Sequence[Event]
    kernel: KernelEvidence
    client_class: ClientClass
    timeline: Timeline
    rows: npt.NDArray[np.void]
    raw_outcomes: npt.NDArray[np.uint8]
    """The outcomes as the clients recorded them, row by row."""
    periods: Periods
    baselines: dict[int, Baseline]

    @property
    def streams(self) -> dict[int, Stream]:
        """The streams by the number that rows refer to."""
        return {stream.number: stream for stream in self.facts.streams}

    def events_of(self, *kinds: EventKind) -> list[Event]:
        """Return the events of these kinds."""
        return [event for event in self.events if event.kind in kinds]


def build_case(
    facts: RunFacts,
    events: Sequence[Event],
    rows: npt.NDArray[np.void],
    kernel: KernelEvidence,
    client_class: ClientClass = ClientClass.NAIVE,
) -> Case:
    """Join what a run recorded and measure what was normal in it."""
    timeline = read_timeline(events)
    periods = divide(
        rows,
        control_start_ns=timeline.control_start_ns,
        control_end_ns=timeline.control_end_ns,
        load_stop_ns=timeline.load_stop_ns,
    )
    baselines = {stream.number: measure_baseline(rows, periods, stream) for stream in facts.streams}
    return Case(
        facts=facts,
        events=events,
        kernel=kernel,
        client_class=client_class,
        timeline=timeline,
        rows=normalise(rows, baselines, facts.streams),
        raw_outcomes=rows["outcome"].copy(),
        periods=periods,
        baselines=baselines,
    )
