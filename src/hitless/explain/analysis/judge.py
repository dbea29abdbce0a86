"""The verdict on one event: harmless, harmful and why, or not to be told. Pure."""

from hitless.causes import UNEXPLAINED
from hitless.explain.analysis.capture_causes import name_capture_causes
from hitless.explain.analysis.log_causes import name_log_causes
from hitless.explain.analysis.unknowns import find_unknowns
from hitless.explain.analysis.view import View
from hitless.explanations import Counting, EndingCount, Judgement, NamedCause, NotKnown, Role, Statement
from hitless.logged import Certainty, ChangeKind
from hitless.units import format_count, format_duration

__all__ = ["Verdict", "judge_event"]

Verdict = tuple[Judgement, str, tuple[NamedCause, ...], tuple[NotKnown, ...]]
_WORDS = {
    ChangeKind.START: "start",
    ChangeKind.RELOAD: "reload",
    ChangeKind.FAILED_RELOAD: "failed reload",
    ChangeKind.RESTART: "restart",
    ChangeKind.STOP: "stop",
    ChangeKind.CRASH: "crash",
    ChangeKind.HARD_STOP: "hard stop",
    ChangeKind.REPLACED: "other processes serve",
}
_EXPLAINED = ("K", "SC", "sC", "SQ", "R")


def judge_event(view: View) -> Verdict:
    """Return the judgement, its headline, the causes, and what stays unknown."""
    causes = [*view.proof_causes, *name_capture_causes(view), *name_log_causes(view)]
    causes = _merged(causes)
    if not causes:
        causes = _unexplained(view)
    judgement = _judge(view, causes)
    return judgement, _headline(view, judgement, causes), tuple(causes), find_unknowns(view)


def _judge(view: View, causes: list[NamedCause]) -> Judgement:
    kind = view.change.kind
    if any(cause.victims for cause in causes):
        return Judgement.HARMFUL
    if kind in {ChangeKind.FAILED_RELOAD, ChangeKind.CRASH} or any(cause.code == "HL218" for cause in causes):
        return Judgement.HARMFUL
    if any(cause.counting is Counting.NOT_COUNTED for cause in causes):
        busy = view.accepts_per_s or view.before.lines
        return Judgement.HARMFUL if busy and kind is not ChangeKind.RESTART else Judgement.UNKNOWN
    proven = view.proof is not None and view.proof.is_complete
    seen = (
        proven
        or view.during.lines
        or (view.shared.lines and not view.shared.errors)
        or view.before.lines
        or (view.captured is not None and view.captured.connections)
    )
    return Judgement.HARMLESS if seen else Judgement.UNKNOWN


def _merged(causes: list[NamedCause]) -> list[NamedCause]:
    """Return each code once: captures see what logs only estimate, so that the first that counted holds."""
    found: dict[tuple[str, str], NamedCause] = {}
    for cause in causes:
        key = (cause.code, cause.name)
        before = found.get(key)
        found[key] = cause if before is None else _joined(before, cause)
    return sorted(found.values(), key=lambda cause: -cause.victims)


def _joined(one: NamedCause, other: NamedCause) -> NamedCause:
    better, worse = (one, other) if _exact(one) >= _exact(other) else (other, one)
    return NamedCause(
        code=better.code,
        name=better.name,
        summary=better.summary,
        victims=better.victims,
        counting=better.counting,
        certainty=min(one.certainty, other.certainty, key=list(Certainty).index),
        evidence=(*better.evidence, *worse.evidence),
        change=better.change,
        unit=better.unit,
    )


def _exact(cause: NamedCause) -> int:
    order = (Counting.NOT_COUNTED, Counting.ESTIMATED, Counting.AT_LEAST, Counting.COUNTED)
    return order.index(cause.counting)


def _unexplained(view: View) -> list[NamedCause]:
    """Return what is more than usual and fits no cause that is known."""
    odd = [e for e in view.endings if e.is_excess and (e.status >= 500 or e.termination[:1] in "SsRIDUKP")]
    if not odd:
        return []
    lines = sum(e.lines for e in odd)
    usual = sum(e.usual or 0.0 for e in odd)
    return [
        NamedCause(
            code="",
            name=UNEXPLAINED,
            summary="more ended badly than usual, in a way that fits no cause that is known",
            victims=round(max(1.0, lines - usual)),
            counting=Counting.AT_LEAST,
            certainty=Certainty.LIKELY,
            evidence=tuple(_odd_statement(view, e) for e in odd[:5]),
            change="look at the servers: the same may have happened there at this time",
        )
    ]


def _odd_statement(view: View, ending: EndingCount) -> Statement:
    status = f"{ending.status} " if ending.status > 0 else ""
    usual = f"{ending.usual:.2g}" if ending.usual is not None else "not known how many"
    return Statement(
        text=f"{format_count(ending.lines)} {status}{ending.termination} of {_role(ending.role)} "
        f"({usual} are usual): {ending.meaning}",
        quotes=view.quote(ending.role, ending.termination),
    )


def _role(role: Role) -> str:
    return {Role.OLD: "the old process", Role.NEW: "the new process", Role.OTHER: "a process"}[role]


def _headline(view: View, judgement: Judgement, causes: list[NamedCause]) -> str:
    what = _WORDS[view.change.kind]
    if judgement is Judgement.HARMFUL:
        return (
            f"{what}: {'; '.join(_victims(cause) for cause in causes[:3])}"
            if causes
            else f"{what}: clients were hurt"
        )
    if judgement is Judgement.UNKNOWN:
        return f"{what}: these inputs cannot tell whether a client was hurt"
    lines, errors = view.during.lines, view.during.errors
    text = f"{what}: nobody was hurt that these inputs can show"
    if view.proof is not None:
        text += (
            f": none of a proof's clients ({format_count(view.proof.attempts)} attempts in all its reloads)"
        )
    if lines:
        unusual = sum(e.lines for e in view.endings if e.is_excess)
        text += f": {format_count(lines)} lines around it, {format_count(errors)} errors"
        text += (
            f", {format_count(unusual)} endings more than usual"
            if unusual
            else ", no more than usual"
            if errors
            else ""
        )
    elif view.shared.lines:
        text += f": {format_count(view.shared.lines)} lines around it, told with the changes next to it"
    drained = view.change.until
    if drained is not None and view.change.kind is ChangeKind.RELOAD:
        took_s = (drained.t_ns - view.change.at.t_ns) / 1e9
        text += f"; the new process served after {format_duration(took_s)}" if took_s > 0 else ""
    return text


def _victims(cause: NamedCause) -> str:
    named = f"{cause.code} {cause.name}".strip()
    if cause.counting is Counting.NOT_COUNTED:
        return f"{named}, not counted"
    if not cause.victims:
        return named
    about = {Counting.ESTIMATED: "about ", Counting.AT_LEAST: "at least "}.get(cause.counting, "")
    noun = f"{cause.unit}{'' if cause.victims == 1 else 's'}"
    return f"{about}{format_count(cause.victims)} {noun} hurt by {named}"
