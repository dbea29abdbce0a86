"""The sentences about a drain that all forms share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.drains import SessionState
from hitless.report.wording import plural
from hitless.units import format_age, format_count, format_duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.drains import ClosePlan, CloseResult, DrainView, Generation, SessionGroup, SessionSeen

__all__ = [
    "close_command",
    "describe_group",
    "describe_plan",
    "describe_result",
    "describe_session",
    "headline",
    "holds",
    "life",
    "one_line",
    "rate",
    "serving",
    "summary",
]

_STATES = {
    SessionState.REQUEST: "request coming in",
    SessionState.TARPIT: "tarpit",
    SessionState.QUEUE: "queued",
    SessionState.CONNECT: "connecting to a server",
    SessionState.RESPONSE: "awaiting the response",
    SessionState.TRANSFER: "body moving",
    SessionState.TUNNEL: "tunnel",
    SessionState.CLOSING: "closing",
}


def headline(view: DrainView) -> tuple[str, str]:
    """Return the answer in capitals, and what to know beside it."""
    old = view.old
    if not old:
        return "NO OLD GENERATION", ""
    known = [g.sessions for g in old if g.sessions is not None]
    connections = [_clients(g) for g in old]
    parts = []
    if known:
        parts.append(plural(sum(known), "session"))
    if any(connections):
        parts.append(plural(sum(connections), "connection"))
    return f"{len(old)} OLD GENERATION{'S' if len(old) > 1 else ''}", ", ".join(parts)


def _clients(generation: Generation) -> int:
    """Return its connections of clients, as HAProxy counts them, else as the kernel does."""
    if generation.connections is not None:
        return generation.connections
    return sum(listener.count for listener in generation.listeners)


def summary(view: DrainView) -> str:
    """Return the view as one line, for a log: it changes when what it tells of changes."""
    word, beside = headline(view)
    pids = ", ".join(
        f"{g.pid}: {_count(g.sessions)} session{'' if g.sessions == 1 else 's'}" for g in view.old[:20]
    )
    more = f" and {len(view.old) - 20} more" if len(view.old) > 20 else ""
    serves = ", ".join(str(g.pid) for g in view.generations if g.current)
    return " · ".join(
        part
        for part in (
            word.lower(),
            beside,
            f"({pids}{more})" if pids else "",
            f"{serves} serves" if serves else "",
        )
        if part
    )


def _count(number: int | None) -> str:
    return "?" if number is None else format_count(number)


def serving(view: DrainView) -> str:
    """Return who serves."""
    parts = [
        f"process {g.pid} serves since {format_age(g.age_s)}"
        + (f", {plural(g.connections, 'connection')}" if g.connections is not None else "")
        for g in view.generations
        if g.current
    ]
    parts += [
        f"process {g.pid} initialises since {format_age(g.age_s)}"
        for g in view.generations
        if g.number is None
    ]
    return " · ".join(parts) or "no process serves"


def life(generation: Generation) -> str:
    """Return how old a generation is."""
    parts = []
    if generation.draining_s is not None:
        least = "" if generation.draining_exact else "at least "
        parts.append(f"replaced {least}{format_age(generation.draining_s)} ago")
    parts.append(f"{format_age(generation.age_s)} old")
    if generation.version:
        parts.append(f"haproxy {generation.version}")
    if generation.reloads:
        parts.append(f"{plural(generation.reloads, 'reload')} since")
    return " · ".join(parts)


def holds(generation: Generation) -> str:
    """Return what a generation costs."""
    parts = []
    if generation.sessions is not None:
        parts.append(plural(generation.sessions, "session"))
    if generation.connections is not None:
        parts.append(plural(generation.connections, "client connection"))
    elif generation.tcp_connections is not None:
        parts.append(plural(generation.tcp_connections, "TCP connection"))
    if generation.descriptors is not None:
        limit = f" of {format_count(generation.descriptor_limit)}" if generation.descriptor_limit else ""
        parts.append(f"{format_count(generation.descriptors)}{limit} descriptors")
    parts.append(f"{format_count(round(generation.memory_bytes / 2**20))} MiB")
    if generation.cpu_share is not None:
        parts.append(f"{100 * generation.cpu_share:.0f} % of a processor")
    return " · ".join(parts)


def describe_group(group: SessionGroup) -> tuple[str, str]:
    """Return how many, and which they are."""
    backend = f"/{group.backend}" if group.backend and group.backend != group.frontend else ""
    parts = [f"{group.kind or _STATES[group.state]} of {group.frontend}{backend}"]
    if group.oldest_s is not None and group.youngest_s is not None:
        parts.append(f"{_span(group.youngest_s, group.oldest_s)} old")
    if group.idle_longest_s is not None and group.idle_shortest_s is not None:
        parts.append(f"silent for {_span(group.idle_shortest_s, group.idle_longest_s)}")
    if group.without_timeout:
        parts.append(f"{format_count(group.without_timeout)} without any timeout")
    return format_count(group.count), ", ".join(parts)


def _span(least_s: float, most_s: float) -> str:
    least, most = format_age(least_s), format_age(most_s)
    return least if least == most else f"{least} to {most}"


def describe_session(session: SessionSeen) -> str:
    """Return one session in a line."""
    where = f"{session.frontend}/{session.server or session.backend}".rstrip("/")
    parts = [f"{_STATES[session.state]} of {session.source} through {where}"]
    if session.age_s is not None:
        parts.append(f"{format_age(session.age_s)} old")
    if session.idle_s is not None:
        parts.append(f"silent for {format_age(session.idle_s)}")
    return ", ".join(parts)


def one_line(generation: Generation) -> str:
    """Return a generation in a line, where there are too many to say all."""
    why = generation.why[0].text if generation.why else ""
    return f"{life(generation)} · {holds(generation)}" + (f" · {why}" if why else "")


def close_command(view: DrainView, generation: Generation) -> str:
    """Return what closes the sessions of a generation, "" where nothing does or none is left."""
    if not generation.closable or not generation.sessions or generation.current:
        return ""
    chosen = f" --generation {generation.pid}" if len(view.old) > 1 else ""
    return f"hitless drain --close --over 5m{chosen}"


def rate(count: int, over_s: float) -> str:
    """Return how often one of them is closed."""
    if not count or not over_s:
        return "as fast as HAProxy closes them"
    return f"one every {format_duration(over_s / count)}"


def describe_plan(plan: ClosePlan) -> Iterator[tuple[str, str]]:
    """Yield what would be done, each with its label."""
    if not plan.sessions:
        yield "plan", "there is no session to close"
        return
    over = (
        f" over {format_duration(plan.over_s)}, {rate(plan.sessions, plan.over_s)}"
        if plan.over_s
        else " at once"
    )
    yield "plan", f"closes {plural(plan.sessions, 'session')}{over}, the {plan.order} first"
    yield "of", ", ".join(f"{format_count(n)} of process {pid}" for pid, n in plan.by_generation[:20])
    yield "through", ", ".join(f"{format_count(n)} {name}" for name, n in plan.by_frontend[:20])
    for step in plan.first:
        yield f"+{format_duration(step.at_s)}", f"{describe_session(step.session)} (process {step.pid})"
    if plan.sessions > len(plan.first):
        yield f"+{format_duration(plan.last_at_s)}", "the last one"


def describe_result(result: CloseResult) -> Iterator[tuple[str, str]]:
    """Yield what was done, each with its label."""
    word = "stopped" if result.interrupted else "closed"
    of = plural(result.sessions, "session")
    yield word, f"{format_count(result.closed)} of {of} closed in {format_duration(result.duration_s)}"
    others = [
        (result.gone, "had ended before"),
        (result.appeared, "appeared meanwhile"),
        (result.failed, "could not be closed"),
        (result.left, "left as they are"),
    ]
    said = ", ".join(f"{format_count(number)} {what}" for number, what in others if number)
    if said:
        yield "", said
    if result.closed > 1 and result.over_s:
        full = result.per_slice[:-1] or result.per_slice
        late = f"{format_duration(result.late_median_s)} late (median), {format_duration(result.late_worst_s)} at worst"
        yield "rate", f"{min(full)} to {max(full)} in {format_duration(result.slice_s)}, {late}"
    if result.ended:
        yield "ended", "process " + ", ".join(map(str, result.ended[:20]))
    for problem in result.problems:
        yield "problem", problem
