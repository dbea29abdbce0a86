"""The table of workloads: what each stream of clients saw, control beside reload. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hitless.attempts import OUTCOME_CODES, OUTCOMES
from hitless.prove.rows import MOSTLY_FAILED
from hitless.records import ClientClass, Outcome
from hitless.units import NANOSECONDS_PER_MILLISECOND
from hitless.verdict import ClientTotals, Control, Latency, Totals, WorkloadResult

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from hitless.prove.case import Case
    from hitless.records import Stream

    Mask = npt.NDArray[np.bool_]

__all__ = ["client_totals", "workload_row"]

_OK = OUTCOME_CODES[Outcome.OK]
_HTTP_5XX = OUTCOME_CODES[Outcome.HTTP_5XX]


def client_totals(hurt: Mapping[ClientClass, Mask], where: Mask) -> ClientTotals:
    """Return attempts and victims of each client class among the rows of one mask."""

    def total(client_class: ClientClass) -> Totals:
        return Totals(attempts=int(where.sum()), failed=int((hurt[client_class] & where).sum()))

    return ClientTotals(
        naive=total(ClientClass.NAIVE), polite=total(ClientClass.POLITE), retrying=total(ClientClass.RETRYING)
    )


def workload_row(case: Case, stream: Stream, hurt: Mapping[ClientClass, Mask]) -> WorkloadResult:
    """Return one row: a stream under reload and in the control run."""
    mine = case.rows["stream"] == stream.number
    under_reload, control = mine & case.periods.reload, mine & case.periods.control
    clients = client_totals(hurt, under_reload)
    return WorkloadResult(
        name=stream.workload,
        frontend=stream.target.frontend,
        address=stream.target.endpoint,
        where=stream.target.where,
        stream=stream.number,
        attempts=int(under_reload.sum()),
        failed=clients.of(case.client_class).failed,
        outcomes=_outcomes(case, under_reload),
        statuses=_statuses(case, under_reload),
        latency_ms=_latency(case, under_reload),
        clients=clients,
        control=Control(
            attempts=int(control.sum()),
            outcomes=_outcomes(case, control),
            statuses=_statuses(case, control),
            latency_ms=_latency(case, control),
        ),
        incomplete=_incomplete(case, stream, control, under_reload),
    )


def _outcomes(case: Case, where: Mask) -> dict[Outcome, int]:
    """Count what came: as it was judged, but for what is normal here, which stands as the client saw it."""
    judged, raw = case.rows["outcome"][where], case.raw_outcomes[where]
    codes, counts = np.unique(np.where(judged == _OK, raw, judged), return_counts=True)
    return {OUTCOMES[code]: int(count) for code, count in zip(codes, counts, strict=True)}


def _statuses(case: Case, where: Mask) -> dict[str, int]:
    statuses, counts = np.unique(case.rows["status"][where], return_counts=True)
    return {str(status): int(count) for status, count in zip(statuses, counts, strict=True) if status}


def _latency(case: Case, where: Mask) -> Latency | None:
    answered = case.rows[where & (case.rows["outcome"] == _OK) & (case.rows["first_byte_ns"] > 0)]
    if not len(answered):
        return None
    durations_ms = (answered["end_ns"] - answered["intended_ns"]) / NANOSECONDS_PER_MILLISECOND
    p50, p99 = np.percentile(durations_ms, [50, 99])
    return Latency(count=len(answered), p50=float(p50), p99=float(p99), max=float(durations_ms.max()))


def _incomplete(case: Case, stream: Stream, control: Mask, under_reload: Mask) -> str:
    failed = sum(case.baselines[stream.number].lost.values())
    attempts = int(control.sum())
    if attempts and failed == attempts:
        return "no answer even in the control run"
    if attempts and (case.raw_outcomes[control] == _HTTP_5XX).all():
        return "only 5xx even in the control run: name a request that it serves with --request"
    if failed > MOSTLY_FAILED * attempts:
        return f"the control run already lost {failed} of {attempts}"
    if not under_reload.any():
        return "no attempt was made under reload"
    if not attempts and not _spanned(case, under_reload):
        return "no attempt ended in the control run"
    return ""


def _spanned(case: Case, under_reload: Mask) -> bool:
    """Whether attempts that lasted from the control run into the reloads got an answer before the first of them."""
    rows = case.rows[under_reload]
    begun = (rows["first_byte_ns"] > 0) & (rows["first_byte_ns"] < case.timeline.control_end_ns)
    return bool(begun.any())
