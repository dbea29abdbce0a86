"""Why was this client hurt? One victim and what is known of its moment in, one cause out. Pure.

The order of the questions matters: what explains everything at that moment (a restart, a pause, a hard stop) is asked
before what explains one connection (an idle close, an accept queue). A cause is named only where something was seen
that says so; what nothing explains is `unexplained`.
"""

from hitless.causes import UNEXPLAINED
from hitless.prove.why import answer, connection, inner, process
from hitless.prove.why.moment import Attribution, Moment, Question, Victim, after, reload_of

__all__ = ["attribute"]

_QUESTIONS: tuple[Question, ...] = (
    process.paused,
    process.restarted,
    process.outlived_reloads,
    process.hard_stopped,
    process.reload_failed,
    connection.accept_queue,
    connection.goaway,
    connection.idle_close,
    inner.contested,
    connection.unspoken,
    answer.spurious_408,
    answer.no_server,
    connection.overflow,
)


def attribute(victim: Victim, moment: Moment) -> Attribution:
    """Name the cause of one victim."""
    reload = reload_of(victim, moment.timeline)
    if reload is None:
        return Attribution(UNEXPLAINED, ("it failed before the first reload",))
    answers = (question(victim, reload, moment) for question in _QUESTIONS)
    return next(filter(None, answers), Attribution(UNEXPLAINED, (after(reload, victim.end_ns),)))
