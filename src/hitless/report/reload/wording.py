"""The sentences of a reload, the same in every renderer.

Nothing here is escaped: each renderer makes names harmless in its own way.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from hitless.reloads import (
    CheckState,
    ConfigurationChange,
    DrainForecast,
    GuardResult,
    ListenerChange,
    ListenerFate,
    PreflightCheck,
    Receipt,
    ReloadedProcess,
    ReloadOutcome,
    Requester,
    RollbackResult,
)
from hitless.report.wording import counted, plural
from hitless.units import format_count, format_duration

__all__ = [
    "check_counts",
    "configuration_lines",
    "context",
    "drain_words",
    "guard_words",
    "headline",
    "listener_counts",
    "listener_words",
    "meaning",
    "mechanism_words",
    "pids",
    "process_words",
    "requester_words",
    "rollback_words",
    "worst_first",
]

_MEANINGS = {
    ReloadOutcome.TAKEN_OVER: "the new process is proven to serve",
    ReloadOutcome.DEGRADED: "the new process is proven to serve, but not as it should",
    ReloadOutcome.REJECTED_BY_PREFLIGHT: "nothing was touched",
    ReloadOutcome.REJECTED_BY_HAPROXY: "HAProxy refused; the old process serves",
    ReloadOutcome.NOT_TAKEN_OVER: "triggered, and not proven within the deadline",
    ReloadOutcome.ROLLED_BACK: "the last known good configuration is proven to serve again",
    ReloadOutcome.ROLLBACK_FAILED: "the way back failed, too",
    ReloadOutcome.INTERRUPTED: "it was stopped before its end was known",
}
_MECHANISMS = {
    "master-cli": "through the master CLI",
    "usr2": "by SIGUSR2 to the master",
    "systemd": "through systemd",
    "sf-x": "by -sf with socket transfer (-x)",
    "sf-offered": "by -sf, with the listening sockets taken from the old process",
    "sf": "by -sf, without socket transfer",
}
_WORST = (CheckState.FAILED, CheckState.UNKNOWN, CheckState.FORCED, CheckState.WARNED, CheckState.PASSED)
_FATES = {
    ListenerFate.INHERITED: "inherited",
    ListenerFate.OPENED_ANEW: "opened anew",
    ListenerFate.NEW: "new",
    ListenerFate.REMOVED: "removed",
    ListenerFate.MISSING: "missing",
}
_DIGEST = 12


def headline(outcome: ReloadOutcome) -> str:
    """Return the outcome in capitals."""
    return outcome.upper().replace("-", " ")


def meaning(outcome: ReloadOutcome) -> str:
    """Return who serves now."""
    return _MEANINGS[outcome]


def mechanism_words(mechanism: str, why: str) -> str:
    """Return how it is triggered, and why so."""
    words = _MECHANISMS.get(mechanism, f"via {mechanism}" if mechanism else "not triggered")
    return f"{words} ({why})" if why else words


def context(receipt: Receipt) -> tuple[str, ...]:
    """Return what was reloaded, how, when, and for whom; to be joined with " · "."""
    return (
        f"haproxy {receipt.haproxy_version}" if receipt.haproxy_version else "version not known",
        receipt.mode,
        mechanism_words(receipt.mechanism, receipt.mechanism_why),
        receipt.started_at,
        requester_words(receipt.requester),
    )


def requester_words(requester: Requester) -> str:
    """Return who asked, by which command, called by whom."""
    other = requester.login_user and requester.login_user != requester.user
    who = f"{requester.login_user} as {requester.user}" if other else requester.user
    command = f": {' '.join(requester.command)}" if requester.command else ""
    return f"by {who}{command}{f' (called by {requester.parent})' if requester.parent else ''}"


def pids(receipt: Receipt) -> str:
    """Return "pid 4711 -> 4790", with what is not known left out."""
    old = counted(map(str, receipt.old_pids))
    if not receipt.new_pid:
        return f"pid {old}" if old else ""
    return f"pid {old} -> {receipt.new_pid}" if old else f"pid {receipt.new_pid}"


def guard_words(guard: GuardResult) -> str:
    """Return what the traffic guard saw, or that it guarded nothing."""
    if not guard.judged:
        return f"guarded nothing: {guard.reason}"
    ratios = f"{_percent(guard.error_ratio_before)} errors before, {_percent(guard.error_ratio_after)} after"
    resets = f", {plural(guard.resets, 'reset')}" if guard.resets else ""
    seen = f"{plural(guard.requests, 'request')} in {format_duration(guard.window_s)}, {ratios}{resets}"
    return f"{'TRIPPED' if guard.tripped else 'quiet'}: {guard.reason} ({seen})"


def _percent(ratio: float) -> str:
    return f"{100 * ratio:.2g} %"


def rollback_words(rollback: RollbackResult) -> str:
    """Return how the way back went, and why it was taken."""
    back = f"{rollback.outcome.replace('-', ' ')}{f' by pid {rollback.new_pid}' if rollback.new_pid else ''}"
    said = f": {rollback.message}" if rollback.message else ""
    return f"{back}{said} (because {rollback.why})"


def drain_words(forecast: DrainForecast) -> str:
    """Return what an old process still carries, and what ends it."""
    parts = [
        "connections not counted"
        if forecast.connections is None
        else plural(forecast.connections, "connection"),
        "sessions not counted" if forecast.sessions is None else plural(forecast.sessions, "session"),
    ]
    if forecast.longest_s is not None:
        parts.append(f"the oldest for {format_duration(forecast.longest_s)}")
    if forecast.hard_stop_after_s is None:
        end = "nothing ends it but its clients (no hard-stop-after)"
    else:
        end = f"the hard stop cuts what is left after {format_duration(forecast.hard_stop_after_s)}"
    return f"pid {forecast.pid}: {', '.join(parts)}; {end}"


def configuration_lines(change: ConfigurationChange) -> Iterator[str]:
    """Return which files differ from what is known to have run, by digest, and which sections."""
    before = {digest.path: digest.sha256 for digest in change.before}
    for digest in change.after:
        old, new = before.pop(digest.path, ""), digest.sha256[:_DIGEST]
        if old == digest.sha256:
            yield f"{digest.path} {new}, unchanged"
        elif change.before:
            yield f"{digest.path} {old[:_DIGEST] or 'not there'} -> {new}"
        else:
            yield f"{digest.path} {new} (what ran before is not known)"
    for path, old in before.items():
        yield f"{path} {old[:_DIGEST]} -> no longer used"
    if change.lines_added or change.lines_removed:
        amount = f"{plural(change.lines_added, 'line')} added, {format_count(change.lines_removed)} removed"
        yield f"{amount}: {counted(change.sections, most=12)}" if change.sections else amount


def process_words(process: ReloadedProcess) -> str:
    """Return one process: its role, pid, version, and whether it has gone."""
    more = ", ".join(part for part in (process.version, "exited" if process.exited else "") if part)
    return f"{process.role} {process.pid}{f' ({more})' if more else ''}"


def check_counts(checks: Iterable[PreflightCheck]) -> str:
    """Return "17 checks: 15 passed, 1 warned, 1 unknown"."""
    counts = Counter(check.state for check in checks)
    total = sum(counts.values())
    listed = ", ".join(f"{counts[state]} {state}" for state in CheckState if counts[state])
    return f"{plural(total, 'check')}: {listed}" if total else "no checks"


def worst_first(checks: Iterable[PreflightCheck]) -> list[PreflightCheck]:
    """Return the checks that did not pass, those that stop the reload first."""
    noted = [check for check in checks if check.state is not CheckState.PASSED]
    return sorted(noted, key=lambda check: (not check.stops, _WORST.index(check.state)))


def listener_counts(listeners: Iterable[ListenerChange]) -> str:
    """Return "3 inherited, 1 opened anew"."""
    counts = Counter(change.fate for change in listeners)
    return ", ".join(f"{format_count(counts[fate])} {_FATES[fate]}" for fate in _FATES if counts[fate])


def listener_words(change: ListenerChange) -> str:
    """Return one listening address: its fate, its inodes, where it is configured, and why."""
    before, after = (counted(map(str, inodes)) for inodes in (change.inodes_before, change.inodes_after))
    inodes = f"inode {before}" if before == after else f"inode {before or 'none'} -> {after or 'none'}"
    parts = [f"{change.endpoint} {_FATES[change.fate]}", inodes if before or after else "", change.where]
    return f"{', '.join(part for part in parts if part)}{f': {change.why}' if change.why else ''}"
