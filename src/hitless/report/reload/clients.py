"""What a reload did to real clients, in words. What was not measured is said to be so, and never reads as nothing."""

from collections.abc import Iterator

from hitless.reloads import ClientEffects, Receipt, ReloadOutcome, ResetCount
from hitless.report.wording import Line, plural
from hitless.units import format_count, format_duration

__all__ = ["clients_lines", "reset_words", "resets_in_short"]

_SOURCES = {"tracefs": "the kernel's trace", "counters": "counters of the network namespace"}


def clients_lines(receipt: Receipt) -> Iterator[Line]:
    """Return what is known of clients; nothing where the reload was not triggered."""
    if receipt.clients is None:
        if receipt.outcome is not ReloadOutcome.REJECTED_BY_PREFLIGHT:
            yield Line("clients", "what happened to clients was not measured", worrying=True)
        return
    effects = receipt.clients.as_measured()
    yield Line("clients", " · ".join(_parts(effects)), worrying=_is_worrying(effects))
    for count in sorted(effects.resets, key=lambda reset: (not reset.attributable, -reset.count)):
        yield Line("", reset_words(count))
        for example in count.examples[:2]:
            yield Line("", f"  {example}")
    if lacking := _lacking(effects):
        why = f" ({effects.why})" if effects.why else ""
        yield Line("not seen", f"{', '.join(lacking)}{why}", worrying=True)
    if effects.haproxy:
        counted = " · ".join(f"{what} {format_count(count)}" for what, count in effects.haproxy)
        yield Line("haproxy", f"counted meanwhile: {counted}")
    for note in effects.notes:
        yield Line("", note)


def resets_in_short(receipt: Receipt) -> str:
    """Return "no resets", "3 resets", or that nobody counted them; "" where the reload was not triggered."""
    if receipt.clients is None:
        return "" if receipt.outcome is ReloadOutcome.REJECTED_BY_PREFLIGHT else "resets not counted"
    resets = receipt.clients.as_measured().resets_to_clients
    if resets is None:
        return "resets not counted"
    few = ", events lost" if receipt.clients.lost_events else ""
    return f"{plural(resets, 'reset') if resets else 'no resets'}{few}"


def reset_words(count: ResetCount) -> str:
    """Return one kind of reset: how many, the kernel's words, and what they mean."""
    whose = "" if count.attributable else "; not by the reload"
    what = " in ".join(part for part in (count.reason, count.state) if part)
    return f"{format_count(count.count)} {what}: {count.meaning}{whose}"


def _parts(effects: ClientEffects) -> Iterator[str]:
    source = _SOURCES.get(effects.source)
    if source is None:
        yield "nothing was measured"
    yield from _of_connections(effects)
    yield from _of_listeners(effects)
    if source is not None:
        yield f"seen by {source} in {format_duration(effects.window_s)}"


def _of_connections(effects: ClientEffects) -> Iterator[str]:
    if effects.resets_to_clients is not None:
        yield _resets(effects.resets_to_clients, effects.lost_events)
    if effects.baseline_resets_per_s:
        yield f"{effects.baseline_resets_per_s:.2g} resets/s before it"
    if effects.closed_with_unread_data is not None:
        yield _none_or(effects.closed_with_unread_data, "connection", "closed with unread data")
    if effects.cut_at_hard_stop is not None:
        yield _none_or(effects.cut_at_hard_stop, "session", "cut at the hard stop")


def _of_listeners(effects: ClientEffects) -> Iterator[str]:
    if effects.queue_drops is not None:
        yield _none_or(effects.queue_drops, "connection", "dropped from a full accept queue")
    if effects.migrated:
        yield f"{plural(effects.migrated, 'connection')} moved to the new socket"
    if effects.migration_failures:
        yield f"{plural(effects.migration_failures, 'connection')} could not be moved to the new socket"
    if effects.listener_gap_s is not None:
        gap = format_duration(effects.listener_gap_s)
        yield f"nobody listened for {gap}" if effects.listener_gap_s else "no listener gap"


def _resets(resets: int, lost_events: int) -> str:
    if lost_events:
        seen = f"at least {plural(resets, 'reset')}" if resets else "no reset was seen"
        return f"{seen}, but {plural(lost_events, 'event')} of the trace lost"
    return _none_or(resets, "reset", "to clients by the reload")


def _none_or(number: int, noun: str, what: str) -> str:
    return f"{plural(number, noun) if number else f'no {noun}'} {what}"


def _lacking(effects: ClientEffects) -> list[str]:
    figures = {
        "resets to clients": effects.resets_to_clients,
        "closes with unread data": effects.closed_with_unread_data,
        "accept queues": effects.queue_drops,
        "listener gaps": effects.listener_gap_s,
    }
    return [what for what, figure in figures.items() if figure is None]


def _is_worrying(effects: ClientEffects) -> bool:
    harm = (
        effects.resets_to_clients,
        effects.closed_with_unread_data,
        effects.queue_drops,
        effects.migration_failures,
        effects.listener_gap_s,
        effects.cut_at_hard_stop,
        effects.lost_events,
    )
    return any(harm) or effects.resets_to_clients is None
