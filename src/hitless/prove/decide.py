"""Passed or not, and why: the last step of a verdict. Pure.

Two lists decide. What speaks against the reload fails it; what is missing in the evidence forbids to pass it. Each way
in which evidence can fall short is one question here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.causes import UNEXPLAINED
from hitless.prove.timeline import NEAR_NS
from hitless.prove.why.moment import reload_of
from hitless.units import NANOSECONDS_PER_SECOND, format_duration
from hitless.verdict import Coverage, NotCovered, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hitless.prove.case import Case
    from hitless.prove.victims import Hurt
    from hitless.verdict import Kernel, ListenerGap, WorkloadResult

__all__ = ["covered", "decide", "notes"]

_QUEUE_CAUSES = {"HL101", "HL104", "HL502", "HL507"}


def decide(
    case: Case,
    table: Sequence[WorkloadResult],
    victims: Sequence[Hurt],
    late: Sequence[Hurt],
    kernel: Kernel,
    coverage: Coverage,
) -> Verdict:
    """Return the verdict: it passes only if nothing speaks against the reloads and no evidence is missing."""
    against = tuple(_against(case, victims, kernel))
    missing = (*_missing(case, table, coverage), *_not_handed_over(case, victims), *_late(case, late))
    return Verdict(
        passed=not against and not missing,
        client_class=case.client_class,
        evidence_complete=not missing,
        reloads=len(case.timeline.reloads),
        failed_reloads=_failed_reloads(case),
        reasons=(*against, *missing),
    )


def _failed_reloads(case: Case) -> int:
    return sum(reload.failed for reload in case.timeline.reloads)


def _against(case: Case, victims: Sequence[Hurt], kernel: Kernel) -> Iterator[str]:
    """Yield what speaks against the reloads, most important first."""
    if victims:
        yield f"{_counted(len(victims), 'attempt')} of {case.client_class} clients {_were(len(victims))} hurt"
    unexplained = sum(hurt.attribution.code == UNEXPLAINED for hurt in victims)
    if unexplained:
        yield f"{unexplained} of them {'is' if unexplained == 1 else 'are'} unexplained"
    if failed := _failed_reloads(case):
        said = next((one.message for one in case.timeline.reloads if one.failed and one.message), "")
        why = f": {said.splitlines()[0]}" if said else ""
        yield f"{failed} of {_counted(len(case.timeline.reloads), 'reload')} failed{why}"
    yield from _closed(case, kernel.listener_gaps)


def _closed(case: Case, gaps: Sequence[ListenerGap]) -> Iterator[str]:
    """Yield that nobody listened for a while: who connects then is refused, be it that nobody did this time."""
    begun_s = (case.timeline.control_end_ns - case.timeline.load_start_ns) / NANOSECONDS_PER_SECOND
    under_reload = [gap for gap in gaps if gap.t_s + gap.gap_us / 1e6 > begun_s]
    if under_reload:
        longest = max(under_reload, key=lambda gap: gap.gap_us)
        times = "" if len(under_reload) == 1 else f"{len(under_reload)} times, longest "
        lasted = format_duration(longest.gap_us / 1e6)
        yield f"nobody listened: {times}{lasted} on {longest.address}"


def _missing(case: Case, table: Sequence[WorkloadResult], coverage: Coverage) -> Iterator[str]:
    """Yield each way in which the evidence falls short of a verdict."""
    done = len(case.timeline.reloads)
    if not done or done < case.facts.reloads_requested:
        yield f"only {done} of {_counted(case.facts.reloads_requested, 'reload')} happened"
    if done and not case.facts.endpoints:
        yield "no TCP listener could be watched from here: that the reloads took over is not proven"
    yield from _missing_of_the_kernel(case)
    if case.lost_attempts:
        yield f"{_counted(case.lost_attempts, 'attempt')} had no room and {_were(case.lost_attempts)} lost"
    if coverage.covered < coverage.frontends:
        missing = coverage.frontends - coverage.covered
        yield f"{missing} of {_counted(coverage.frontends, 'frontend')} not covered"
    if not table:
        yield "no workload could be run"
    for row in table:
        if row.incomplete:
            yield f"{row.name} on {row.frontend} ({row.address}): {row.incomplete}"


def _missing_of_the_kernel(case: Case) -> Iterator[str]:
    if case.kernel.lost_events:
        yield f"{_counted(case.kernel.lost_events, 'kernel event')} {_were(case.kernel.lost_events)} lost"
    if case.kernel.source == "none":
        why = f": {case.kernel.why}" if case.kernel.why else ""
        yield f"the kernel gave no evidence, neither a trace nor counters{why}"
    if unknown := case.unknown_listeners:
        yield (
            f"whether somebody listened all the time cannot be told: {_counted(unknown, 'listening socket')} came or "
            "went by processes that were gone before their network namespace could be looked up"
        )


def _not_handed_over(case: Case, victims: Sequence[Hurt]) -> Iterator[str]:
    """Yield that no socket was handed over: whom that hits is chance, so a run that hit nobody proves little.

    Source: Linux v6.18 net/ipv4/inet_connection_sock.c inet_csk_listen_stop(): what waits in the accept queue of a
    closing listener is reset, or with tcp_migrate_req moved to another listener of its SO_REUSEPORT group.
    """
    if case.nothing_handed_over and not any(hurt.attribution.code in _QUEUE_CAUSES for hurt in victims):
        yield (
            "no listening socket was handed over, all were opened anew (HL104): connections in the old accept queues "
            "are reset, and only chance kept this run's out of them (--full-rate, more --reloads)"
        )


def _late(case: Case, late: Sequence[Hurt]) -> Iterator[str]:
    """Yield that answers came late just while a reload was under way: it may be the machine's doing or the reload's."""
    across = []
    for hurt in late:
        reload = reload_of(hurt.victim, case.timeline)
        if reload is not None and hurt.victim.start_ns <= reload.settled_ns + NEAR_NS:
            across.append(hurt)
    if across:
        yield (
            f"{_counted(len(across), 'answer')} came late (up to {_longest(across)}) while a reload was under way, and "
            "nothing that was seen explains it: prove again on a machine with less to do"
        )


def _longest(late: Sequence[Hurt]) -> str:
    longest_ns = max(hurt.victim.end_ns - hurt.victim.start_ns for hurt in late)
    return format_duration(longest_ns / NANOSECONDS_PER_SECOND)


def _partly_handed_over(case: Case) -> Iterator[str]:
    """Yield that some sockets were opened anew, although others were handed over."""
    anew = case.opened_anew
    if case.facts.tcp_migrate_req or not anew or anew == set(case.facts.endpoints):
        return
    ipv6 = sorted(endpoint for endpoint in anew if endpoint.startswith("["))
    why = " (HL507: say `v6only` on these binds)" if len(ipv6) == len(anew) else " (HL502)"
    yield (
        f"not handed over but opened anew: {', '.join(sorted(anew))}{why}; connections in the old accept queue are "
        "reset, none of this run's was there"
    )


def covered(case: Case, table: Sequence[WorkloadResult]) -> Coverage:
    """Return what the proof is about: a frontend is covered when some workload went through it under reload."""
    facts = case.facts
    driven = {row.frontend for row in table if row.attempts}
    known = {one.frontend for one in facts.not_covered}
    untouched = [one for one in facts.frontends if one.name not in driven]
    return Coverage(
        frontends=facts.frontend_count,
        covered=min(facts.covered_count, facts.frontend_count - len(untouched)),
        not_covered=(
            *facts.not_covered,
            *(
                NotCovered(where=one.where, why="no workload went through it", frontend=one.name)
                for one in untouched
                if one.name not in known
            ),
        ),
        stand_ins=facts.stand_ins,
    )


def notes(case: Case, background: int, late: Sequence[Hurt]) -> Iterator[str]:
    """Yield what a person must know to read the verdict right."""
    for number, why in case.skipped.items():
        stream = case.streams[number]
        yield f"{stream.workload} does not apply to {stream.target.frontend}: {why}"
    further = len(case.timeline.reloads) - case.facts.reloads_requested
    if further > 0:
        yield f"{_counted(further, 'further reload')}, since without socket transfer it is chance whom one hits"
    if background:
        yield (
            f"{_counted(background, 'failure')}: as many as the control run leads to expect, and therefore not counted"
        )
    if late:
        yield (
            f"{_counted(len(late), 'answer')} came late (up to {_longest(late)}) without anything that "
            "explains it: served, therefore not counted as hurt"
        )
    if case.kernel.source == "counters" and case.kernel.counter_changes:
        moved = ", ".join(f"{name} +{by}" for name, by in case.kernel.counter_changes)
        yield f"kernel counters that moved under reload: {moved}"
    yield from _partly_handed_over(case)
    yield from _hard_stop_note(case)


def _hard_stop_note(case: Case) -> Iterator[str]:
    limit_s = case.facts.hard_stop_after_s
    if limit_s is None or not case.timeline.reloads or case.timeline.hard_stops:
        return
    watched_s = (case.timeline.load_stop_ns - case.timeline.reloads[0].trigger_ns) / NANOSECONDS_PER_SECOND
    if watched_s < limit_s:
        yield (
            f"hard-stop-after {limit_s:.0f} s was not reached in this run: whom it cuts was not observed "
            f"(--settle {limit_s:.0f}s waits for it)"
        )


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _were(number: int) -> str:
    return "was" if number == 1 else "were"
