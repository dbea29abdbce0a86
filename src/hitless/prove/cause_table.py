"""The causes found, and the sample of victims behind them, as the verdict shows them. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from hitless.attempts import FLAG_RESPONSE_BEGUN, OUTCOMES
from hitless.causes import CAUSES, UNEXPLAINED, Cause
from hitless.prove.reload_table import phase_at
from hitless.prove.why.moment import reload_of
from hitless.records import EventKind
from hitless.units import NANOSECONDS_PER_MILLISECOND, NANOSECONDS_PER_SECOND, format_duration
from hitless.verdict import CauseFound, VictimDetail

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hitless.prove.case import Case
    from hitless.prove.victims import Hurt
    from hitless.records import Event

__all__ = ["cause_table", "victim_sample"]

SAMPLE_SIZE = 200
EVIDENCE_LINES = 2
COMMON_SHARE = 0.1
"""What so many of a cause's victims have in common is worth a line; what fewer have is an example."""

_NO_CAUSE = Cause(
    UNEXPLAINED,
    "unexplained",
    "hurt under reload, and nothing that was observed says why",
    "no rule of this version covers what was seen; the evidence is in the bundle",
    "look at these victims in the report; tell the project if a cause is missing",
)


def cause_table(case: Case, victims: Sequence[Hurt]) -> tuple[CauseFound, ...]:
    """Return the causes, most victims first, `unexplained` last.

    A reload that hands no socket over is named also where chance spared everybody.
    """
    by_code: dict[str, list[Hurt]] = defaultdict(list)
    for hurt in victims:
        by_code[hurt.attribution.code].append(hurt)
    if not victims and case.nothing_handed_over:
        by_code["HL104"] = []
    ordered = sorted(by_code.items(), key=lambda item: (item[0] == UNEXPLAINED, -len(item[1]), item[0]))
    return tuple(_cause(case, CAUSES.get(code, _NO_CAUSE), found) for code, found in ordered)


def _cause(case: Case, cause: Cause, found: Sequence[Hurt]) -> CauseFound:
    frontends = tuple(dict.fromkeys(hurt.victim.stream.target.frontend for hurt in found))
    return CauseFound(
        code=cause.code,
        name=cause.name,
        victims=len(found),
        fix=cause.fix,
        summary=cause.summary,
        why=cause.why,
        fix_where=_fix_where(case, cause, frontends),
        workloads=tuple(dict.fromkeys(hurt.victim.stream.workload for hurt in found)),
        frontends=frontends,
        outcomes=dict(Counter(hurt.victim.outcome for hurt in found)),
        evidence=_evidence(case, found),
    )


def _evidence(case: Case, found: Sequence[Hurt]) -> tuple[str, ...]:
    """Return when it hit, and the commonest observations with their counts, or an example where none is common."""
    counted = Counter(line for hurt in found for line in hurt.attribution.evidence)
    common = [
        f"{text} ({count} times)" if count > 1 else text
        for text, count in counted.most_common(EVIDENCE_LINES)
        if count >= COMMON_SHARE * len(found)
    ]
    if not found:
        return (
            "every listening socket was opened anew at the reloads; nobody waited in an old one's queue just then",
        )
    if not common:
        common = [f"for example: {line}" for line in found[0].attribution.evidence[:1]]
    return (*_when(case, found), *common)


def _when(case: Case, found: Sequence[Hurt]) -> Iterator[str]:
    """Yield how long after their reloads so many attempts were hurt."""
    reloads = ((hurt.victim.end_ns, case.timeline.reload_at(hurt.victim.end_ns)) for hurt in found)
    after_s = [
        (end_ns - reload.trigger_ns) / NANOSECONDS_PER_SECOND
        for end_ns, reload in reloads
        if reload is not None
    ]
    if len(after_s) > 1:
        yield f"between {format_duration(min(after_s))} and {format_duration(max(after_s))} after a reload"


def _fix_where(case: Case, cause: Cause, frontends: tuple[str, ...]) -> str:
    if cause.section == "defaults":
        places = (facts.fix_where for facts in case.facts.frontends if facts.name in frontends)
        return ", ".join(dict.fromkeys(place for place in places if place))
    return next((place.where for place in case.facts.fix_places if place.keyword == cause.keyword), "")


def victim_sample(case: Case, victims: Sequence[Hurt], origin_ns: int) -> tuple[VictimDetail, ...]:
    """Return details of the victims, all causes represented, in order of time, at most `SAMPLE_SIZE`."""
    by_code: dict[str, list[Hurt]] = defaultdict(list)
    for hurt in victims:
        by_code[hurt.attribution.code].append(hurt)
    share = max(1, SAMPLE_SIZE // max(1, len(by_code)))
    chosen = [hurt for found in by_code.values() for hurt in found[:share]]
    retries = _retry_outcomes(case)
    return tuple(
        _detail(case, hurt, origin_ns, retries.get(hurt.row, ""))
        for hurt in sorted(chosen, key=lambda hurt: hurt.victim.end_ns)
    )


def _retry_outcomes(case: Case) -> dict[int, str]:
    rows = case.rows[case.periods.retries]
    return {int(row["retry_of"]): OUTCOMES[int(row["outcome"])].value for row in rows}


def _detail(case: Case, hurt: Hurt, origin_ns: int, retried: str) -> VictimDetail:
    row, victim = case.rows[hurt.row], hurt.victim
    reload = reload_of(victim, case.timeline)
    begun = bool(row["flags"] & FLAG_RESPONSE_BEGUN) and row["first_byte_ns"]
    intended_ns = int(row["intended_ns"])
    return VictimDetail(
        t_s=(victim.end_ns - origin_ns) / NANOSECONDS_PER_SECOND,
        workload=victim.stream.workload,
        frontend=victim.stream.target.frontend,
        address=victim.stream.target.endpoint,
        outcome=victim.outcome,
        status=victim.status,
        local_port=int(row["local_port"]),
        connection_age_s=max(0, victim.start_ns - victim.opened_ns) / NANOSECONDS_PER_SECOND,
        request_number=int(row["request_number"]),
        duration_ms=(victim.end_ns - intended_ns) / NANOSECONDS_PER_MILLISECOND,
        first_byte_ms=(int(row["first_byte_ns"]) - intended_ns) / NANOSECONDS_PER_MILLISECOND
        if begun
        else None,
        received_bytes=int(row["received_bytes"]),
        errno=int(row["errno"]),
        cause=hurt.attribution.code,
        reload=reload.number if reload is not None else 0,
        phase=phase_at(reload, victim.end_ns),
        retried=retried,
        kernel=_kernel_line(victim.events),
        log=tuple(event.text for event in victim.events if event.kind is EventKind.LOG_LINE),
    )


def _kernel_line(events: Sequence[Event]) -> str:
    for event in events:
        if event.kind in {EventKind.KERNEL_RESET_SENT, EventKind.KERNEL_RESET_RECEIVED}:
            verb = "sent" if event.kind is EventKind.KERNEL_RESET_SENT else "received"
            reason = f", reason {event.reason}" if event.reason else ""
            return f"RST {verb} by {event.local} ({event.remote}), state {event.state or 'unknown'}{reason}"
    return ""
