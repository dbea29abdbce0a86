"""Receipts of `hitless reload`, joined to the changes that logs show; others are changes of their own."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from hitless.explanations import ReceiptFound
from hitless.logged import Certainty, Change, ChangeKind, Clock, Moment
from hitless.reloads import ListenerFate, Receipt, ReloadOutcome
from hitless.units import NANOSECONDS_PER_SECOND

__all__ = ["join_receipts", "started_ns"]

_O = ReloadOutcome
_KINDS = {
    _O.TAKEN_OVER: ChangeKind.RELOAD,
    _O.DEGRADED: ChangeKind.RELOAD,
    _O.ROLLED_BACK: ChangeKind.RELOAD,
    _O.REJECTED_BY_HAPROXY: ChangeKind.FAILED_RELOAD,
    _O.NOT_TAKEN_OVER: ChangeKind.FAILED_RELOAD,
    _O.ROLLBACK_FAILED: ChangeKind.FAILED_RELOAD,
}
_MATCHING = frozenset(
    {ChangeKind.RELOAD, ChangeKind.FAILED_RELOAD, ChangeKind.REPLACED, ChangeKind.RESTART, ChangeKind.START}
)
_NEAR_NS = 3 * NANOSECONDS_PER_SECOND


def join_receipts(
    changes: Sequence[Change], receipts: Iterable[Receipt]
) -> tuple[tuple[Change, ...], dict[int, ReceiptFound]]:
    """Return the changes in order of time, and the receipts of those that have one, by index."""
    merged = list(changes)
    of_change: dict[int, Receipt] = {}
    for receipt in receipts:
        match = next((c for c in merged if id(c) not in of_change and _is_about(receipt, c)), None)
        if match is None and receipt.outcome in _KINDS:
            match = _as_change(receipt)
            merged.append(match)
        if match is not None:
            of_change[id(match)] = receipt
    merged.sort(key=lambda c: (c.at.t_ns, c.at.error_ns))
    return tuple(merged), {
        index: _found(of_change[id(change)]) for index, change in enumerate(merged) if id(change) in of_change
    }


def started_ns(receipt: Receipt) -> int:
    """Return when a reload began."""
    moment = datetime.fromisoformat(receipt.started_at)
    return round(
        (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * NANOSECONDS_PER_SECOND
    )


def _is_about(receipt: Receipt, change: Change) -> bool:
    if change.kind not in _MATCHING or receipt.outcome not in _KINDS:
        return False
    if (
        receipt.new_pid
        and receipt.new_pid in change.new_pids
        and set(receipt.old_pids) & set(change.old_pids)
    ):
        return True
    begin = started_ns(receipt)
    end = begin + round(receipt.duration_s * NANOSECONDS_PER_SECOND)
    named = not receipt.new_pid or not change.new_pids or receipt.new_pid in change.new_pids
    return named and change.at.t_ns <= end + _NEAR_NS and change.at.latest_ns >= begin - _NEAR_NS


def _as_change(receipt: Receipt) -> Change:
    begin = started_ns(receipt)
    return Change(
        kind=_KINDS[receipt.outcome],
        at=Moment(t_ns=begin, error_ns=1_000_000, clock=Clock.HAPROXY),
        certainty=Certainty.STATED,
        old_pids=receipt.old_pids,
        new_pids=(receipt.new_pid,) if receipt.new_pid else (),
        until=Moment(
            t_ns=begin + round(receipt.duration_s * NANOSECONDS_PER_SECOND),
            error_ns=1_000_000,
            clock=Clock.HAPROXY,
        ),
        reason=receipt.reason if _KINDS[receipt.outcome] is ChangeKind.FAILED_RELOAD else "",
        notes=("Known by its receipt alone: no log here shows it.",),
    )


def _found(receipt: Receipt) -> ReceiptFound:
    effects = receipt.clients.as_measured() if receipt.clients is not None else None
    return ReceiptFound(
        id=receipt.id,
        outcome=receipt.outcome.value,
        reason=receipt.reason,
        requester=receipt.requester.login_user or receipt.requester.user,
        mechanism=receipt.mechanism,
        resets_to_clients=effects.resets_to_clients if effects is not None else None,
        queue_drops=effects.queue_drops if effects is not None else None,
        opened_anew=tuple(
            change.endpoint for change in receipt.listeners if change.fate is ListenerFate.OPENED_ANEW
        ),
    )
