"""The table of workloads: what each stream of clients saw, control beside reload. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hitless.attempts import OUTCOME_CODES, OUTCOMES
from hitless.records import ClientClass, Outcome, Workload
from hitless.units import NANOSECONDS_PER_MILLISECOND
from hitless.verdict import ClientTotals, Control, Latency, Totals, WorkloadResult

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from hitless.prove.case import Case
    from hitless.records import Stream

    Mask = npt.NDArray[np.bool_]

__all__ = ["client_totals", "not_applicable", "workload_row"]

_OK = OUTCOME_CODES[Outcome.OK]
MOSTLY_FAILED = 0.05
"""A stream of which the control run already lost so large a share cannot show what a reload changes."""

_NEEDS_STATUS = {Workload.WEBSOCKET: 101}


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


def not_applicable(case: Case, stream: Stream) -> str:
    """Return why this workload means nothing for this frontend; "" when it does.

    A frontend that refuses the upgrade to WebSocket, or answers at once what was asked to last, is answered for by
    the other workloads: nothing is lost by leaving the row out.
    """
    control = case.rows[case.periods.control & (case.rows["stream"] == stream.number)]
    answered = control[control["status"] > 0]
    if not len(answered):
        return ""
    wanted = _NEEDS_STATUS.get(stream.workload)
    if wanted is not None and not (answered["status"] == wanted).any():
        return f"it answers {int(answered['status'][0])} to an upgrade"
    return ""


def _outcomes(case: Case, where: Mask) -> dict[Outcome, int]:
    codes, counts = np.unique(case.rows["outcome"][where], return_counts=True)
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
    failed = sum(case.baselines[stream.number].failures.values())
    attempts = int(control.sum())
    if attempts and failed == attempts:
        return "no answer even in the control run"
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
