"""Causes that logs show: force, the old process's frozen view, used-up resources, nobody listening. Pure."""

from collections import Counter
from collections.abc import Iterator

from hitless.causes import CAUSES
from hitless.evidence.haproxy_messages import MessageKind
from hitless.explain.analysis.spans import role_of
from hitless.explain.analysis.view import View
from hitless.explanations import Counting, EndingCount, NamedCause, Role, Statement
from hitless.logged import Certainty, ChangeKind
from hitless.units import NANOSECONDS_PER_SECOND, format_count, format_duration

__all__ = ["make_cause", "name_log_causes"]

_K = ChangeKind
_M = MessageKind
_FEW = 5


def name_log_causes(view: View) -> Iterator[NamedCause]:
    """Yield the causes that the logs of an event name."""
    kind = view.change.kind
    if kind in {_K.RESTART, _K.CRASH, _K.STOP}:
        yield from _interruption(view)
    elif kind is _K.FAILED_RELOAD:
        yield from _failed_reload(view)
    elif kind is _K.HARD_STOP:
        yield from _hard_stop(view)
    if kind is not _K.HARD_STOP:
        yield from _by_force(view)
    yield from _frozen_servers(view)
    yield from _spurious_timeouts(view)
    yield from _cold_servers(view)
    yield from _exhaustion(view)


def make_cause(code: str, victims: int, counting: Counting, certainty: Certainty, evidence: list[Statement],
               *, unit: str = "request") -> NamedCause:  # fmt: skip
    """Return a cause by its code, in the words of the table of causes."""
    known = CAUSES[code]
    return NamedCause(
        code=code,
        name=known.name,
        summary=known.summary,
        victims=victims,
        counting=counting,
        certainty=certainty,
        evidence=tuple(evidence),
        change=known.fix,
        unit=unit,
    )


def _interruption(view: View) -> Iterator[NamedCause]:
    change = view.change
    said = view.said(_M.MASTER_EXITING, _M.CURRENT_WORKER_EXITED, _M.NEW_WORKER)
    evidence = [view.state(_end_of_old(view), said or change.shown_by)]
    refused, gap_s = _estimate(view, change.unserved_ns)
    if gap_s:
        evidence.append(
            Statement(
                text=f"no process took a connection for {format_duration(gap_s)}; before, "
                f"{view.accepts_per_s:.3g} a second began: about {format_count(refused)} were refused, "
                "which no log shows"
            )
        )
    counting = Counting.ESTIMATED if refused else Counting.NOT_COUNTED
    if change.kind is _K.RESTART:
        yield make_cause("HL101", refused, counting, change.certainty, evidence, unit="connection")
        return
    stopped = change.kind is _K.STOP
    yield NamedCause(
        code="",
        name="service-stopped" if stopped else "crash",
        summary="the service was stopped, and nothing served after it" if stopped else "a process crashed",
        victims=refused,
        counting=counting,
        certainty=change.certainty,
        evidence=tuple(evidence),
        change=""
        if stopped
        else "report it with the core dump (`coredumpctl info haproxy`) and the version's known bugs",
        unit="connection",
    )


def _end_of_old(view: View) -> str:
    change = view.change
    pids = ", ".join(map(str, change.old_pids)) or "not seen"
    if change.kind is _K.CRASH:
        return f"the process ({pids}) ended by itself with exit code {change.exit_code}"
    if change.kind is _K.STOP:
        return f"the process ({pids}) ended, and no other began"
    new = ", ".join(map(str, change.new_pids)) or "not seen"
    return f"the process that served ({pids}) ended before the next ({new}) began"


def _estimate(view: View, gap_ns: int) -> tuple[int, float]:
    """Return how many connections came while nobody was there, and for how long that was, in seconds."""
    gap_s = max([gap_ns / NANOSECONDS_PER_SECOND, *(hole.duration_s for hole in view.holes)])
    by_holes = sum(hole.duration_s * hole.usual_per_s for hole in view.holes)
    return round(max(view.accepts_per_s * gap_ns / NANOSECONDS_PER_SECOND, by_holes)), gap_s


def _failed_reload(view: View) -> Iterator[NamedCause]:
    change = view.change
    said = view.said(
        _M.CANNOT_BIND, _M.START_FAILED, _M.CONFIG_ERROR, _M.LIMIT, _M.LOAD_FAILED, _M.PROXY_PAUSED
    )
    text = f"HAProxy says: {change.reason}" if change.reason else "the load failed"
    evidence = [view.state(text, said or change.shown_by)]
    if not change.refused_ns and "cannot bind" not in change.reason:
        yield make_cause("HL102", 0, Counting.COUNTED, change.certainty, evidence)
        return
    refused, gap_s = _estimate(view, change.refused_ns)
    if change.refused_ns:
        evidence.append(
            Statement(text=f"every listener was paused for about {format_duration(change.refused_ns / 1e9)}")
        )
    if refused:
        evidence.append(
            Statement(
                text=f"before, {view.accepts_per_s:.3g} connections a second began: about {format_count(refused)} "
                f"were refused in {format_duration(gap_s)}, which no log shows"
            )
        )
    counting = Counting.ESTIMATED if refused else Counting.NOT_COUNTED
    yield make_cause("HL401", refused, counting, change.certainty, evidence, unit="connection")


def _hard_stop(view: View) -> Iterator[NamedCause]:
    change = view.change
    killed = view.matching(Role.OLD, "K", excess=False)
    lines = sum(e.lines for e in killed)
    cut = max(lines, change.cut_connections)
    pids = ", ".join(map(str, change.old_pids))
    if not cut:
        return
    said = view.said(_M.HARD_STOP, _M.PROXY_HARD_STOPPED, pids=change.old_pids)
    evidence = [view.state(f"the old process ({pids}) said that it stopped hard", said or change.shown_by)]
    if change.cut_connections:
        evidence.append(Statement(text=f"it still had {_plural(change.cut_connections, 'connection')}"))
    evidence += _of_endings(view, killed)
    exact = Counting.COUNTED if lines >= change.cut_connections else Counting.AT_LEAST
    yield make_cause("HL201", cut, exact, Certainty.STATED, evidence, unit="connection")


def _by_force(view: View) -> Iterator[NamedCause]:
    """Sessions ended by force without a hard stop that was logged: by an administrator, or its message is not here."""
    killed = view.matching(Role.OLD, "K")
    if killed:
        evidence = _of_endings(view, killed)
        evidence.append(Statement(text="no message about a hard stop of this process is in these logs"))
        lines = sum(e.lines for e in killed)
        yield make_cause("HL201", lines, Counting.COUNTED, Certainty.LIKELY, evidence, unit="connection")


def _frozen_servers(view: View) -> Iterator[NamedCause]:
    old = view.matching(Role.OLD, "SC", "sC", "SQ")
    if not old or view.change.kind in {_K.RESTART, _K.CRASH, _K.STOP}:
        return
    mine = sum(e.lines for e in old)
    of_new = sum(e.lines for e in view.matching(Role.NEW, "SC", "sC", "SQ", excess=False))
    of_old = sum(e.lines for e in view.endings if e.role is Role.OLD) or mine
    evidence = _of_endings(view, old)
    servers = Counter(
        f"{line.backend}/{line.server}"
        for line in view.lines
        if role_of(view.change, line.pid) is Role.OLD and line.termination.startswith(("SC", "sC", "SQ"))
    )
    if servers:
        named = ", ".join(f"{name} ({format_count(count)})" for name, count in servers.most_common(_FEW))
        evidence.append(Statement(text=f"to the servers {named}"))
    certainty = Certainty.SHOWN
    if view.new_lines.lines:
        evidence.append(
            Statement(
                text=f"meanwhile the new process logged {format_count(view.new_lines.lines)} lines, "
                f"{format_count(of_new)} of them with this ending"
            )
        )
        if of_new * max(of_old, 1) >= mine * view.new_lines.lines:
            return  # it fails for the new process as well: not the old one's frozen view
    else:
        certainty = Certainty.LIKELY
    yield make_cause("HL205", mine, Counting.COUNTED, certainty, evidence)


def _spurious_timeouts(view: View) -> Iterator[NamedCause]:
    spurious = [e for e in view.matching(Role.OLD, "cR") if e.status == 408]
    if spurious:
        lines = sum(e.lines for e in spurious)
        yield make_cause("HL503", lines, Counting.COUNTED, Certainty.LIKELY, _of_endings(view, spurious))


def _cold_servers(view: View) -> Iterator[NamedCause]:
    cold = view.matching(Role.NEW, "SC", "SQ")
    if cold and view.change.kind in {_K.RELOAD, _K.RESTART, _K.REPLACED, _K.START}:
        lines = sum(e.lines for e in cold)
        yield make_cause("HL801", lines, Counting.COUNTED, Certainty.LIKELY, _of_endings(view, cold))


def _exhaustion(view: View) -> Iterator[NamedCause]:
    ports = [e for role in Role for e in view.matching(role, "R")]
    lines = sum(e.lines for e in ports)
    if view.exhausted:
        first = view.exhausted[0]
        pids = ", ".join(sorted({str(m.pid) for m in view.exhausted if m.pid}))
        evidence = [
            view.state(
                f"{_plural(len(view.exhausted), 'message')} of {pids or 'HAProxy'}: {first.text}",
                (m.place for m in view.exhausted),
            ),
            *_of_endings(view, ports),
        ]
        if view.change.old_pids:
            old = ", ".join(map(str, view.change.old_pids))
            evidence.append(
                Statement(text=f"the old process ({old}) was still there, with descriptors of its own")
            )
        counting = Counting.AT_LEAST if lines else Counting.NOT_COUNTED
        yield make_cause("HL218", lines, counting, Certainty.STATED, evidence, unit="connection")
    elif ports:
        yield make_cause("HL210", lines, Counting.COUNTED, Certainty.LIKELY, _of_endings(view, ports))


def _of_endings(view: View, endings: list[EndingCount]) -> list[Statement]:
    return [_of_ending(view, ending) for ending in endings[:_FEW]]


def _of_ending(view: View, ending: EndingCount) -> Statement:
    usual = "" if not ending.usual else f", where {ending.usual:.2g} are usual"
    status = f"{ending.status} " if ending.status > 0 else ""
    who = {Role.OLD: "the old process", Role.NEW: "the new process", Role.OTHER: "a process"}[ending.role]
    pids = f" ({', '.join(map(str, ending.pids))})" if ending.pids and ending.pids != (0,) else ""
    return Statement(
        text=f"{_plural(ending.lines, 'line')} {status}{ending.termination} of {who}{pids}{usual}: {ending.meaning}",
        quotes=view.quote(ending.role, ending.termination),
    )


def _plural(number: int, noun: str) -> str:
    return f"{format_count(number)} {noun}{'' if number == 1 else 's'}"
