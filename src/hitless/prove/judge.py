"""The verdict: a run in, a result out. Pure: judging a bundle again gives the same result.

Evidence that is incomplete never passes: each way in which it can be is one of the questions of `_gaps_in_evidence`.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from hitless.causes import UNEXPLAINED
from hitless.evidence.listeners import listener_gaps
from hitless.load.classes import failures
from hitless.prove.cause_table import cause_table, victim_sample
from hitless.prove.power import failure_probability_upper, longest_interval_ns
from hitless.prove.reload_table import generation_table, reload_table
from hitless.prove.victims import attribute_victims, drop_background
from hitless.prove.workload_table import client_totals, not_applicable, workload_row
from hitless.records import EventKind
from hitless.units import NANOSECONDS_PER_MICROSECOND, NANOSECONDS_PER_MILLISECOND, NANOSECONDS_PER_SECOND
from hitless.verdict import (
    Coverage,
    HAProxyUsed,
    Kernel,
    ListenerGap,
    Power,
    ProofResult,
    Verdict,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from hitless.evidence.listeners import Gap
    from hitless.prove.case import Case
    from hitless.prove.timeline import ReloadPhases
    from hitless.prove.victims import Hurt
    from hitless.verdict import WorkloadResult

    Mask = npt.NDArray[np.bool_]

__all__ = ["judge"]

_BEFORE_NS = 50 * NANOSECONDS_PER_MILLISECOND
_AFTER_NS = 200 * NANOSECONDS_PER_MILLISECOND


def judge(case: Case, *, hitless_version: str) -> ProofResult:
    """Return what this run proves."""
    origin_ns = case.timeline.load_start_ns
    gaps = _gaps(case)
    hurt, background = drop_background(case, failures(case.rows))
    victims = attribute_victims(case, hurt[case.client_class], gaps)
    skipped = {s.number: why for s in case.facts.streams if (why := not_applicable(case, s))}
    table = tuple(
        workload_row(case, stream, hurt) for stream in case.facts.streams if stream.number not in skipped
    )
    clients = client_totals(hurt, case.periods.reload)
    kernel = _kernel(case, gaps, victims, origin_ns)
    holes = _gaps_in_evidence(case, table)
    by_reload = Counter(_reload_number(case, hurt) for hurt in victims)
    failed_reloads = sum(_failed(reload) for reload in case.timeline.reloads)
    return ProofResult(
        hitless=hitless_version,
        haproxy=HAProxyUsed(version=case.facts.haproxy_version, path=case.facts.haproxy_path),
        mode=case.facts.mode,
        via=case.facts.via,
        verdict=Verdict(
            passed=not holes and not victims and not failed_reloads,
            client_class=case.client_class,
            evidence_complete=not holes,
            reloads=len(case.timeline.reloads),
            failed_reloads=failed_reloads,
            reasons=(*_reasons(case, victims, failed_reloads), *holes),
        ),
        clients=clients,
        workloads=table,
        causes=cause_table(case, victims),
        kernel=kernel,
        power=_power(case, clients.of(case.client_class).failed, clients.naive.attempts),
        coverage=Coverage(
            frontends=case.facts.frontend_count,
            covered=case.facts.covered_count,
            not_covered=case.facts.not_covered,
            stand_ins=case.facts.stand_ins,
        ),
        reloads=reload_table(case.timeline, case.facts.via, origin_ns, by_reload),
        generations=generation_table(case.timeline, case.facts.initial_pids, origin_ns),
        victims_sample=victim_sample(case, victims, origin_ns),
        notes=(*case.facts.notes, *_notes(case, skipped, background)),
        limitations=case.facts.limitations,
        tier=case.facts.tier,
        configuration=case.facts.configuration,
        duration_s=(case.timeline.load_stop_ns - origin_ns) / NANOSECONDS_PER_SECOND,
        origin_ns=origin_ns,
        control_end_s=(case.timeline.control_end_ns - origin_ns) / NANOSECONDS_PER_SECOND,
    )


def _failed(reload: ReloadPhases) -> bool:
    return reload.failed or not reload.done_ns


def _reload_number(case: Case, hurt: Hurt) -> int:
    reload = case.timeline.reload_at(hurt.victim.end_ns)
    return reload.number if reload is not None else 0


def _gaps(case: Case) -> list[Gap]:
    if case.kernel.source != "tracefs":
        return []
    listening = case.events_of(EventKind.KERNEL_LISTEN, EventKind.KERNEL_UNLISTEN)
    return listener_gaps(
        listening,
        case.facts.endpoints,
        case.timeline.control_start_ns,
        case.timeline.load_stop_ns,
        initially_open=case.facts.initially_open,
        v6_only=case.facts.v6_only,
    )


def _kernel(case: Case, gaps: Sequence[Gap], victims: Sequence[Hurt], origin_ns: int) -> Kernel:
    tracing = case.kernel.source == "tracefs"
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
        resets_to_clients=len(resets) if tracing else None,
        resets_matched=sum(id(event) in matched for event in resets) if tracing else None,
        listener_gaps=tuple(_gap_row(case, gap, origin_ns) for gap in gaps),
        listeners_watched=tracing,
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


def _reasons(case: Case, victims: Sequence[Hurt], failed_reloads: int) -> list[str]:
    reasons = []
    if victims:
        reasons.append(f"{len(victims)} attempts of {case.client_class} clients were hurt")
    unexplained = sum(hurt.attribution.code == UNEXPLAINED for hurt in victims)
    if unexplained:
        reasons.append(f"{unexplained} of them are unexplained")
    if failed_reloads:
        reasons.append(f"{failed_reloads} of {len(case.timeline.reloads)} reloads failed")
    return reasons


def _gaps_in_evidence(case: Case, table: Sequence[WorkloadResult]) -> list[str]:
    """Return each way in which the evidence falls short of a verdict."""
    holes = []
    if len(case.timeline.reloads) < case.facts.reloads_requested or not case.timeline.reloads:
        holes.append(f"only {len(case.timeline.reloads)} of {case.facts.reloads_requested} reloads happened")
    if case.kernel.lost_events:
        holes.append(f"{case.kernel.lost_events} kernel events were lost")
    if case.facts.covered_count < case.facts.frontend_count:
        missing = case.facts.frontend_count - case.facts.covered_count
        holes.append(f"{missing} of {case.facts.frontend_count} frontends are not covered")
    if not table:
        holes.append("no workload could be run")
    holes += [
        f"{row.name} on {row.frontend} ({row.address}): {row.incomplete}" for row in table if row.incomplete
    ]
    return holes


def _notes(case: Case, skipped: Mapping[int, str], background: int) -> list[str]:
    streams = case.streams
    notes = [
        f"{streams[number].workload} does not apply to {streams[number].target.frontend}: {why}"
        for number, why in skipped.items()
    ]
    if background:
        notes.append(
            f"{background} failures are as many as the control run leads to expect, and are not counted"
        )
    limit_s = case.facts.hard_stop_after_s
    if limit_s is not None and case.timeline.reloads and not case.timeline.hard_stops_ns:
        last = case.timeline.reloads[0]
        watched_s = (case.timeline.load_stop_ns - last.trigger_ns) / NANOSECONDS_PER_SECOND
        if watched_s < limit_s:
            notes.append(
                f"hard-stop-after {limit_s:.0f} s was not reached in this run: whom it cuts was not observed "
                f"(--settle {limit_s:.0f}s waits for it)"
            )
    return notes
