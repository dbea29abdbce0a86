"""Views made up: what is known of one change, for the modules that name causes and judge."""

from hitless.explain.analysis.spans import Span
from hitless.explain.analysis.view import View
from hitless.explanations import EndingCount, Role, TrafficCount
from hitless.logged import Certainty, Change, ChangeKind, Clock, Moment

SECOND = 10**9
AT = Moment(t_ns=1_795_921_200 * SECOND, error_ns=SECOND, clock=Clock.SYSLOG)


def change(kind: ChangeKind = ChangeKind.RELOAD, **more: object) -> Change:
    fields: dict[str, object] = {
        "kind": kind,
        "at": AT,
        "certainty": Certainty.STATED,
        "old_pids": (100,),
        "new_pids": (200,),
    }
    return Change(**fields | more)  # type: ignore[arg-type]


def ending(
    role: Role, termination: str, lines: int, *, status: int = 503, usual: float | None = 0.0
) -> EndingCount:
    return EndingCount(
        role=role,
        status=status,
        termination=termination,
        lines=lines,
        usual=usual,
        meaning="",
        is_excess=True,
    )


def view(kind: ChangeKind = ChangeKind.RELOAD, *endings: EndingCount, **more: object) -> View:
    begin_s = AT.t_ns // SECOND
    changed = more.pop("change", None) or change(kind)
    traffic = TrafficCount(duration_s=60, lines=600)
    fields: dict[str, object] = {"during": traffic, "before": traffic, "endings": endings}
    return View(Span(1, changed, begin_s, begin_s + 4), **fields | more)  # type: ignore[arg-type]
