"""What the end of an old process will do to whom, and when. Pure.

The hard stop that a process loaded cannot be asked: it is taken from the configuration on disk, and said to be assumed
where the file has been changed since the process started.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.drains import Forecast, HardStop, SessionState
from hitless.facts import RunMode
from hitless.subject.lifetimes import global_time, hard_stop, spell
from hitless.units import format_age, format_count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.reload.drain.process_facts import ProcessFacts, Session
    from hitless.subject import Subject

__all__ = ["forecast", "read_hard_stop"]

_MAX_RELOADS = "mworker-max-reloads"
_DEFAULT_MAX_RELOADS = 50
"""Since 3.3; before, no limit. Source: HAProxy 3.3-dev14 src/mworker.c."""
_LATELY_S = 60.0
_OPENING_S = 5.0


def forecast(
    facts: ProcessFacts, subject: Subject, *, draining_s: float | None, exact: bool, changed_s: float | None
) -> Forecast | None:
    """Return what will become of the sessions of an old process; None for one that no reload has replaced."""
    if draining_s is None:
        return None
    stop = read_hard_stop(
        subject, draining_s=draining_s, exact=exact, age_s=facts.process.age_s, changed_s=changed_s
    )
    lasting = [s for s in facts.of_clients if s.row.state is SessionState.TUNNEL]
    ending = [s for s in lasting if _ends_before(s, stop)]
    found = Forecast(
        hard_stop=stop,
        why_no_hard_stop="" if stop else _why_none(subject),
        cut=len(lasting) - len(ending),
        silent=len(ending),
        active=sum(_is_active(s) for s in ending),
        requests=len(facts.of_clients) - len(lasting),
        idle_connections=facts.without_session or 0,
        last_timeout_s=max((float(s.row.expires_s or 0) for s in ending), default=None),
        effect=_effect(facts.version or subject.version),
        killed_at_reload=_killed_at_reload(facts, subject),
    )
    return _with_text(found, known=facts.sessions is not None)


def read_hard_stop(
    subject: Subject, *, draining_s: float, exact: bool, age_s: float, changed_s: float | None
) -> HardStop | None:
    """Return the hard stop of a process of this age that stops since `draining_s`; None where nothing ends it."""
    limit = hard_stop(subject)
    if limit is None:
        return None
    grace = global_time(subject, "grace")
    after_s = limit.seconds + (grace.seconds if grace else 0.0)
    if changed_s is None:
        basis = "as the configuration on disk says; nobody could see whether it has changed since this process started"
    elif changed_s < age_s:
        basis = (
            f"as the configuration on disk says, which was changed {format_age(changed_s)} ago: this process may have "
            "loaded another value"
        )
    else:
        basis = "the configuration on disk has not changed since this process started"
    return HardStop(
        after_s=after_s,
        where=limit.where,
        assumed=changed_s is None or changed_s < age_s,
        basis=basis,
        due_s=after_s - draining_s,
        at_latest=not exact,
    )


def _ends_before(session: Session, stop: HardStop | None) -> bool:
    expires_s = session.row.expires_s
    return expires_s is not None and (stop is None or expires_s < stop.due_s)


def _is_active(session: Session) -> bool:
    """Return whether something has moved lately, and not only when the session began."""
    age_s, idle_s = session.age_s, session.idle_s
    return idle_s is not None and idle_s < _LATELY_S and (age_s is None or age_s - idle_s > _OPENING_S)


def _why_none(subject: Subject) -> str:
    if not subject.files:
        return "the configuration could not be read: whether `hard-stop-after` is set is not known"
    return "no `hard-stop-after` in `global` of the configuration on disk"


def _effect(version: tuple[int, int, int] | None) -> str:
    """Return what clients see.

    Measured at the hard stop: 502 on 2.2.9, 2.6.12, 2.8.25, 3.0.0 and 3.1.0, no answer on 3.0.11 and since 3.2.
    """
    if version is not None and version < (3, 0, 0):
        request = "502"
    elif version is not None and version >= (3, 2, 0):
        request = "no answer"
    else:
        request = "no answer, or 502"
    return f"a WebSocket or TCP session is closed without a word, a request in flight gets {request}"


def _killed_at_reload(facts: ProcessFacts, subject: Subject) -> int | None:
    if facts.reloads is None or subject.mode is not RunMode.MASTER_WORKER:
        return None
    lines = [d for d in subject.in_global(_MAX_RELOADS) if len(d.words) > 1 and d.words[1].isdecimal()]
    if lines:
        most = int(lines[-1].words[1][:9])
    elif subject.version_in((3, 3)):
        most = _DEFAULT_MAX_RELOADS
    else:
        return None
    return max(1, most + 1 - facts.reloads)


def _with_text(found: Forecast, *, known: bool) -> Forecast:
    from msgspec.structs import replace

    sentences = [_when(found.hard_stop, found.why_no_hard_stop)]
    parts = list(_whom(found)) if known else ["whom it cuts is not known: its sessions could not be asked"]
    if parts:
        sentences.append("; ".join(parts))
    if found.killed_at_reload is not None and found.killed_at_reload <= 10:
        sentences.append(
            f"`{_MAX_RELOADS}` kills it at the "
            + (
                "next reload"
                if found.killed_at_reload == 1
                else f"{found.killed_at_reload}th reload from now"
            )
        )
    return replace(found, text=". ".join(s[:1].upper() + s[1:] if i else s for i, s in enumerate(sentences)))


def _when(stop: HardStop | None, why_none: str) -> str:
    if stop is None:
        return f"nothing ends it: {why_none}"
    value = f"hard-stop-after {spell(stop.after_s)}"
    if stop.due_s < 0:
        return f"overdue: {value} ran out {format_age(-stop.due_s)} ago ({stop.basis})"
    latest = " at the latest" if stop.at_latest else ""
    assumed = f"; {stop.basis}" if stop.assumed else ""
    return f"in {format_age(stop.due_s)}{latest} ({value}{assumed})"


def _whom(found: Forecast) -> Iterator[str]:
    stops = found.hard_stop is not None
    if found.cut:
        what = _sessions(found.cut)
        yield f"it cuts {what} that no timeout ends before" if stops else f"{what} may stay for ever"
    if found.silent:
        end = f" within {format_age(found.last_timeout_s)}" if found.last_timeout_s is not None else ""
        verb = f"end{'s' if found.silent == 1 else ''}{' before' if stops else ''}"
        moved = f" (on {format_count(found.active)} something has in the last minute)" if found.active else ""
        yield f"{_sessions(found.silent)} {verb} by timeout{end} if nothing moves on them{moved}"
    if found.requests:
        yield (
            f"{format_count(found.requests)} in flight should be done by then"
            if stops
            else (f"{format_count(found.requests)} in flight end by themselves")
        )
    if found.idle_connections and stops:
        yield f"{format_count(found.idle_connections)} idle connections are closed with it"


def _sessions(count: int) -> str:
    return f"{format_count(count)} session{'' if count == 1 else 's'}"
