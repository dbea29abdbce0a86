"""Whom a frontend could not reach that is a frontend of the same HAProxy. Pure."""

from hitless.prove.timeline import NEAR_NS, ReloadPhases
from hitless.prove.why.moment import Attribution, Moment, Victim, after, log_line
from hitless.records import Outcome

__all__ = ["contested"]

_NO_CONNECTION = frozenset({"SC", "sC", "SH", "sH"})
"""Source: HAProxy 2.8 doc/configuration.txt 8.5."""
_REFUSED = frozenset({502, 503})
"""502 to those who waited in the queue of the old socket, 503 to those who came between the two."""
_CLOSED = frozenset({Outcome.EMPTY_REPLY, Outcome.RESET_BEFORE_RESPONSE})
"""What HAProxy 2.6 makes of it where later versions answer 503; tried on 2.2, 2.6, 2.8, 3.0 and 3.2."""


def contested(victim: Victim, reload: ReloadPhases, moment: Moment) -> Attribution | None:
    """HL309: the abstract socket of the inner frontend was taken from the old process first, not handed over."""
    facts = moment.frontends.get(victim.stream.target.frontend)
    if facts is None or not facts.abstract_sockets or not moment.all_opened_anew:
        return None
    is_refused = victim.outcome is Outcome.HTTP_5XX and victim.status in _REFUSED
    if not is_refused and (victim.reused or victim.outcome not in _CLOSED):
        return None
    if not reload.trigger_ns <= victim.end_ns <= reload.settled_ns + NEAR_NS:
        return None
    line = log_line(victim)
    if line is not None and line.state[:2] not in _NO_CONNECTION:
        return None
    names = ", ".join(facts.abstract_sockets)
    return Attribution(
        "HL309", (f"not reached {after(reload, victim.end_ns)}: {names}, which was not handed over",)
    )
