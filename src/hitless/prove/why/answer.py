"""What a wrong answer says: who gave it, the old process or the new one, and in which state. Pure."""

from hitless.prove.timeline import NEAR_NS, ReloadPhases
from hitless.prove.why.moment import Attribution, Moment, Victim, after, is_soft_stopped, log_line
from hitless.records import Outcome

__all__ = ["no_server", "spurious_408"]

_NO_CONNECTION = frozenset({"SC", "sC", "SQ", "sQ"})
"""The server could not be reached, or there was none. Source: HAProxy 2.8 doc/configuration.txt 8.5."""


def spurious_408(victim: Victim, reload: ReloadPhases, moment: Moment) -> Attribution | None:
    """HL503: within close-spread-time the old process answers 408 to who has not asked yet."""
    is_408 = victim.outcome is Outcome.HTTP_UNEXPECTED and victim.status == 408
    if not is_408 or not moment.close_spread_time or not is_soft_stopped(reload):
        return None
    if victim.opened_ns > reload.settled_ns + NEAR_NS:
        return None
    return Attribution("HL503", (f"408 within close-spread-time, {after(reload, victim.end_ns)}",))


def no_server(victim: Victim, reload: ReloadPhases, moment: Moment) -> Attribution | None:
    """HL205, HL801: 503 from an old process with a frozen list of servers, or from a new one whose servers are cold."""
    if victim.outcome is not Outcome.HTTP_5XX or victim.status != 503:
        return None
    line = log_line(victim)
    if line is None or not line.pid:
        return _cold(victim, reload)
    if line.state[:2] not in _NO_CONNECTION:
        return None
    replaced_by = moment.timeline.released_by(line.pid)
    if replaced_by is not None and replaced_by.trigger_ns <= victim.end_ns:
        return Attribution("HL205", (f"the old process {line.pid} logged {line.state} 503",))
    if line.pid != reload.new_pid:
        return None
    return Attribution("HL801", (f"the new process {line.pid} logged {line.state} 503",))


def _cold(victim: Victim, reload: ReloadPhases) -> Attribution | None:
    """Without a log line: the age of the connection tells that only the new process can have answered."""
    if reload.failed or victim.opened_ns <= max(reload.owned_ns, reload.released_ns):
        return None
    return Attribution("HL801", (f"503 on a connection opened {after(reload, victim.opened_ns)}",))
