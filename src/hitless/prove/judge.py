"""The verdict: a run in, a result out. Pure: judging a bundle again gives the same result.

Here the parts are put together; whether they amount to a pass is decided in `hitless.prove.decide`.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from hitless.evidence.trace import SEND_RESET, SET_STATE
from hitless.load.classes import failures
from hitless.prove.cause_table import cause_table, victim_sample
from hitless.prove.decide import covered, decide, notes
from hitless.prove.power import failure_probability_upper, longest_interval_ns
from hitless.prove.reload_table import generation_table, reload_table
from hitless.prove.victims import (
    attribute_victims,
    drop_background,
    set_aside_slow,
    set_aside_usual,
)
from hitless.prove.why.moment import reload_of
from hitless.prove.workload_table import client_totals, workload_row
from hitless.records import EventKind
from hitless.units import NANOSECONDS_PER_MICROSECOND, NANOSECONDS_PER_MILLISECOND, NANOSECONDS_PER_SECOND
from hitless.verdict import HAProxyUsed, Kernel, ListenerGap, Power, ProofResult

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hitless.evidence.listeners import Gap
    from hitless.prove.case import Case
    from hitless.prove.timeline import ReloadPhases
    from hitless.prove.victims import Hurt

__all__ = ["judge"]

_BEFORE_NS = 50 * NANOSECONDS_PER_MILLISECOND
_AFTER_NS = 200 * NANOSECONDS_PER_MILLISECOND


def judge(case: Case, *, hitless_version: str) -> ProofResult:
    """Return what this run proves."""
    origin_ns = case.timeline.load_start_ns
    gaps = case.gaps()
    hurt, background = drop_background(case, failures(case.rows))
    attributed = set_aside_usual(case, attribute_victims(case, hurt[case.client_class], gaps), hurt)
    victims, late = set_aside_slow(attributed, hurt)
    table = tuple(
        workload_row(case, stream, hurt) for stream in case.facts.streams if stream.number not in case.skipped
    )
    clients = client_totals(hurt, case.periods.reload)
    kernel = _kernel(case, gaps, victims, origin_ns)
    coverage = covered(case, table)
    by_reload = Counter(_reload_number(case, hurt) for hurt in victims)
    return ProofResult(
        hitless=hitless_version,
        haproxy=HAProxyUsed(version=case.facts.haproxy_version, path=case.facts.haproxy_path),
        mode=case.facts.mode,
        via=case.facts.via,
        verdict=decide(case, table, victims, late, kernel, coverage),
        clients=clients,
        workloads=table,
        causes=cause_table(case, victims),
        kernel=kernel,
        power=_power(case, clients.of(case.client_class).failed, clients.naive.attempts),
        coverage=coverage,
        reloads=reload_table(case.timeline, case.facts.via, origin_ns, by_reload),
        generations=generation_table(case.timeline, case.facts.initial_pids, origin_ns),
        victims_sample=victim_sample(case, victims, origin_ns),
        notes=(*case.facts.notes, *notes(case, background, late)),
        limitations=case.facts.limitations,
        tier=case.facts.tier,
        configuration=case.facts.configuration,
        duration_s=(case.timeline.load_stop_ns - origin_ns) / NANOSECONDS_PER_SECOND,
        origin_ns=origin_ns,
        control_end_s=(case.timeline.control_end_ns - origin_ns) / NANOSECONDS_PER_SECOND,
    )


def _reload_number(case: Case, hurt: Hurt) -> int:
    reload = reload_of(hurt.victim, case.timeline)
    return reload.number if reload is not None else 0


def _kernel(case: Case, gaps: Sequence[Gap], victims: Sequence[Hurt], origin_ns: int) -> Kernel:
    watched = case.kernel.watches(SET_STATE) and not case.unknown_listeners
    counted = case.kernel.watches(SEND_RESET)
    endpoints = {stream.target.endpoint for stream in case.facts.streams}
    resets = [
        event
        for event in case.events_of(EventKind.KERNEL_RESET_SENT)
        if event.local in endpoints
        and case.timeline.control_end_ns <= event.t_ns <= case.timeline.load_stop_ns
    ]
    matched = {id(event) for hurt in victims for event in hurt.victim.events}
    return Kernel(
        source=case.kernel.source,
        resets_to_clients=len(resets) if counted else None,
        resets_matched=sum(id(event) in matched for event in resets) if counted else None,
        listener_gaps=tuple(_gap_row(case, gap, origin_ns) for gap in gaps),
        listeners_watched=watched,
        lost_events=case.kernel.lost_events,
        missing=case.kernel.missing,
        why=case.kernel.why,
    )


def _gap_row(case: Case, gap: Gap, origin_ns: int) -> ListenerGap:
    reload = case.timeline.reload_at(gap.start_ns)
    return ListenerGap(
        address=gap.endpoint,
        gap_us=(gap.end_ns - gap.start_ns) / NANOSECONDS_PER_MICROSECOND,
        t_s=(gap.start_ns - origin_ns) / NANOSECONDS_PER_SECOND,
        reload=reload.number if reload is not None else 0,
    )


def _power(case: Case, failed: int, attempts: int) -> Power:
    intervals = [_longest_unseen_ns(case, reload) for reload in case.timeline.reloads]
    seen = [interval for interval in intervals if interval is not None]
    return Power(
        max_unseen_gap_us=max(seen) / NANOSECONDS_PER_MICROSECOND
        if seen and len(seen) == len(intervals)
        else None,
        failure_probability_upper_95=failure_probability_upper(failed, attempts) if attempts else None,
    )


def _longest_unseen_ns(case: Case, reload: ReloadPhases) -> int | None:
    """Return the longest time around one reload in which some address saw no new connection begin.

    None if an address saw none at all there.
    """
    start_ns = reload.trigger_ns - _BEFORE_NS
    end_ns = min(max(reload.owned_ns, reload.released_ns, reload.trigger_ns) + _AFTER_NS, reload.end_ns)
    longest = 0
    by_endpoint: dict[str, list[int]] = {}
    for stream in case.facts.streams:
        by_endpoint.setdefault(stream.target.endpoint, []).append(stream.number)
    opened = case.rows["opened_ns"]
    around = (opened >= start_ns) & (opened <= end_ns)
    for numbers in by_endpoint.values():
        moments = np.unique(opened[around & np.isin(case.rows["stream"], numbers)])
        if not len(moments):
            return None
        longest = max(longest, longest_interval_ns(moments.tolist(), start_ns, end_ns))
    return longest
