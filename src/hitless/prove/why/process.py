"""What happens to a process and so to all its clients: a pause, a restart, a hard stop, a reload that failed. Pure."""

from hitless.prove.timeline import NEAR_NS, ReloadPhases
from hitless.prove.why.moment import (
    ON_FRESH,
    Attribution,
    Moment,
    Victim,
    after,
    closes_idle,
    gap_at,
    is_soft_stopped,
    log_line,
    seconds_between,
)
from hitless.records import Outcome
from hitless.reload.mechanism import Via
from hitless.units import NANOSECONDS_PER_MILLISECOND

__all__ = ["hard_stopped", "outlived_reloads", "paused", "reload_failed", "restarted"]

_HARD_STOP_NS = 1_500 * NANOSECONDS_PER_MILLISECOND
"""HAProxy gives its tasks one more second after the hard stop. Source: HAProxy 2.8 src/proxy.c do_soft_stop_now()."""

_NOT_CONNECTED = frozenset({Outcome.REFUSED, Outcome.CONNECT_RESET, Outcome.CONNECT_TIMEOUT})
_NOT_CUT = _NOT_CONNECTED | {Outcome.SLOW}


def paused(victim: Victim, reload: ReloadPhases, moment: Moment) -> Attribution | None:
    """HL401: the new process could not bind and had the old one pause its listeners; only new connections suffer."""
    if victim.reused or victim.outcome not in ON_FRESH:
        return None
    failures = [text for t_ns, text in moment.timeline.bind_failures if t_ns >= reload.trigger_ns][:1]
    for since_ns, until_ns in moment.timeline.pauses_ns:
        if since_ns - NEAR_NS <= victim.end_ns and victim.start_ns <= until_ns + NEAR_NS:
            lasted = seconds_between(since_ns, until_ns)
            return Attribution("HL401", (f"HAProxy paused its listeners for {lasted}", *failures))
    if reload.failed and failures:
        return Attribution("HL401", tuple(failures))
    gap = gap_at(victim, moment)
    if gap is not None and reload.failed and not is_soft_stopped(reload):
        closed = seconds_between(gap.start_ns, gap.end_ns)
        return Attribution(
            "HL401",
            (f"nobody listened on {gap.endpoint} for {closed}, and the process that had listened stayed",),
        )
    return None


def restarted(victim: Victim, reload: ReloadPhases, moment: Moment) -> Attribution | None:
    """HL101: the old process was ended before the new one listened; new and old connections suffer alike."""
    if victim.opened_ns > reload.settled_ns + NEAR_NS:
        return None
    gap = gap_at(victim, moment)
    if moment.via != Via.RESTART and not (gap is not None and _ended_before_the_new_one_listened(reload)):
        return None
    seen = [f"{after(reload, victim.end_ns)} by restart"]
    if gap is not None:
        seen = [f"nobody listened on {gap.endpoint} for {seconds_between(gap.start_ns, gap.end_ns)}"]
    if reload.old_gone_ns:
        seen.append(f"the old process had gone {after(reload, reload.old_gone_ns)}")
    return Attribution("HL101", tuple(seen))


def _ended_before_the_new_one_listened(reload: ReloadPhases) -> bool:
    return 0 < reload.old_gone_ns <= reload.owned_ns


def hard_stopped(victim: Victim, _reload: ReloadPhases, moment: Moment) -> Attribution | None:
    """HL201: the old process stopped hard with the connections that it still carried."""
    if victim.outcome in _NOT_CUT:
        return None
    for stopped_ns, pid in moment.timeline.hard_stops:
        if _ended_with(pid, stopped_ns, victim, moment, within_ns=_HARD_STOP_NS):
            said = "HAProxy said: soft-stop running for too long, performing a hard-stop"
            return Attribution("HL201", (said,))
    line = log_line(victim)
    if line is not None and line.state.startswith("K"):
        return Attribution("HL201", (f"HAProxy logged that it killed the session: {line.state}",))
    return None


def outlived_reloads(victim: Victim, _reload: ReloadPhases, moment: Moment) -> Attribution | None:
    """HL202: the master ended an old worker that had outlived too many reloads.

    It says why only from 3.1 on; before, the worker's SIGTERM at just that reload tells.
    Source: HAProxy 2.6 to 3.2 src/mworker.c mworker_kill_max_reloads(), mworker_catch_sigchld().
    """
    if victim.outcome in _NOT_CUT:
        return None
    timeline = moment.timeline
    for ended_ns, pid in timeline.max_reloads:
        if _ended_with(pid, ended_ns, victim, moment):
            return Attribution("HL202", ("HAProxy ended a worker that exceeded max reloads",))
    for ended_ns, pid in timeline.terminated:
        outlived = timeline.reloads_outlived(pid, ended_ns)
        if moment.max_reloads is None or outlived <= moment.max_reloads:
            continue
        if _ended_with(pid, ended_ns, victim, moment):
            limit = f"mworker-max-reloads is {moment.max_reloads}"
            return Attribution(
                "HL202", (f"worker {pid} was ended by SIGTERM at its reload {outlived}; {limit}",)
            )
    return None


def _ended_with(pid: int, ended_ns: int, victim: Victim, moment: Moment, *, within_ns: int = NEAR_NS) -> bool:
    """Whether a connection ended with the process that carried it.

    A client that lets its connection rest notices only when it uses it again, be that much later; where a soft stop
    closes idle connections, they had not lived on until the process ended.
    """
    if not _was_carried_by(pid, victim, moment) or victim.end_ns < ended_ns - NEAR_NS:
        return False
    rested = victim.outcome is Outcome.STALE_REUSE and not closes_idle(victim, moment)
    return rested or victim.end_ns <= ended_ns + within_ns


def _was_carried_by(pid: int, victim: Victim, moment: Moment) -> bool:
    """Whether the connection is old enough for a process that stopped listening when it did."""
    replaced_by = moment.timeline.released_by(pid)
    return replaced_by is not None and victim.opened_ns <= replaced_by.settled_ns


def reload_failed(victim: Victim, reload: ReloadPhases, _moment: Moment) -> Attribution | None:
    """HL102: the reload failed, and what was left did not serve."""
    if not reload.failed:
        return None
    refused = victim.outcome in _NOT_CONNECTED
    near = victim.outcome in ON_FRESH and victim.start_ns <= reload.settled_ns + NEAR_NS
    cut = reload.old_gone_ns and abs(victim.end_ns - reload.old_gone_ns) <= NEAR_NS
    if not (cut or (not victim.reused and (refused or near))):
        return None
    return Attribution("HL102", (reload.message,) if reload.message else ("no new process took over",))
